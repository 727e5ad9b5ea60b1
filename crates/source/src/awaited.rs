//! Which frames should have come out of the decoder and did not, told by the times of packets.
//!
//! Only in a file that shows damage: a packet without a frame is nothing unusual in some codecs.

use std::collections::BTreeSet;

/// Times of packets that went into the decoder, until their frames come out.
#[derive(Default)]
pub(crate) struct Awaited {
    times: BTreeSet<i64>,
    /// Times of packets of which the container says that a part is missing.
    incomplete: BTreeSet<i64>,
    /// Errors that the decoder gave so far.
    errors: u64,
    /// Frames that were told to be missing.
    missing: u64,
    /// Packets without a frame while there was no error: this codec has packets that show
    /// nothing, so that only as many frames are held to be missing as there were errors.
    silent: bool,
    begun: bool,
}

impl Awaited {
    /// A packet goes into the decoder. One without a time cannot be waited for.
    pub(crate) fn sent(&mut self, time: Option<i64>, complete: bool) {
        if let Some(time) = time {
            self.times.insert(time);
            if !complete {
                self.incomplete.insert(time);
                self.errors += 1;
            }
        }
    }

    /// The decoder gave an error.
    pub(crate) fn failed(&mut self) {
        self.errors += 1;
    }

    /// The next frame that is missing before the frame of this time, which has come out; before
    /// the end for `None`. To be asked until there is none.
    pub(crate) fn missing_before(&mut self, time: Option<i64>) -> Option<i64> {
        loop {
            let first = *self.times.first()?;
            if time.is_some_and(|t| first >= t) {
                return None;
            }
            self.times.remove(&first);
            if self.errors > 0 && (!self.silent || self.missing < self.errors) {
                self.missing += 1;
                return Some(first);
            }
            // What comes before the first frame is left out by cuts at key frames and edit lists.
            self.silent |= self.begun && self.errors == 0;
        }
    }

    /// A frame came out. Whether its packet was incomplete.
    pub(crate) fn came(&mut self, time: i64) -> bool {
        self.begun = true;
        self.times.remove(&time);
        self.incomplete.remove(&time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(times: &[i64]) -> Awaited {
        let mut awaited = Awaited::default();
        times.iter().for_each(|t| awaited.sent(Some(*t), true));
        awaited
    }

    fn all_before(awaited: &mut Awaited, time: Option<i64>) -> Vec<i64> {
        std::iter::from_fn(|| awaited.missing_before(time)).collect()
    }

    #[test]
    fn nothing_is_missing_in_a_file_without_damage() {
        let mut a = sent(&[0, 3, 1, 2]);
        for t in 0..4 {
            assert_eq!(all_before(&mut a, Some(t)), []);
            assert!(!a.came(t));
        }
        assert_eq!(all_before(&mut a, None), []);
        let mut silent = sent(&[0, 1, 2]);
        assert_eq!(all_before(&mut silent, Some(2)), []);
    }

    #[test]
    fn after_an_error_every_packet_without_a_frame_is_missing_in_the_order_of_times() {
        let mut a = sent(&[0, 6, 2, 4, 8]);
        a.came(0);
        a.failed();
        assert_eq!(all_before(&mut a, Some(6)), [2, 4]);
        a.came(6);
        assert_eq!(all_before(&mut a, None), [8]);
    }

    #[test]
    fn frames_before_the_first_that_decodes_are_missing_too() {
        let mut a = sent(&[0, 1, 2]);
        a.failed();
        assert_eq!(all_before(&mut a, Some(2)), [0, 1]);
    }

    #[test]
    fn a_codec_with_packets_that_show_nothing_has_as_many_missing_as_errors() {
        let mut a = sent(&[0, 1, 2]);
        a.came(0);
        assert_eq!(all_before(&mut a, Some(2)), []);
        a.came(2);
        [3, 4, 5, 6].iter().for_each(|t| a.sent(Some(*t), true));
        a.failed();
        assert_eq!(all_before(&mut a, Some(6)), [3]);
    }

    #[test]
    fn a_frame_of_an_incomplete_packet_is_known() {
        let mut a = Awaited::default();
        a.sent(Some(5), false);
        a.sent(None, true);
        assert!(a.came(5));
        assert!(!a.came(5));
    }
}
