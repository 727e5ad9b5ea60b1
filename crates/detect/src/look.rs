//! The detector as the rest of the engine sees it: a prepared picture and passes in, sightings
//! in stored pixels out.

use crate::network::{
    Candidate, InputError, MOST_THREADS, NetInput, Network, NetworkError, Workspace,
};
use crate::nms;
use crate::preprocess::Prepared;
use crate::second_stage::{Cascade, Memory, SUSPECTED};
use crate::share::shared;
use scrim_pixels::level::Level;
use scrim_raw::ModelId;
use scrim_units::{Class, Pass, PxBox, PxRect, Sighting, Size};

/// Why a look failed. The frame is blanked.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// The network gave no usable result.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The picture cannot be given to the network.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It did not answer in time.
    #[error("the detector did not answer within {0:?}")]
    Late(std::time::Duration),
    /// It panicked.
    #[error("the detector failed: {0}")]
    Panicked(String),
    /// Its answer makes no sense.
    #[error("the detector's answer makes no sense: {0}")]
    Absurd(String),
}

/// What a look comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing that this picture would go on from: it is the first, another's, or behind a cut.
    Nothing,
    /// The detector's last look, shortly before, at the same scene.
    LastLook,
}

/// Finds faces and plates. A trait, so that tests put a scripted one in its place.
pub trait Detector: Send {
    /// Everything found with at least the floor scores, each thing once. What was said of a place in
    /// looks before may count where this one goes on from them.
    ///
    /// # Errors
    /// [`DetectError`]; the caller blanks the frame.
    fn look(
        &mut self,
        picture: &Prepared,
        passes: &[Pass],
        after: After,
    ) -> Result<Vec<Sighting>, DetectError>;

    /// Which model looks.
    fn model(&self) -> ModelId;
}

/// Scores under which a candidate is not even told to the tracker: (face, plate).
pub const FLOOR: [f32; 2] = [0.12, 0.12];

/// Scores of a pass over an enlarged picture count for so much. It finds small things that the
/// others miss, but soft blobs and letters too: on the training pictures at 0.4 its sightings
/// were false half again as often as those of the plain pass.
const ENLARGED_TRUST: f32 = 0.75;

/// Overlap from which sightings of two passes are the same thing.
const SAME_IN_TWO_PASSES: f32 = 0.45;

/// The networks behind [`Detector`].
pub struct NetworkDetector {
    cascade: std::sync::Arc<Cascade>,
    workspace: Workspace,
    /// For each further thread that looks at a tile or judges places.
    others: Vec<Workspace>,
    threads: usize,
    memory: Memory,
    model: ModelId,
}

impl NetworkDetector {
    /// A detector of its own for one thread of work, running on `threads` threads.
    #[must_use]
    pub fn new(cascade: std::sync::Arc<Cascade>, model: ModelId, threads: usize) -> Self {
        Self {
            cascade,
            workspace: Workspace::new(),
            others: (1..threads.min(MOST_THREADS))
                .map(|_| Workspace::new())
                .collect(),
            threads,
            memory: Memory::default(),
            model,
        }
    }

    /// What each pass finds, each thing once, with the trust that its scale deserves.
    fn found(
        &mut self,
        picture: &Prepared,
        passes: &[Pass],
    ) -> Result<Vec<Candidate>, DetectError> {
        let size = picture.size();
        let runs = passes.iter().enumerate().flat_map(|(pass, of)| {
            let area = of.area.unwrap_or(size.rect()).clip(size);
            let tiles = tiles(area, of.scale).into_iter();
            tiles.map(move |tile| Run {
                pass,
                tile,
                scale: of.scale,
            })
        });
        let runs: Vec<_> = runs.collect();
        let mut of_pass = vec![Vec::new(); passes.len()];
        for (run, found) in runs.iter().zip(self.all(picture, &runs)?) {
            of_pass[run.pass].extend(found);
        }
        for (pass, found) in passes.iter().zip(&mut of_pass) {
            if pass.scale > 1.0 {
                let trusted = found.iter_mut();
                trusted.for_each(|c| c.score *= ENLARGED_TRUST);
            }
            nms::suppress(found, self.cascade.first().card().nms_iou());
        }
        Ok(of_pass.concat())
    }

    /// What each run finds. Threads take the runs in turn, the largest first, where they have about
    /// as much to do each: so they never wait for one another. Otherwise they share each run.
    fn all(
        &mut self,
        picture: &Prepared,
        runs: &[Run],
    ) -> Result<Vec<Vec<Candidate>>, DetectError> {
        let first = self.cascade.first();
        let floor = self.cascade.stage().map_or(FLOOR, |_| SUSPECTED);
        let mut order: Vec<_> = (0..runs.len()).collect();
        order.sort_by(|a, b| runs[*b].pixels().total_cmp(&runs[*a].pixels()));
        let total: f64 = runs.iter().map(Run::pixels).sum();
        let threads = 1 + self.others.len();
        let even = order
            .first()
            .is_some_and(|largest| runs[*largest].pixels() * threads as f64 <= total);
        let (others, inside) = if even {
            (&mut self.others[..], 1)
        } else {
            (&mut [][..], self.threads)
        };
        let workspaces = (&mut self.workspace, others);
        let said = shared(&order, 1, workspaces, |at, workspace| {
            runs[*at].over(picture, (first, floor), workspace, inside)
        })?;
        let mut found = vec![Vec::new(); runs.len()];
        order
            .into_iter()
            .zip(said)
            .for_each(|(at, said)| found[at] = said);
        Ok(found)
    }
}

/// One run of the first network: a tile of a pass.
struct Run {
    /// Which pass.
    pass: usize,
    tile: PxRect,
    scale: f32,
}

impl Run {
    /// Pixels that the network reads.
    fn pixels(&self) -> f64 {
        f64::from(self.tile.width()) * f64::from(self.tile.height()) * f64::from(self.scale).powi(2)
    }

    /// What the network finds in its tile with these scores or more, in pixels of the picture.
    fn over(
        &self,
        picture: &Prepared,
        (first, floor): (&Network, [f32; 2]),
        workspace: &mut Workspace,
        threads: usize,
    ) -> Result<Vec<Candidate>, DetectError> {
        let tile = self.tile;
        let to = (
            scaled(tile.width(), self.scale),
            scaled(tile.height(), self.scale),
        );
        let (sx, sy) = (
            to.0 as f32 / tile.width() as f32,
            to.1 as f32 / tile.height() as f32,
        );
        let same = to == (tile.width() as usize, tile.height() as usize);
        let size = picture.size();
        let twice = (2 * to.0 as u32, 2 * to.1 as u32);
        let half = tile == size.rect() && twice == (size.width, size.height);
        let copy = !same && !half;
        let copy = copy.then(|| picture.scaled(tile, to, Level::best(), threads));
        // At full size the network reads a part of the picture where it lies.
        let (planes, stride, from) = match &copy {
            Some(copy) => (&copy.0, to.0, 0),
            None if half => (picture.half(Level::best(), threads), to.0, 0),
            None => {
                let stride = picture.size().width as usize;
                let from = tile.y0 as usize * stride + tile.x0 as usize;
                (picture.planes(), stride, from)
            }
        };
        let bgr = [0, 1, 2].map(|i| &planes[i].data[from..]);
        let input = NetInput::planar(bgr, to.0, to.1, stride)?;
        let candidates = first.run(&input, workspace, threads, floor)?;
        let in_picture = candidates.into_iter().map(|c| Candidate {
            x0: c.x0 / sx + tile.x0 as f32,
            y0: c.y0 / sy + tile.y0 as f32,
            x1: c.x1 / sx + tile.x0 as f32,
            y1: c.y1 / sy + tile.y0 as f32,
            ..c
        });
        Ok(in_picture.collect())
    }
}

impl Detector for NetworkDetector {
    fn look(
        &mut self,
        picture: &Prepared,
        passes: &[Pass],
        after: After,
    ) -> Result<Vec<Sighting>, DetectError> {
        // Taken out, so that a look that fails leaves nothing to go on from.
        let last = std::mem::take(&mut self.memory);
        let mut memory = match after {
            After::Nothing => Memory::default(),
            After::LastLook => last,
        };
        let mut all = self.found(picture, passes)?;
        if passes.len() > 1 {
            nms::suppress(&mut all, SAME_IN_TWO_PASSES);
        }
        if let Some(stage) = self.cascade.stage() {
            let read = passes.iter().map(|pass| pass.pixels(picture.size()));
            let pixels = read.sum::<f64>() * passes.len() as f64;
            let workspaces = (&mut self.workspace, &mut self.others[..]);
            stage.judge(picture, &mut all, pixels, &mut memory, workspaces)?;
        }
        self.memory = memory;
        all.retain(is_told);
        let (stored, turn) = (picture.stored(), picture.orientation());
        Ok(all.iter().map(|c| sighting(c, stored, turn)).collect())
    }

    fn model(&self) -> ModelId {
        self.model
    }
}

/// Whether the tracker hears of a candidate. A score that is no number is told, so that the guard
/// refuses the look for it.
fn is_told(c: &Candidate) -> bool {
    c.score.is_nan() || c.score >= FLOOR[c.class.index()]
}

fn sighting(c: &Candidate, stored: Size, turn: scrim_units::Orientation) -> Sighting {
    let at = PxBox {
        x0: c.x0,
        y0: c.y0,
        x1: c.x1,
        y1: c.y1,
    };
    Sighting {
        class: Class::ALL[c.class.index()],
        score: c.score,
        at: turn.to_stored(at, stored),
    }
}

fn scaled(side: u32, scale: f32) -> usize {
    ((side as f32 * scale).round() as usize).max(1)
}

/// Longest side of one run of the network. Larger inputs are looked at in tiles, so that the
/// network's memory stays bounded.
const TILE: f32 = 2048.0;

/// Network pixels that neighbouring tiles share: a thing smaller than this lies whole in one.
const SHARED: f32 = 192.0;

/// Overlapping parts of `area` that are no longer than a tile at this scale, and no longer than they
/// must be: where they overlap the network reads twice.
fn tiles(area: PxRect, scale: f32) -> Vec<PxRect> {
    let spans = |from: u32, to: u32| -> Vec<(u32, u32)> {
        let length = (to - from) as f32 * scale;
        if length <= TILE {
            return vec![(from, to)];
        }
        let count = ((length - SHARED) / (TILE - SHARED)).ceil();
        let longest = (length - SHARED) / count + SHARED;
        let (side, step) = (longest / scale, (length - longest) / scale / (count - 1.0));
        (0..count as u32)
            .map(|i| {
                let start = from + (i as f32 * step).floor() as u32;
                // The last one ends where the area does, however the steps were rounded.
                let last = i + 1 == count as u32;
                (start, if last { to } else { start + side.ceil() as u32 })
            })
            .collect()
    };
    if area.is_empty() {
        return Vec::new();
    }
    let columns = spans(area.x0, area.x1);
    spans(area.y0, area.y1)
        .into_iter()
        .flat_map(|(y0, y1)| {
            columns
                .iter()
                .map(move |&(x0, x1)| PxRect { x0, y0, x1, y1 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_under_the_floor_is_not_told_and_one_that_is_no_number_is_not_hidden() {
        let told = |score: f32| {
            is_told(&Candidate {
                class: crate::network::Class::Face,
                score,
                x0: 0.0,
                y0: 0.0,
                x1: 9.0,
                y1: 9.0,
            })
        };
        assert!(!told(FLOOR[0] - 0.01) && told(FLOOR[0]) && told(f32::NAN));
    }

    #[test]
    fn tiles_cover_every_pixel_and_share_their_borders_and_little_more() {
        let sizes = [
            (4000, 3000, 1.0),
            (1920, 1080, 2.0),
            (50, 60, 1.0),
            (2049, 9, 1.0),
        ];
        let more = (2050..9000).step_by(7).map(|w| (w, 9));
        let more = more.flat_map(|(w, h)| [0.667, 1.0, 1.27].map(|scale| (w, h, scale)));
        for (w, h, scale) in sizes.into_iter().chain(more) {
            let area = Size {
                width: w,
                height: h,
            }
            .rect();
            let all = tiles(area, scale);
            assert_eq!(all.iter().map(|t| t.x1).max(), Some(w));
            assert_eq!(all.iter().map(|t| t.y1).max(), Some(h));
            let mut row: Vec<_> = all.iter().filter(|t| t.y0 == 0).collect();
            row.sort_by_key(|t| t.x0);
            assert_eq!(row[0].x0, 0);
            for pair in row.windows(2) {
                let shared = (pair[0].x1 - pair[1].x0) as f32 * scale;
                assert!(shared >= SHARED - 2.0 * scale, "{shared}");
            }
            for t in &all {
                assert!(t.width() as f32 * scale <= TILE + scale * 2.0);
            }
            let read = row.iter().map(|t| t.width() as f32 * scale).sum::<f32>();
            let twice = read - w as f32 * scale;
            let most = (row.len() - 1) as f32 * (SHARED + 4.0 * scale);
            assert!(twice <= most, "{twice} pixels of a row are read twice");
        }
    }
}
