//! The memory of a run, kept from picture to picture.
//!
//! It grows to the largest picture seen and then allocates no more. Nothing in it outlives a
//! run in meaning: a run overwrites all that it reads. This module knows sizes, no layers.
use super::chain::Stages;
use super::source::SourceRows;
use scrim_pixels::conv::Lines;

/// A stored map: rows of pixels of `channels` floats.
#[derive(Debug, Default)]
pub(super) struct Map {
    data: Lines,
    width: usize,
    height: usize,
    channels: usize,
}

impl Map {
    pub(super) fn set_size(&mut self, width: usize, height: usize, channels: usize) {
        (self.width, self.height, self.channels) = (width, height, channels);
        self.data.set_len(width * height * channels);
    }

    pub(super) const fn channels(&self) -> usize {
        self.channels
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn height(&self) -> usize {
        self.height
    }

    pub(super) fn row(&self, y: usize) -> &[f32] {
        let len = self.width * self.channels;
        &self.data[y * len..][..len]
    }

    pub(super) fn data(&self) -> &[f32] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [f32] {
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
    pub(super) raw: [Map; 3],
}

/// The memory of [`Network::run`](super::Network::run): one for each place that calls it, for
/// any number of pictures of any sizes.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) maps: Maps,
    pub(super) lanes: Vec<Lane>,
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
        let maps = [pooled8, stage8, stage16, neck16, neck32]
            .into_iter()
            .chain(raw);
        let lanes = self
            .lanes
            .iter()
            .map(|lane| lane.source.footprint() + lane.stages.footprint());
        maps.map(|map| map.data.footprint()).chain(lanes).sum()
    }
}
