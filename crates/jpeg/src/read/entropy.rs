//! The coded data behind a scan header: cut into restart intervals and freed of stuffing
//! (T.81 B.1.1.5, E.2.4), so that readers need not know of markers.

use super::bits::PADDING;
use crate::error::{Damage, JpegError};
use crate::marker::{Markers, RST0};

pub(crate) struct Entropy<'a> {
    data: &'a [u8],
    /// Where the current interval starts in the file.
    start: usize,
    /// Where the marker after it starts.
    end: usize,
    /// The interval's bytes, unstuffed, and padding.
    interval: Vec<u8>,
}

impl<'a> Entropy<'a> {
    pub(crate) fn new(data: &'a [u8], at: usize) -> Self {
        Self {
            data,
            start: at,
            end: at,
            interval: Vec::new(),
        }
    }

    /// Loads the interval that starts here.
    pub(crate) fn load(&mut self) -> Result<(), JpegError> {
        self.start = self.end;
        self.interval.clear();
        let mut rest = self.data.get(self.start..).unwrap_or(&[]);
        loop {
            let plain = rest.iter().position(|&b| b == 0xFF).unwrap_or(rest.len());
            let (run, after) = rest.split_at(plain);
            self.interval.extend_from_slice(run);
            match after {
                [0xFF, 0, next @ ..] => {
                    self.interval.push(0xFF);
                    rest = next;
                }
                [0xFF, _, ..] => {
                    self.end = self.data.len() - after.len();
                    self.interval.extend_from_slice(&[0; PADDING]);
                    return Ok(());
                }
                _ => return Err(JpegError::damaged(Damage::CutShort, self.data.len())),
            }
        }
    }

    /// The loaded interval's data and padding.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.interval
    }

    /// Passes the restart marker that must stand here; `number` counts intervals from 0.
    pub(crate) fn pass_restart(&mut self, number: usize) -> Result<(), JpegError> {
        let mut markers = Markers {
            data: self.data,
            at: self.end,
        };
        let code = markers.code()?;
        if code != RST0 + (number % 8) as u8 {
            return Err(JpegError::damaged(Damage::RestartMarker, self.end));
        }
        self.end = markers.at;
        Ok(())
    }

    /// Offset of the marker after the loaded interval.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The error for something wrong at a position of the loaded interval, told as an offset
    /// in the file.
    pub(crate) fn damaged(&self, what: Damage, position: usize) -> JpegError {
        let raw = self.data.get(self.start..self.end).unwrap_or(&[]);
        let offset = stuffed_offset(raw, position);
        JpegError::damaged(what, self.start + offset)
    }
}

/// Offset in stuffed data of a byte counted without stuffing.
fn stuffed_offset(raw: &[u8], position: usize) -> usize {
    let (mut at, mut left) = (0, position);
    while left > 0 && at < raw.len() {
        at += if raw.get(at..at + 2) == Some(&[0xFF, 0]) {
            2
        } else {
            1
        };
        left -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_goes_and_fill_bytes_stay_outside() {
        let data = [1, 0xFF, 0, 2, 0xFF, 0xFF, 0xD0, 3, 0xFF, 0xD9];
        let mut entropy = Entropy::new(&data, 0);
        entropy.load().unwrap();
        assert_eq!(entropy.interval, [1, 0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
        entropy.pass_restart(8).unwrap();
        entropy.load().unwrap();
        assert_eq!((entropy.start, entropy.end()), (7, 8));
    }

    #[test]
    fn the_wrong_restart_marker_is_damage() {
        let mut entropy = Entropy::new(&[1, 0xFF, 0xD1, 0xFF, 0xD9], 0);
        entropy.load().unwrap();
        let error = JpegError::damaged(Damage::RestartMarker, 1);
        assert_eq!(entropy.pass_restart(0), Err(error));
    }

    #[test]
    fn data_without_a_marker_behind_it_is_cut() {
        for data in [&[1, 2][..], &[1, 0xFF], &[]] {
            let error = Entropy::new(data, 0).load().unwrap_err();
            assert_eq!(error, JpegError::damaged(Damage::CutShort, data.len()));
        }
    }

    #[test]
    fn offsets_of_damage_count_the_stuffing() {
        assert_eq!(stuffed_offset(&[1, 0xFF, 0, 2, 3], 2), 3);
        assert_eq!(stuffed_offset(&[1, 0xFF, 0, 2, 3], 99), 5);
    }
}
