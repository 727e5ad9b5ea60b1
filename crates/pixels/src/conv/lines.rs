//! Numbers that begin on a cache line.
//!
//! A 64-byte load that crosses a cache line costs two; the kernels accept any address and
//! are fast on these. They hold what was computed from a picture, and rows of pictures too:
//! they are wiped when they go, and never print what they hold.
use std::fmt;
use std::ops::{Deref, DerefMut};
use zeroize::{DefaultIsZeroes, Zeroize};

/// Bytes of a cache line.
const LINE: usize = 64;

/// A buffer of numbers (floats where nothing else is said) whose first one is aligned to 64
/// bytes.
///
/// Growing keeps no content worth reading; shrinking keeps the memory, so that a buffer that
/// has seen its largest size allocates no more.
#[derive(Default)]
pub struct Lines<T: Number = f32> {
    store: Vec<T>,
    start: usize,
    len: usize,
}

/// What [`Lines`] holds: plain numbers, zero by default.
pub trait Number: DefaultIsZeroes {}

impl Number for f32 {}
impl Number for u8 {}
impl Number for u16 {}
impl Number for i8 {}

impl<T: Number> Lines<T> {
    /// A buffer of `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let mut lines = Self::default();
        lines.set_len(len);
        lines
    }

    /// A copy of `values`.
    pub fn copied(values: &[T]) -> Self {
        let mut lines = Self::zeroed(values.len());
        lines.copy_from_slice(values);
        lines
    }

    /// Makes the buffer `len` numbers long. What they are afterwards is not specified.
    pub fn set_len(&mut self, len: usize) {
        const { assert!(LINE.is_multiple_of(size_of::<T>())) };
        let spare = LINE / size_of::<T>();
        if self.store.len() < len + spare {
            self.store.as_mut_slice().zeroize();
            self.store = vec![T::default(); len + spare];
            // `align_offset` may by contract give up with usize::MAX: then unaligned it is.
            self.start = match self.store.as_ptr().align_offset(LINE) {
                offset if offset < spare => offset,
                _ => 0,
            };
        }
        self.len = len;
    }

    /// Bytes held, used or not.
    pub fn footprint(&self) -> usize {
        self.store.capacity() * size_of::<T>()
    }
}

impl<T: Number> Drop for Lines<T> {
    fn drop(&mut self) {
        self.store.as_mut_slice().zeroize();
    }
}

impl<T: Number> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({} numbers)", self.len)
    }
}

impl<T: Number> Deref for Lines<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.store[self.start..self.start + self.len]
    }
}

impl<T: Number> DerefMut for Lines<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.store[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_on_a_cache_line_whatever_their_length() {
        let mut lines = Lines::<f32>::default();
        for len in [0, 1, 15, 16, 17, 1000, 3] {
            lines.set_len(len);
            assert_eq!(lines.len(), len);
            assert_eq!(lines.as_ptr().addr() % 64, 0, "length {len}");
            assert_eq!(Lines::<u8>::zeroed(len).as_ptr().addr() % 64, 0, "{len}");
        }
    }

    #[test]
    fn lines_do_not_print_what_they_hold() {
        let printed = format!("{:?}", Lines::copied(&[77.0f32; 3]));
        assert_eq!(printed, "Lines(3 numbers)");
    }

    #[test]
    fn shrinking_and_growing_back_keeps_the_memory() {
        let mut lines = Lines::<f32>::zeroed(1000);
        let (address, footprint) = (lines.as_ptr(), lines.footprint());
        lines.set_len(10);
        lines.set_len(1000);
        assert_eq!((lines.as_ptr(), lines.footprint()), (address, footprint));
    }
}
