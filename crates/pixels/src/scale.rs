//! Planes of 8-bit samples scaled: area means downwards, linear between samples upwards.
//!
//! Separable, rows first. The AVX2 level is the same code compiled with wider vectors.

use crate::level::Level;
use zeroize::Zeroizing;

/// An 8-bit plane without padding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Samples across.
    pub width: usize,
    /// Samples down.
    pub height: usize,
    /// Row after row.
    pub data: Vec<u8>,
}

impl Grid {
    /// A plane of zeros.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![0; width * height],
        }
    }

    /// Row `y`.
    #[must_use]
    pub fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..(y + 1) * self.width]
    }

    /// Row `y`, to be written.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.data[y * self.width..(y + 1) * self.width]
    }
}

/// Half the size, rounded down, at least one sample: each the mean of four, halves rounded up; a
/// last odd column or row is dropped. Faster than weights, which it equals where both sides are even.
/// A large plane is shared among up to `threads` threads.
#[must_use]
pub fn halved(level: Level, source: &Grid, threads: usize) -> Grid {
    let mut out = Grid::new((source.width / 2).max(1), (source.height / 2).max(1));
    if source.width < 2 || source.height < 2 {
        let resize = Resize::new((source.width, source.height), (out.width, out.height));
        return resize.run(level, source);
    }
    halve(level, &mut out, threads, |y| source.row(y));
    out
}

/// Makes a plane of rows twice as long and twice as many.
fn halve<'a>(
    level: Level,
    out: &mut Grid,
    threads: usize,
    source: impl Fn(usize) -> &'a [u8] + Sync,
) {
    in_bands(out, threads, 4, |rows| {
        rows.for_each(|(y, row)| halve_row(level, [source(2 * y), source(2 * y + 1)], row));
    });
}

/// Source samples that are worth a thread.
const GRAIN: usize = 1 << 20;

/// Makes the rows of a plane, numbered from above: a band of them a thread where they have enough
/// to do, which is `work` source samples a sample.
fn in_bands(
    out: &mut Grid,
    threads: usize,
    work: usize,
    make: impl Fn(&mut dyn Iterator<Item = (usize, &mut [u8])>) + Sync,
) {
    let worth = out.data.len() * work / GRAIN;
    let rows = out.height.div_ceil(threads.min(worth).max(1));
    let width = out.width;
    let band = |(index, band): (usize, &mut [u8])| {
        make(&mut (index * rows..).zip(band.chunks_exact_mut(width)));
    };
    let mut bands = out.data.chunks_mut(rows * width).enumerate();
    let own = bands.next();
    if bands.len() == 0 {
        // Not in a scope, which allocates.
        return own.into_iter().for_each(band);
    }
    std::thread::scope(|scope| {
        let band = &band;
        bands.for_each(|rest| drop(scope.spawn(move || band(rest))));
        own.into_iter().for_each(band);
    });
}

/// Which source samples make one target sample, and with what weights. Weights sum to 1.
struct Taps {
    first: Vec<usize>,
    weights: Vec<f32>,
    /// Weights a target sample.
    width: usize,
}

impl Taps {
    /// Coverage of each source sample by the target sample's extent when shrinking; the two
    /// nearest samples by distance when growing.
    fn new(from: usize, to: usize) -> Self {
        let ratio = from as f64 / to as f64;
        let width = if ratio > 1.0 {
            ratio.ceil() as usize + 1
        } else {
            2
        }
        .min(from);
        let mut taps = Self {
            first: Vec::with_capacity(to),
            weights: Vec::with_capacity(to * width),
            width,
        };
        for i in 0..to {
            let (lo, hi) = if ratio > 1.0 {
                (i as f64 * ratio, (i + 1) as f64 * ratio)
            } else {
                let centre = (i as f64 + 0.5) * ratio;
                (centre - 0.5, centre + 0.5)
            };
            let first = (lo.floor().max(0.0) as usize).min(from - width);
            let cover = |k: usize| {
                let s = (first + k) as f64;
                ((s + 1.0).min(hi) - s.max(lo)).max(0.0)
            };
            let sum: f64 = (0..width).map(cover).sum();
            taps.first.push(first);
            for k in 0..width {
                let w = if sum > 0.0 {
                    cover(k) / sum
                } else {
                    1.0 / width as f64
                };
                taps.weights.push(w as f32);
            }
        }
        taps
    }

    fn of(&self, i: usize) -> (usize, &[f32]) {
        let w = &self.weights[i * self.width..(i + 1) * self.width];
        (self.first[i], w)
    }

    /// The target samples of one row of sums, rounded.
    fn run(&self, sum: &[f32], out: &mut [u8]) {
        // Growing has two weights and shrinking to between a half and all has three: counts
        // that the compiler knows, so that their loops unroll.
        match self.width {
            2 => self.run_by::<2>(sum, out),
            3 => self.run_by::<3>(sum, out),
            _ => {
                for (x, v) in out.iter_mut().enumerate() {
                    let (first, weights) = self.of(x);
                    *v = rounded(&sum[first..first + weights.len()], weights);
                }
            }
        }
    }

    fn run_by<const WIDTH: usize>(&self, sum: &[f32], out: &mut [u8]) {
        let weights = self.weights.as_chunks::<WIDTH>().0;
        for ((v, first), weights) in out.iter_mut().zip(&self.first).zip(weights) {
            *v = rounded(&sum[*first..*first + WIDTH], weights);
        }
    }
}

/// A conversion between two sizes, its weights worked out once.
pub struct Resize {
    across: Taps,
    down: Taps,
    from: (usize, usize),
    to: (usize, usize),
}

impl Resize {
    /// From (width, height) to (width, height); all at least 1.
    #[must_use]
    pub fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        Self {
            across: Taps::new(from.0, to.0),
            down: Taps::new(from.1, to.1),
            from,
            to,
        }
    }

    /// Whether it is for these sizes.
    #[must_use]
    pub fn is_for(&self, from: (usize, usize), to: (usize, usize)) -> bool {
        self.from == from && self.to == to
    }

    /// Scales one plane. What lay between is wiped; the result is the caller's to wipe.
    #[must_use]
    pub fn run(&self, level: Level, plane: &Grid) -> Grid {
        self.run_part(level, plane, (0, 0), 1)
    }

    /// Scales the part of a plane that begins at `from` (x, y). A large one is shared among up to
    /// `threads` threads; to half its size no weights are needed.
    #[must_use]
    pub fn run_part(
        &self,
        level: Level,
        plane: &Grid,
        from: (usize, usize),
        threads: usize,
    ) -> Grid {
        let mut out = Grid::new(self.to.0, self.to.1);
        let source = |y: usize| &plane.row(from.1 + y)[from.0..][..self.from.0];
        if self.from == (2 * self.to.0, 2 * self.to.1) {
            halve(level, &mut out, threads, source);
            return out;
        }
        let work = (self.from.0 * self.from.1).div_ceil(out.data.len());
        in_bands(&mut out, threads, work, |rows| {
            let mut sum = Zeroizing::new(vec![0f32; self.from.0]);
            for (y, row) in rows {
                self.line(y, &mut sum, row, |at, weight, sum| {
                    add_row(level, source(at), weight, sum);
                });
            }
        });
        out
    }

    /// Scales a plane whose rows come from `fetch`, which puts row `y` into the buffer. Rows are
    /// asked for in rising order, some of them twice. The buffer is the caller's to wipe.
    #[must_use]
    pub fn run_rows(
        &self,
        level: Level,
        row: &mut Vec<u8>,
        mut fetch: impl FnMut(usize, &mut Vec<u8>),
    ) -> Grid {
        let mut out = Grid::new(self.to.0, self.to.1);
        let mut sum = Zeroizing::new(vec![0f32; self.from.0]);
        for y in 0..self.to.1 {
            self.line(y, &mut sum, out.row_mut(y), |at, weight, sum| {
                fetch(at, row);
                add_row(level, row, weight, sum);
            });
        }
        out
    }

    /// Row `y` of the target; `add` adds a source row, so many times, to the sums.
    fn line(
        &self,
        y: usize,
        sum: &mut [f32],
        out: &mut [u8],
        mut add: impl FnMut(usize, f32, &mut [f32]),
    ) {
        let (first, weights) = self.down.of(y);
        sum.fill(0.0);
        for (at, weight) in (first..).zip(weights) {
            if *weight > 0.0 {
                add(at, *weight, sum);
            }
        }
        self.across.run(sum, out);
    }
}

/// The weighted mean, as a sample.
#[inline(always)]
fn rounded(samples: &[f32], weights: &[f32]) -> u8 {
    let mean: f32 = samples.iter().zip(weights).map(|(s, w)| s * w).sum();
    (mean + 0.5) as u8
}

/// Two rows at half their length, each sample the mean of four.
fn halve_row(level: Level, rows: [&[u8]; 2], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { halve_row_avx2(rows, out) };
    }
    let _ = level;
    halve_row_body(rows, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn halve_row_avx2(rows: [&[u8]; 2], out: &mut [u8]) {
    halve_row_body(rows, out);
}

#[inline(always)]
fn halve_row_body(rows: [&[u8]; 2], out: &mut [u8]) {
    let [above, below] = rows.map(|row| row.as_chunks::<2>().0);
    for ((sample, a), b) in out.iter_mut().zip(above).zip(below) {
        let sum = [a[0], a[1], b[0], b[1]].map(u16::from).iter().sum::<u16>();
        *sample = ((sum + 2) / 4) as u8;
    }
}

fn add_row(level: Level, row: &[u8], weight: f32, sum: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if level.here() >= Level::Avx2 {
        // SAFETY: what `here` gives the CPU has.
        return unsafe { add_row_avx2(row, weight, sum) };
    }
    let _ = level;
    add_row_body(row, weight, sum);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn add_row_avx2(row: &[u8], weight: f32, sum: &mut [f32]) {
    add_row_body(row, weight, sum);
}

#[inline(always)]
fn add_row_body(row: &[u8], weight: f32, sum: &mut [f32]) {
    for (s, v) in sum.iter_mut().zip(row) {
        *s += f32::from(*v) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::levels_here;

    fn ramp(width: usize, height: usize) -> Grid {
        let mut g = Grid::new(width, height);
        for y in 0..height {
            for x in 0..width {
                g.data[y * width + x] = ((x * 5 + y * 3) % 256) as u8;
            }
        }
        g
    }

    #[test]
    fn a_flat_plane_stays_flat_at_every_size() {
        let mut flat = Grid::new(37, 23);
        flat.data.fill(200);
        for to in [(1, 1), (5, 7), (36, 22), (37, 23), (80, 50)] {
            let out = Resize::new((37, 23), to).run(Level::Scalar, &flat);
            assert!(out.data.iter().all(|v| *v == 200), "{to:?}");
        }
    }

    #[test]
    fn the_fast_way_to_half_the_size_is_that_of_any_size() {
        for (width, height) in [(2, 2), (64, 48), (98, 6)] {
            let g = ramp(width, height);
            for level in levels_here() {
                let resize = Resize::new((width, height), (width / 2, height / 2));
                // By weights, as any other size.
                let by_weights = resize.run_rows(level, &mut Vec::new(), |y, row| {
                    row.clear();
                    row.extend_from_slice(g.row(y));
                });
                assert_eq!(halved(level, &g, 1), by_weights);
                assert_eq!(resize.run(level, &g), by_weights);
            }
        }
    }

    #[test]
    fn an_odd_last_column_or_row_is_dropped_and_one_sample_is_left() {
        let halved = |g: &Grid| super::halved(Level::best(), g, 1);
        let (odd, even) = (ramp(9, 7), ramp(8, 6));
        assert_eq!(halved(&odd), halved(&even));
        for (width, height) in [(1, 1), (1, 5), (6, 1)] {
            let half = halved(&ramp(width, height));
            assert_eq!(
                (half.width, half.height),
                ((width / 2).max(1), (height / 2).max(1))
            );
        }
    }

    #[test]
    fn halving_gives_the_mean_of_four_samples() {
        let g = ramp(8, 6);
        let out = Resize::new((8, 6), (4, 3)).run(Level::Scalar, &g);
        let mean = |x: usize, y: usize| {
            let s: u32 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .iter()
                .map(|(i, j)| u32::from(g.data[(2 * y + j) * 8 + 2 * x + i]))
                .sum();
            ((f64::from(s) / 4.0) + 0.5) as u8
        };
        for y in 0..3 {
            for x in 0..4 {
                assert_eq!(out.data[y * 4 + x], mean(x, y));
            }
        }
    }

    /// Each way to a sample: two weights, three, more.
    #[test]
    fn a_sample_is_the_mean_of_what_it_covers_at_every_ratio() {
        let g = ramp(60, 40);
        for to in [(90, 40), (45, 40), (13, 40)] {
            let r = Resize::new((60, 40), to);
            let out = r.run(Level::Scalar, &g);
            for (x, found) in out.row(7).iter().enumerate() {
                let (first, weights) = r.across.of(x);
                let pairs = g.row(7)[first..].iter().zip(weights);
                let mean: f32 = pairs.map(|(v, w)| f32::from(*v) * w).sum();
                assert!((f32::from(*found) - mean).abs() <= 0.501, "{to:?}, {x}");
            }
        }
    }

    #[test]
    fn every_level_gives_the_bytes_of_the_scalar_code() {
        let g = ramp(65, 33);
        for to in [(31, 17), (130, 66)] {
            let r = Resize::new((65, 33), to);
            let want = r.run(Level::Scalar, &g);
            for level in levels_here() {
                assert_eq!(r.run(level, &g), want);
            }
        }
    }

    #[test]
    fn a_large_plane_or_a_part_of_it_is_the_same_by_any_number_of_threads() {
        let g = ramp(2300, 1600);
        let mut part = Grid::new(2000, 1200);
        for y in 0..1200 {
            part.row_mut(y).copy_from_slice(&g.row(300 + y)[150..2150]);
        }
        for to in [(1000, 600), (1900, 800), (130, 90)] {
            let resize = Resize::new((2000, 1200), to);
            let alone = resize.run(Level::best(), &part);
            for threads in [1, 2, 5] {
                let found = resize.run_part(Level::best(), &g, (150, 300), threads);
                assert_eq!(found, alone, "{to:?} by {threads}");
            }
        }
        let half = halved(Level::Scalar, &g, 1);
        assert_eq!(halved(Level::best(), &g, 3), half);
    }
}
