//! Floats that begin on a cache line.
//!
//! A 64-byte load that crosses a cache line costs two; the kernels accept any address and
//! are fast on these. They hold what was computed from a picture, and rows of pictures too:
//! they are wiped when they go, and never print what they hold.
use std::fmt;
use std::ops::{Deref, DerefMut};
use zeroize::Zeroize;

/// Floats in a cache line of 64 bytes.
const LINE: usize = 16;

/// A buffer of floats whose first one is aligned to 64 bytes.
///
/// Growing keeps no content worth reading; shrinking keeps the memory, so that a buffer that
/// has seen its largest size allocates no more.
#[derive(Default)]
pub struct Lines {
    store: Vec<f32>,
    start: usize,
    len: usize,
}

impl Lines {
    /// A buffer of `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let mut lines = Self::default();
        lines.set_len(len);
        lines
    }

    /// A copy of `values`.
    pub fn copied(values: &[f32]) -> Self {
        let mut lines = Self::zeroed(values.len());
        lines.copy_from_slice(values);
        lines
    }

    /// Makes the buffer `len` floats long. What they hold afterwards is not specified.
    pub fn set_len(&mut self, len: usize) {
        if self.store.len() < len + LINE {
            self.store.zeroize();
            self.store = vec![0.0; len + LINE];
            // `align_offset` may by contract give up with usize::MAX: then unaligned it is.
            self.start = match self.store.as_ptr().align_offset(LINE * size_of::<f32>()) {
                offset if offset < LINE => offset,
                _ => 0,
            };
        }
        self.len = len;
    }

    /// Bytes held, used or not.
    pub fn footprint(&self) -> usize {
        self.store.capacity() * size_of::<f32>()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.store.zeroize();
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({} floats)", self.len)
    }
}

impl Deref for Lines {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.store[self.start..self.start + self.len]
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.store[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_on_a_cache_line_whatever_their_length() {
        let mut lines = Lines::default();
        for len in [0, 1, 15, 16, 17, 1000, 3] {
            lines.set_len(len);
            assert_eq!(lines.len(), len);
            assert_eq!(lines.as_ptr().addr() % 64, 0, "length {len}");
        }
    }

    #[test]
    fn lines_do_not_print_what_they_hold() {
        let printed = format!("{:?}", Lines::copied(&[77.0; 3]));
        assert_eq!(printed, "Lines(3 floats)");
    }

    #[test]
    fn shrinking_and_growing_back_keeps_the_memory() {
        let mut lines = Lines::zeroed(1000);
        let (address, footprint) = (lines.as_ptr(), lines.footprint());
        lines.set_len(10);
        lines.set_len(1000);
        assert_eq!((lines.as_ptr(), lines.footprint()), (address, footprint));
    }
}
