//! Palettes made from redacted pixels.

use std::collections::HashMap;

/// Most entries that any format knows.
pub(super) const MOST: usize = 256;

/// Red, green, blue, alpha.
pub(super) type Colour = [u8; 4];

/// Colours in the order in which they first appear, and their indices.
#[derive(Default)]
pub(super) struct Palette {
    pub(super) colours: Vec<Colour>,
    known: HashMap<Colour, u8>,
}

impl Palette {
    /// The index of a colour; `None` when it is new and the palette is full.
    pub(super) fn index(&mut self, colour: Colour) -> Option<u8> {
        if let Some(known) = self.known.get(&colour) {
            return Some(*known);
        }
        let index = u8::try_from(self.colours.len()).ok()?;
        self.colours.push(colour);
        self.known.insert(colour, index);
        Some(index)
    }

    /// The palette of 8-bit pixels and an index each; `None` for more colours than one holds.
    pub(super) fn of(pixels: &[u8], step: usize) -> Option<(Self, Vec<u8>)> {
        let mut palette = Self::default();
        let mut indices = Vec::with_capacity(pixels.len() / step);
        let mut last = (None, 0);
        for p in pixels.chunks_exact(step) {
            let colour = [p[0], p[1], p[2], p.get(3).copied().unwrap_or(255)];
            if last.0 != Some(colour) {
                last = (Some(colour), palette.index(colour)?);
            }
            indices.push(last.1);
        }
        Some((palette, indices))
    }

    /// Red, green, blue of all entries.
    pub(super) fn rgb(&self) -> Vec<u8> {
        let rgb = |c: &Colour| [c[0], c[1], c[2]];
        self.colours.iter().flat_map(rgb).collect()
    }

    /// At most `most` colours out of counted ones, most frequent first; the others find their
    /// nearest by [`Palette::nearest`].
    pub(super) fn frequent(counts: &HashMap<Colour, u64>, most: usize) -> Self {
        let mut all: Vec<(&Colour, &u64)> = counts.iter().collect();
        all.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let mut palette = Self::default();
        for (colour, _) in all.into_iter().take(most.min(MOST)) {
            // Fewer than 256 are taken, each once.
            let _ = palette.index(*colour);
        }
        palette
    }

    /// The index of the nearest entry, by squared distance.
    pub(super) fn nearest(&self, colour: Colour) -> u8 {
        if let Some(known) = self.known.get(&colour) {
            return *known;
        }
        let distance = |c: &Colour| -> u32 {
            let squares = c
                .iter()
                .zip(colour)
                .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2));
            squares.sum()
        };
        let all = self.colours.iter().enumerate();
        all.min_by_key(|(_, c)| distance(c))
            .map_or(0, |(i, _)| i as u8)
    }
}
