//! The network of the third stage: inverted residual blocks, then a way back up to a quarter of
//! the patch's size, read in the middle.
//!
//! The form is that of CenterFace's backbone and heat map (`training/third_net.py`; blocks as in
//! Sandler et al.: "`MobileNetV2`", 2018). Floats, but for what dense layers read, which is rounded to
//! bfloat16: it runs a few times a look, and its maps are small. Every level gives the same bits. Knows patches of one size and layers; what a
//! face's score is made of it does not know.

use super::scratch::ThirdScratch;
use super::weights::{BLOCKS, LATERALS, NECK, STEM, ThirdWeights};
use crate::network::NetworkError;
use scrim_pixels::conv::{COLOURS, Dense, Depthwise, Lines, TAPS, depthwise_floats, to_bfloats};
use scrim_pixels::level::Level;

/// Pixels of a patch, both ways.
pub const SIDE: usize = 128;

/// Pixels that a cell of the finest map on the way up stands for.
const STRIDE: usize = 4;

/// The cells in the middle, both ways, of which the surest counts.
const MIDDLE: usize = SIDE / STRIDE / 4;

/// Side of the largest map that a block takes whole: its layers have more weights than a cache holds, and
/// read them once for all rows.
const WHOLE: usize = 8;

/// What the first layer reads of the patch for a pixel.
const PATCH_TAPS: usize = TAPS * COLOURS;

/// Outputs of the score's layer; the first one is read, the others fill up a vector.
const SCORES: usize = scrim_pixels::conv::DENSE_GROUP;

/// One block: each pixel's channels multiplied, mixed with its neighbours' channel by channel, and
/// brought down again; added to what came in where that has the same form.
struct Block {
    expand: Option<Dense>,
    depth: Depthwise,
    project: Dense,
    stride: usize,
    adds: bool,
}

/// The network. Immutable: each caller has a [`ThirdScratch`] of its own.
pub struct ThirdNetwork {
    level: Level,
    stem: Dense,
    blocks: Vec<Block>,
    top: Dense,
    laterals: [Dense; LATERALS.len()],
    ups: [Dense; LATERALS.len()],
    mix: Dense,
    score: Dense,
}

impl ThirdNetwork {
    /// A network at a level, lowered to what the hardware has.
    ///
    /// # Errors
    /// [`NetworkError`] when the kernels do not take the weights.
    pub fn at_level(w: &ThirdWeights<'_>, level: Level) -> Result<Self, NetworkError> {
        let layer = |name: &str, cin: usize, cout: usize, relu: bool| {
            let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
            Dense::new((cin, cout), (&w.tensor(&weight), &w.tensor(&bias)), relu)
        };
        let block = |(at, block): (usize, &super::weights::Block)| {
            let name = |part: &str| format!("blocks.{at}.{part}");
            let (weight, bias) = (name("depth.weight"), name("depth.bias"));
            let expand = (block.cin != block.middle)
                .then(|| layer(&name("expand"), block.cin, block.middle, true))
                .transpose()?;
            Ok::<_, NetworkError>(Block {
                expand,
                depth: Depthwise::new(block.middle, &w.tensor(&weight), &w.tensor(&bias))?,
                project: layer(&name("project"), block.middle, block.cout, false)?,
                stride: block.stride,
                adds: block.stride == 1 && block.cin == block.cout,
            })
        };
        let lateral = |i: usize| layer(&format!("lateral.{i}"), LATERALS[i].1, NECK, true);
        // One bias for all four places of a doubled pixel.
        let up = |i: usize| {
            let bias = w.tensor(&format!("up.{i}.bias")).repeat(4);
            let weight = w.tensor(&format!("up.{i}.weight"));
            Dense::new((NECK, 4 * NECK), (&weight, &bias), true)
        };
        let padded = |name: &str, len: usize| {
            let mut values = w.tensor(name);
            values.resize(len, 0.0);
            values
        };
        // Inputs come in pairs: a last one that is always 0.
        let stem = w.tensor("stem.weight");
        let paired = stem.chunks_exact(PATCH_TAPS);
        let paired: Vec<_> = paired
            .flat_map(|row| row.iter().chain(&[0.0]))
            .copied()
            .collect();
        let score = (
            &padded("score.weight", NECK * SCORES)[..],
            &padded("score.bias", SCORES)[..],
        );
        Ok(Self {
            level: level.here(),
            stem: Dense::new(
                (PATCH_TAPS + 1, STEM),
                (&paired, &w.tensor("stem.bias")),
                true,
            )?,
            blocks: BLOCKS
                .iter()
                .enumerate()
                .map(block)
                .collect::<Result<_, _>>()?,
            top: layer("top", BLOCKS[BLOCKS.len() - 1].cout, NECK, true)?,
            laterals: [lateral(0)?, lateral(1)?, lateral(2)?],
            ups: [up(0)?, up(1)?, up(2)?],
            mix: layer("mix", TAPS * NECK, NECK, true)?,
            score: Dense::new((NECK, SCORES), score, false)?,
        })
    }

    /// How sure the network is of a face in the middle of a patch, as a logit. `bgr` are its planes,
    /// blue, green, red, [`SIDE`] pixels both ways.
    ///
    /// # Errors
    /// [`NetworkError::NotFinite`] when what it says is no number.
    ///
    /// # Panics
    /// When a plane has another size.
    pub fn face(
        &self,
        bgr: [&[u8]; COLOURS],
        scratch: &mut ThirdScratch,
    ) -> Result<f32, NetworkError> {
        assert!(
            bgr.iter().all(|plane| plane.len() == SIDE * SIDE),
            "planes of a patch"
        );
        self.stem(bgr, scratch);
        for (at, block) in self.blocks.iter().enumerate() {
            match &block.expand {
                Some(expand) if scratch.maps[0].side <= WHOLE => self.whole(block, expand, scratch),
                _ => self.by_rows(block, scratch),
            }
            if let Some(tap) = LATERALS.iter().position(|(behind, _)| *behind == at) {
                let out = &scratch.maps[0];
                let kept = &mut scratch.taps[tap];
                kept.set_size(out.side, out.channels);
                kept.data.copy_from_slice(&out.data);
            }
        }
        self.way_up(scratch);
        self.middle(scratch)
    }

    /// A dense layer over floats, which it reads as bfloat16.
    fn dense(&self, layer: &Dense, input: &[f32], bits: &mut Lines<u16>, output: &mut [f32]) {
        bits.set_len(input.len());
        to_bfloats(self.level, input, bits);
        scrim_pixels::conv::dense(self.level, layer, bits, output);
    }

    /// 3x3 with stride 2 over the patch, into the first map.
    fn stem(
        &self,
        bgr: [&[u8]; COLOURS],
        ThirdScratch {
            maps,
            ring,
            row,
            bits,
            ..
        }: &mut ThirdScratch,
    ) {
        // A row of the patch behind a pixel of zeros: the outermost taps lie outside.
        const LINE: usize = (SIDE + 1) * COLOURS;
        const AROUND: usize = 3 * COLOURS;
        let side = SIDE / 2;
        let out = &mut maps[0];
        out.set_size(side, self.stem.cout());
        ring.set_len(3 * LINE);
        row.set_len(side * self.stem.cin());
        for y in 0..side {
            for (ky, line) in ring.chunks_exact_mut(LINE).enumerate() {
                line.fill(0.0);
                let Some(from) = (2 * y + ky).checked_sub(1) else {
                    continue;
                };
                for (x, pixel) in line[COLOURS..].as_chunks_mut().0.iter_mut().enumerate() {
                    *pixel = bgr.map(|plane| f32::from(plane[from * SIDE + x]));
                }
            }
            for (x, taps) in row.chunks_exact_mut(self.stem.cin()).enumerate() {
                taps[PATCH_TAPS..].fill(0.0);
                for (line, taps) in ring.chunks_exact(LINE).zip(taps.chunks_exact_mut(AROUND)) {
                    taps.copy_from_slice(&line[2 * x * COLOURS..][..AROUND]);
                }
            }
            self.dense(&self.stem, row, bits, out.row_mut(y));
        }
    }

    /// The first map through a block, and in its place what comes out.
    fn by_rows(
        &self,
        block: &Block,
        ThirdScratch {
            maps,
            ring,
            row,
            bits,
            ..
        }: &mut ThirdScratch,
    ) {
        let [input, out] = maps;
        let (side, middle) = (input.side, block.depth.channels());
        let padded = (side + 2) * middle;
        out.set_size(side / block.stride, block.project.cout());
        ring.set_len(4 * padded);
        ring.fill(0.0);
        row.set_len(side * middle);
        for y in 0..=side {
            if y < side {
                let slot = &mut ring[y % 3 * padded..][middle..padded - middle];
                match &block.expand {
                    Some(expand) => self.dense(expand, input.row(y), bits, slot),
                    None => slot.copy_from_slice(input.row(y)),
                }
            }
            // The row above has all its neighbours now.
            let Some(at) = y
                .checked_sub(1)
                .filter(|at| at.is_multiple_of(block.stride))
            else {
                continue;
            };
            let slot =
                |inside: bool, y: usize| &ring[if inside { y % 3 } else { 3 } * padded..][..padded];
            let rows = [
                slot(at > 0, at.wrapping_sub(1)),
                slot(true, at),
                slot(y < side, y),
            ];
            depthwise_floats(self.level, &block.depth, rows, row);
            let kept = relu_every(block.stride, middle, row);
            let to = out.row_mut(at / block.stride);
            self.dense(&block.project, kept, bits, to);
            if block.adds {
                add(to, input.row(at));
            }
        }
        maps.swap(0, 1);
    }

    /// As [`by_rows`](Self::by_rows), to the same bits, with each layer over all rows at once.
    fn whole(
        &self,
        block: &Block,
        expand: &Dense,
        ThirdScratch {
            maps,
            ring,
            row,
            sum,
            bits,
            ..
        }: &mut ThirdScratch,
    ) {
        let [input, out] = maps;
        let (side, middle) = (input.side, block.depth.channels());
        let padded = (side + 2) * middle;
        out.set_size(side / block.stride, block.project.cout());
        sum.set_len(side * side * middle);
        self.dense(expand, &input.data, bits, sum);
        ring.set_len((side + 2) * padded);
        ring.fill(0.0);
        let inner = ring.chunks_exact_mut(padded).skip(1);
        for (slot, pixels) in inner.zip(sum.chunks_exact(side * middle)) {
            slot[middle..padded - middle].copy_from_slice(pixels);
        }
        row.set_len(side * middle);
        sum.set_len(out.side * out.side * middle);
        for (y, to) in sum.chunks_exact_mut(out.side * middle).enumerate() {
            let rows = [0, 1, 2].map(|ky| &ring[(y * block.stride + ky) * padded..][..padded]);
            depthwise_floats(self.level, &block.depth, rows, row);
            to.copy_from_slice(relu_every(block.stride, middle, row));
        }
        self.dense(&block.project, sum, bits, &mut out.data);
        if block.adds {
            add(&mut out.data, &input.data);
        }
        maps.swap(0, 1);
    }

    /// From the coarsest map up, each doubled and added to the finer one behind its lateral layer.
    fn way_up(
        &self,
        ThirdScratch {
            maps,
            taps,
            neck,
            sum,
            bits,
            ..
        }: &mut ThirdScratch,
    ) {
        let [coarse, fine] = neck;
        coarse.set_size(maps[0].side, NECK);
        self.dense(&self.top, &maps[0].data, bits, &mut coarse.data);
        for ((up, lateral), tap) in self.ups.iter().zip(&self.laterals).zip(taps) {
            fine.set_size(tap.side, NECK);
            self.dense(lateral, &tap.data, bits, &mut fine.data);
            sum.set_len(coarse.side * up.cout());
            for y in 0..coarse.side {
                self.dense(up, coarse.row(y), bits, sum);
                for dy in 0..2 {
                    // Of each pixel's four places the two of this row, which lie side by side.
                    let halves = sum
                        .chunks_exact(4 * NECK)
                        .map(|four| &four[dy * 2 * NECK..][..2 * NECK]);
                    for (to, half) in fine
                        .row_mut(2 * y + dy)
                        .chunks_exact_mut(2 * NECK)
                        .zip(halves)
                    {
                        add(to, half);
                    }
                }
            }
            std::mem::swap(coarse, fine);
        }
    }

    /// The surest cell in the middle of the finest map, behind the last two layers.
    fn middle(
        &self,
        ThirdScratch {
            neck,
            row,
            sum,
            bits,
            ..
        }: &mut ThirdScratch,
    ) -> Result<f32, NetworkError> {
        let map = &neck[0];
        let first = (map.side - MIDDLE) / 2;
        let around = NECK * 3;
        row.set_len(MIDDLE * self.mix.cin());
        sum.set_len(MIDDLE * NECK);
        let mut surest = f32::NEG_INFINITY;
        for y in first..first + MIDDLE {
            for (x, cell) in row.chunks_exact_mut(self.mix.cin()).enumerate() {
                for (ky, taps) in cell.chunks_exact_mut(around).enumerate() {
                    let from = (first + x - 1) * NECK;
                    taps.copy_from_slice(&map.row(y + ky - 1)[from..][..around]);
                }
            }
            self.dense(&self.mix, row, bits, sum);
            let mut scores = [0.0; MIDDLE * SCORES];
            self.dense(&self.score, sum, bits, &mut scores);
            for (x, score) in scores.iter().step_by(SCORES).enumerate() {
                if !score.is_finite() {
                    let (stride, column, row) = (STRIDE, first + x, y);
                    return Err(NetworkError::NotFinite {
                        stride,
                        column,
                        row,
                    });
                }
                surest = surest.max(*score);
            }
        }
        Ok(surest)
    }
}

fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
}

/// ReLU over a row, of which every `stride`-th pixel is kept, the first one first.
fn relu_every(stride: usize, channels: usize, row: &mut Lines) -> &[f32] {
    let pixels = row.len() / channels / stride;
    // The first one is where it belongs, and so are all where none is left out.
    for x in 1..if stride > 1 { pixels } else { 1 } {
        row.copy_within(
            x * stride * channels..(x * stride + 1) * channels,
            x * channels,
        );
    }
    let kept = &mut row[..pixels * channels];
    // A NaN stays one: the comparison with it is false.
    kept.iter_mut()
        .for_each(|value| *value = if *value < 0.0 { 0.0 } else { *value });
    kept
}

#[cfg(test)]
mod tests;
