//! Options for FFmpeg, with those left over that nobody took.

use crate::error::{AvError, check};
use crate::sys;
use std::ffi::{CStr, CString};
use std::ptr;

/// An `AVDictionary`, freed on drop.
pub struct Dict(*mut sys::AVDictionary);

impl Dict {
    /// From pairs of names and values.
    ///
    /// # Errors
    /// [`AvError`] when memory is short or a string holds a zero byte.
    pub fn new(pairs: &[(&str, &str)]) -> Result<Self, AvError> {
        let mut dict = Self(ptr::null_mut());
        for (key, value) in pairs {
            dict.set(key, value)?;
        }
        Ok(dict)
    }

    /// Set one option.
    ///
    /// # Errors
    /// As [`Dict::new`].
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), AvError> {
        let invalid = |_| AvError::new("av_dict_set", sys::AVERROR(sys::EINVAL));
        let key = CString::new(key).map_err(invalid)?;
        let value = CString::new(value).map_err(invalid)?;
        // SAFETY: both strings end with 0 and are copied; the pointer is ours.
        let code = unsafe { sys::av_dict_set(&mut self.0, key.as_ptr(), value.as_ptr(), 0) };
        check("av_dict_set", code).map(drop)
    }

    /// For a C function that takes what it knows out of the dictionary.
    pub fn as_mut_ptr(&mut self) -> *mut *mut sys::AVDictionary {
        &mut self.0
    }

    /// Names that no one took: a mistyped option must not be dropped in silence.
    #[must_use]
    pub fn left_over(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut entry = ptr::null_mut();
        loop {
            // SAFETY: the dictionary and the previous entry are valid; an empty key with the
            // suffix flag visits every entry.
            entry = unsafe {
                sys::av_dict_get(self.0, c"".as_ptr(), entry, sys::AV_DICT_IGNORE_SUFFIX)
            };
            if entry.is_null() {
                return names;
            }
            // SAFETY: keys of a dictionary are strings that end with 0.
            names.push(
                unsafe { CStr::from_ptr((*entry).key) }
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        // SAFETY: the pointer is ours and may be null.
        unsafe { sys::av_dict_free(&mut self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_nobody_took_are_named() {
        let dict = Dict::new(&[("crff", "20"), ("preset", "fast")]).unwrap();
        assert_eq!(dict.left_over(), ["crff", "preset"]);
        assert!(Dict::new(&[("a\0b", "c")]).is_err());
    }
}
