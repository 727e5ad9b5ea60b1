//! Bytes written once, in order, and read in it as often as needed. What memory is not meant to
//! hold goes to a file without a name, which ends with the process however that ends.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes from which on they go to the file. A short clip stays below.
const MOST: usize = 1 << 18;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;

/// What was found cannot be kept until it is needed.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep in {folder} what was found until the second pass ({cause})", folder = .folder.display())]
pub struct KeepError {
    folder: PathBuf,
    cause: io::Error,
}

/// What was written. Only a reader that asks for the same things in the same order gets them
/// back.
pub(super) struct Tape {
    /// Where the file is made, once there is one.
    folder: PathBuf,
    file: Option<File>,
    /// Bytes in the file.
    filed: u64,
    /// The bytes after those.
    rest: Vec<u8>,
}

impl Tape {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: None,
            filed: 0,
            rest: Vec::new(),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), KeepError> {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() < MOST {
            return Ok(());
        }
        self.file_rest().map_err(|cause| self.error(cause))
    }

    fn file_rest(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile_in(&self.folder)?,
        };
        self.file.insert(file).write_all(&self.rest)?;
        self.filed += self.rest.len() as u64;
        self.rest.clear();
        Ok(())
    }

    /// A number that is mostly small, in seven bits a byte, its sign lowest.
    pub(super) fn number(&mut self, number: i64) -> Result<(), KeepError> {
        let mut rest = (number << 1 ^ number >> 63) as u64;
        while rest > 0x7F {
            self.bytes(&[rest as u8 | 0x80])?;
            rest >>= 7;
        }
        self.bytes(&[rest as u8])
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            tape: self,
            at: 0,
            block: Vec::new(),
            next: 0,
        }
    }

    fn error(&self, cause: io::Error) -> KeepError {
        KeepError {
            folder: self.folder.clone(),
            cause,
        }
    }

    /// The bytes from `at` on, some of them; none at the end.
    fn block(&self, at: u64, block: &mut Vec<u8>) -> Result<(), KeepError> {
        block.clear();
        match &self.file {
            Some(file) if at < self.filed => {
                block.resize((self.filed - at).min(BLOCK as u64) as usize, 0);
                let read = file.read_exact_at(block, at);
                read.map_err(|cause| self.error(cause))
            }
            _ => {
                let rest = self.rest.iter().skip((at - self.filed) as usize);
                block.extend(rest.take(BLOCK));
                Ok(())
            }
        }
    }

    /// Bytes written.
    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.filed + self.rest.len() as u64
    }
}

pub(super) struct Reader<'a> {
    tape: &'a Tape,
    /// Where the block ends.
    at: u64,
    block: Vec<u8>,
    /// The next byte of the block.
    next: usize,
}

impl Reader<'_> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], KeepError> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, KeepError> {
        if self.next == self.block.len() {
            self.tape.block(self.at, &mut self.block)?;
            self.at += self.block.len() as u64;
            self.next = 0;
        }
        let byte = self.block.get(self.next).copied();
        self.next += 1;
        byte.ok_or_else(|| self.tape.error(io::ErrorKind::UnexpectedEof.into()))
    }

    pub(super) fn number(&mut self) -> Result<i64, KeepError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tape() -> Tape {
        Tape::new(&std::env::temp_dir())
    }

    proptest! {
        #[test]
        fn numbers_come_back_however_large(numbers in prop::collection::vec(any::<i64>(), 0..50)) {
            let mut tape = tape();
            numbers.iter().for_each(|&n| tape.number(n).unwrap());
            let mut reader = tape.reader();
            for n in numbers {
                prop_assert_eq!(reader.number().unwrap(), n);
            }
            prop_assert!(reader.number().is_err());
        }
    }

    #[test]
    fn a_long_tape_is_mostly_in_its_file_and_comes_back_whole_to_every_reader() {
        let mut tape = tape();
        let value = |n: i64| n * n % 9973 - 40;
        for n in 0..2_000_000 {
            tape.number(value(n)).unwrap();
            assert!(tape.rest.capacity() <= 2 * MOST);
        }
        assert!(tape.filed >= 3 * MOST as u64 && !tape.rest.is_empty());
        let (mut one, mut other) = (tape.reader(), tape.reader());
        for n in 0..2_000_000 {
            assert_eq!(one.number().unwrap(), value(n));
            if n % 3 == 0 {
                assert_eq!(other.number().unwrap(), value(n / 3));
            }
        }
        assert!(one.number().is_err());
    }

    #[test]
    fn a_short_tape_needs_no_folder_and_a_long_one_says_which_it_needs() {
        let mut tape = Tape::new(Path::new("/nowhere/at all"));
        tape.bytes(&vec![7; MOST - 1]).unwrap();
        let error = tape.bytes(&[7]).unwrap_err().to_string();
        assert!(error.contains("/nowhere/at all"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }

    #[test]
    fn a_full_disk_is_told() {
        let mut tape = tape();
        tape.file = Some(File::options().write(true).open("/dev/full").unwrap());
        let error = tape.bytes(&vec![7; MOST]).unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
    }

    #[test]
    fn a_file_that_lost_its_end_is_told() {
        let mut tape = tape();
        tape.bytes(&vec![7; MOST]).unwrap();
        tape.file.as_ref().unwrap().set_len(9).unwrap();
        assert!(tape.reader().number().is_err());
    }

    #[test]
    fn the_file_of_a_tape_has_no_name() {
        let folder = std::env::temp_dir().join(format!("scrim-tape-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut tape = Tape::new(&folder);
        tape.bytes(&vec![7; MOST]).unwrap();
        assert!(tape.file.is_some());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        std::fs::remove_dir(folder).unwrap();
    }
}
