//! The memory of a run, kept from picture to picture.
//!
//! It grows to the largest picture seen and then allocates no more. Nothing in it outlives a
//! run in meaning: a run overwrites all that it reads. This module knows sizes, no layers.
use super::chain::Stages;
use super::source::SourceRows;
use crate::third_stage::ThirdScratch;
use scrim_pixels::conv::{Lines, Number, Span};

/// A stored map, or a band of its rows: pixels of `channels` numbers.
#[derive(Debug, Default)]
pub(super) struct Map<T: Number = u8> {
    data: Lines<T>,
    width: usize,
    rows: Span,
    channels: usize,
}

impl<T: Number> Map<T> {
    /// Makes room for those rows of the map and no others.
    pub(super) fn set_size(&mut self, width: usize, rows: Span, channels: usize) {
        (self.width, self.rows, self.channels) = (width, rows, channels);
        self.data.set_len(width * rows.range().len() * channels);
    }

    pub(super) const fn channels(&self) -> usize {
        self.channels
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// The rows that are stored.
    pub(super) const fn rows(&self) -> Span {
        self.rows
    }

    pub(super) fn row(&self, y: usize) -> &[T] {
        let len = self.width * self.channels;
        &self.data[(y - self.rows.start) * len..][..len]
    }

    pub(super) fn data(&self) -> &[T] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }
}

/// What one thread works with.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) source: SourceRows,
    pub(super) stages: Stages,
}

/// The maps that more than one chain reads, by the stride of their pixels.
#[derive(Debug, Default)]
pub(super) struct Maps {
    /// Backbone at strides 8 (before and behind stage 2) and 16.
    pub(super) pooled8: Map,
    pub(super) stage8: Map,
    pub(super) stage16: Map,
    /// Neck at strides 16 and 32.
    pub(super) neck16: Map,
    pub(super) neck32: Map,
    /// Raw outputs, strides 8, 16, 32.
    pub(super) raw: [Map<f32>; 3],
}

/// The memory of [`Network::run`](super::Network::run): one for each place that calls it, for
/// any number of pictures of any sizes.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) maps: Maps,
    pub(super) lanes: Vec<Lane>,
    /// What the third stage works with.
    pub(crate) third: ThirdScratch,
}

impl Workspace {
    /// An empty workspace; the first run fills it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes held. The same after a second run of the same or a smaller picture.
    pub fn footprint(&self) -> usize {
        let Maps {
            pooled8,
            stage8,
            stage16,
            neck16,
            neck32,
            raw,
        } = &self.maps;
        let maps = [pooled8, stage8, stage16, neck16, neck32];
        let maps = maps.into_iter().map(|map| map.data.footprint());
        let raw = raw.iter().map(|map| map.data.footprint());
        let lanes = self
            .lanes
            .iter()
            .map(|lane| lane.source.footprint() + lane.stages.footprint());
        maps.chain(raw).chain(lanes).sum::<usize>() + self.third.footprint()
    }
}
