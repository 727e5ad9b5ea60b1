//! Planes whose rows are handed out without stride or padding.

/// The bytes of one plane: rows of equal length, no padding.
pub struct PlaneRef<'a> {
    data: &'a [u8],
    row: usize,
}

impl<'a> PlaneRef<'a> {
    /// `data` holds whole rows of `row` bytes.
    ///
    /// # Panics
    /// When it does not: a plane of the wrong shape is a mistake in this program.
    #[must_use]
    pub fn new(data: &'a [u8], row: usize) -> Self {
        assert!(
            row > 0 && data.len().is_multiple_of(row),
            "plane is not whole rows"
        );
        Self { data, row }
    }

    /// Bytes a row.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.row
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.data.len() / self.row
    }

    /// Row `y`.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.data[y * self.row..(y + 1) * self.row]
    }

    /// All bytes, row after row.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.data
    }
}
