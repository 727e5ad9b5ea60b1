//! What arithmetic coding takes from the values before to choose its estimates (T.81 B.2.4.3).

use crate::error::{Damage, JpegError};
use crate::marker::Segment;

/// Settings of each table; in force until sent again.
#[derive(Clone, Copy)]
pub(crate) struct Conditioning {
    /// Bounds between differences that are none, small and large, as sizes: L and U
    /// (F.1.4.4.1.2).
    dc: [(u8, u8); 4],
    /// The last coefficient whose sizes count as those of low ones: Kx (F.1.4.4.2).
    ac: [u8; 4],
}

impl Default for Conditioning {
    fn default() -> Self {
        Self {
            dc: [(0, 1); 4],
            ac: [5; 4],
        }
    }
}

impl Conditioning {
    /// Takes in a DAC segment.
    pub(crate) fn take(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        let (pairs, []) = segment.body.as_chunks::<2>() else {
            return Err(segment.damaged(Damage::SegmentLength));
        };
        for &[head, value] in pairs {
            let number = usize::from(head & 15);
            let (low, high) = (value & 15, value >> 4);
            match (head >> 4, self.dc.get_mut(number), self.ac.get_mut(number)) {
                (0, Some(dc), _) if low <= high => *dc = (low, high),
                (1, _, Some(ac)) if (1..=63).contains(&value) => *ac = value,
                (0 | 1, Some(_), _) => return Err(segment.damaged(Damage::Conditioning)),
                _ => return Err(segment.damaged(Damage::TableNumber)),
            }
        }
        Ok(())
    }

    /// Where the estimates of the next DC difference begin, after one of this size: 0 for a
    /// magnitude of 1, n for one that is larger than 2^(n-1) and not than 2^n.
    pub(crate) fn dc_context(&self, table: usize, size: usize, negative: bool) -> usize {
        let (low, high) = self.dc[table & 3];
        let bound = |n: u8| (1_u32 << n) >> 1;
        let reached = size.checked_sub(1).map_or(0, |n| 1_u32 << n.min(31));
        if reached < bound(low) {
            0
        } else {
            let large = reached > bound(high);
            4 + 8 * usize::from(large) + 4 * usize::from(negative)
        }
    }

    /// The last coefficient that counts as a low one.
    pub(crate) fn last_low(&self, table: usize) -> usize {
        usize::from(self.ac[table & 3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(body: &[u8]) -> Result<Conditioning, JpegError> {
        let mut conditioning = Conditioning::default();
        let segment = Segment {
            marker: 0xCC,
            offset: 0,
            body,
        };
        conditioning.take(&segment).map(|()| conditioning)
    }

    #[test]
    fn differences_are_none_small_or_large_by_the_bounds_that_were_sent() {
        let sent = take(&[0x01, 0x42, 0x13, 63]).unwrap();
        // L is 2 and U is 4: none up to 2, small up to 16.
        let contexts: Vec<_> = (0..7).map(|size| sent.dc_context(1, size, false)).collect();
        assert_eq!(contexts, [0, 0, 4, 4, 4, 12, 12]);
        assert_eq!(sent.dc_context(1, 3, true), 8);
        assert_eq!((sent.last_low(3), sent.last_low(0)), (63, 5));
        assert_eq!(sent.dc_context(0, 0, false), 4);
    }

    #[test]
    fn impossible_settings_are_damage() {
        let damage = |what| Some(JpegError::damaged(what, 0));
        assert_eq!(take(&[0x00, 0x12]).err(), damage(Damage::Conditioning));
        assert_eq!(take(&[0x10, 0]).err(), damage(Damage::Conditioning));
        assert_eq!(take(&[0x10, 64]).err(), damage(Damage::Conditioning));
        assert_eq!(take(&[0x04, 0x10]).err(), damage(Damage::TableNumber));
        assert_eq!(take(&[0x20, 5]).err(), damage(Damage::TableNumber));
        assert_eq!(take(&[0x00]).err(), damage(Damage::SegmentLength));
    }
}
