//! Memory of planes, used again: fresh memory for every frame of a video costs a page fault each
//! 4 kB. Knows nothing of what was in it; a raw frame wipes its planes before they come here.

use crate::FrameInfo;
use scrim_pixels::plane::PlaneRef;
use std::sync::{Arc, Mutex, PoisonError};

/// Planes that wait for the next frame: more than are ever on their way at once is not kept.
const MOST: usize = 24;

/// Planes of frames that are gone. Cheap to clone; all clones are one pool.
#[derive(Clone, Default)]
pub struct PlanePool(Arc<Mutex<Vec<Vec<u8>>>>);

impl PlanePool {
    /// An empty plane, with room for `bytes` where one of that size came back.
    #[must_use]
    pub fn take(&self, bytes: usize) -> Vec<u8> {
        let mut planes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |p: &Vec<u8>| (bytes..=2 * bytes).contains(&p.capacity());
        match planes.iter().position(fits) {
            Some(found) => planes.swap_remove(found),
            None => Vec::new(),
        }
    }

    fn give(&self, mut plane: Vec<u8>) {
        plane.clear();
        let mut planes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if planes.len() < MOST && plane.capacity() > 0 {
            planes.push(plane);
        }
    }
}

/// The planes of a frame, and where their memory goes after it.
pub(crate) struct Planes {
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) home: Option<PlanePool>,
}

impl Planes {
    /// All of them, of a picture that `info` describes, without padding.
    pub(crate) fn refs(&self, info: &FrameInfo) -> Vec<PlaneRef<'_>> {
        let planes = self.data.iter().enumerate();
        planes
            .map(|(i, p)| PlaneRef::new(p, info.layout.plane_size(i, info.size).0))
            .collect()
    }
}

impl From<Vec<Vec<u8>>> for Planes {
    fn from(data: Vec<Vec<u8>>) -> Self {
        Self { data, home: None }
    }
}

impl Drop for Planes {
    fn drop(&mut self) {
        if let Some(pool) = &self.home {
            self.data.drain(..).for_each(|plane| pool.give(plane));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Fill, FrameInfo, Layout, PlanePool, RawFrame, Reason, Regions, redact};
    use scrim_pixels::layout::Family;
    use scrim_units::Size;

    const SIZE: Size = Size {
        width: 8,
        height: 4,
    };

    fn frame(pool: &PlanePool) -> RawFrame {
        let mut plane = pool.take(32);
        plane.resize(32, 7);
        let info = FrameInfo::picture(SIZE, Layout::packed(Family::Grey, false, 8));
        RawFrame::new(0, info, vec![plane]).unwrap().pooled(pool)
    }

    fn waiting(pool: &PlanePool) -> usize {
        pool.0.lock().unwrap().len()
    }

    #[test]
    fn a_plane_comes_back_empty_once_from_a_raw_frame_and_from_what_is_made_of_it() {
        let pool = PlanePool::default();
        drop(frame(&pool));
        assert_eq!(waiting(&pool), 1);
        let raw = frame(&pool);
        assert_eq!(waiting(&pool), 0);
        let regions = Regions::blank(raw.id(), Reason::Detector);
        drop(redact(raw, &regions, Fill::Solid));
        assert_eq!(waiting(&pool), 1);
        assert!(pool.take(32).is_empty());
    }

    #[test]
    fn a_plane_of_another_size_is_not_given_out_and_no_more_are_kept_than_wait() {
        let pool = PlanePool::default();
        (0..super::MOST + 5).for_each(|_| pool.give(Vec::with_capacity(64)));
        assert_eq!(waiting(&pool), super::MOST);
        assert_eq!(pool.take(1000).capacity(), 0);
        assert_eq!(pool.take(10).capacity(), 0);
        assert!(pool.take(64).capacity() >= 64);
    }
}
