//! Made-up pictures for tests: random coefficients in any shape.

use crate::coefficients::{Coefficients, Component};
use crate::colour::Colour;
use crate::frame::{Coding, Frame, Process};
use crate::marker::{APP1, APP14, Segment};
use crate::metadata::Metadata;
use crate::walk::MAX_BLOCKS_IN_UNIT;
use proptest::prelude::*;

/// What a made-up picture looks like.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub width: u16,
    pub height: u16,
    /// Sampling factors of each component.
    pub factors: Vec<(u8, u8)>,
    pub progressive: bool,
    pub restart_interval: u16,
    pub orientation: u8,
    /// Adobe colour transform, if there is an Adobe header.
    pub adobe: Option<u8>,
    /// Quantisation steps go up to this.
    pub coarsest: u16,
    pub seed: u64,
}

impl Shape {
    /// A YCbCr picture at 4:2:0 with all else plain.
    pub(crate) fn small(width: u16, height: u16) -> Self {
        Self {
            width,
            height,
            factors: vec![(2, 2), (1, 1), (1, 1)],
            progressive: false,
            restart_interval: 0,
            orientation: 1,
            adobe: None,
            coarsest: 40,
            seed: 1,
        }
    }
}

/// Every shape this crate handles, in small.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    (
        (1u16..70, 1u16..70),
        prop::collection::vec((1u8..=4, 1u8..=4), 1..=4),
        any::<bool>(),
        prop_oneof![Just(0u16), 1u16..9],
        1u8..=8,
        prop::option::of(0u8..3),
        prop_oneof![Just(40u16), Just(255), Just(65535)],
        any::<u64>(),
    )
        .prop_map(
            |(
                (width, height),
                factors,
                progressive,
                restart_interval,
                orientation,
                adobe,
                coarsest,
                seed,
            )| Shape {
                width,
                height,
                factors,
                progressive,
                restart_interval,
                orientation,
                adobe,
                coarsest,
                seed,
            },
        )
}

/// Marsaglia's xorshift64 (2003): a few lines suffice for coefficients.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    /// A signed value of at most `common` bits, now and then of `rare` bits; small ones far
    /// more often.
    fn value(&mut self, common: u64, rare: u64) -> i16 {
        let bits = if self.below(20) == 0 { rare } else { common };
        let limit = 2 << self.below(bits);
        let value = self.below(limit) as i16;
        if self.below(2) == 0 { value } else { -value }
    }
}

/// A picture of this shape. Blocks and coefficients that a file of this shape cannot hold
/// (padding outside of interleaved scans) are 0.
pub(crate) fn picture(shape: &Shape) -> Coefficients {
    let frame = frame(shape);
    let mut dice = Dice(shape.seed | 1);
    let metadata = metadata(shape);
    let blocks: usize = frame
        .components
        .iter()
        .map(|c| usize::from(c.h * c.v))
        .sum();
    let interleaved = blocks <= MAX_BLOCKS_IN_UNIT && frame.components.len() > 1;
    let mut components = Vec::new();
    for told in &frame.components {
        let mut plane = Component::blank(&frame, told);
        let steps = |_| 1 + dice.below(u64::from(shape.coarsest)) as u16;
        plane.quant = Some(std::array::from_fn(steps));
        let (visible, across) = (plane.visible(), plane.across());
        for (n, block) in plane.blocks.iter_mut().enumerate() {
            let padding = n % across >= visible.across || n / across >= visible.down;
            if !padding || interleaved {
                block[0] = dice.value(10, 14);
            }
            if !padding || (interleaved && !shape.progressive) {
                fill_ac(&mut dice, block);
            }
        }
        components.push(plane);
    }
    Coefficients {
        width: shape.width,
        height: shape.height,
        progressive: shape.progressive,
        units: frame.units(),
        restart_interval: shape.restart_interval,
        colour: Colour::guess(&frame.components, false, shape.adobe),
        trailing: 0,
        metadata,
        components,
    }
}

/// Empty, sparse and full blocks, with runs beyond 16 zeros.
fn fill_ac(dice: &mut Dice, block: &mut [i16; 64]) {
    let sparsity = [0, 1, 3, 40][dice.below(4) as usize];
    for value in &mut block[1..] {
        if sparsity > 0 && dice.below(sparsity) == 0 {
            *value = dice.value(9, 15);
        }
    }
}

fn frame(shape: &Shape) -> Frame {
    let ([y1, y0], [x1, x0]) = (shape.height.to_be_bytes(), shape.width.to_be_bytes());
    let mut body = vec![8, y1, y0, x1, x0, shape.factors.len() as u8];
    for (id, (h, v)) in (1..).zip(&shape.factors) {
        body.extend([id, h << 4 | v, 0]);
    }
    let process = if shape.progressive {
        Process::Progressive
    } else {
        Process::Baseline
    };
    Frame::parse(
        process,
        Coding::Huffman,
        &Segment {
            marker: 0xC0,
            offset: 0,
            body: &body,
        },
    )
    .unwrap()
}

fn metadata(shape: &Shape) -> Metadata {
    let mut metadata = Metadata::default();
    let exif = [&b"Exif\0\0"[..], &crate::exif::minimal(shape.orientation)].concat();
    metadata.take(&Segment {
        marker: APP1,
        offset: 0,
        body: &exif,
    });
    if let Some(transform) = shape.adobe {
        let body = [&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat();
        metadata.take(&Segment {
            marker: APP14,
            offset: 0,
            body: &body,
        });
    }
    metadata
}

/// Whether two pictures hold the same, down to the last bit.
pub(crate) fn difference(a: &Coefficients, b: &Coefficients) -> Option<String> {
    let about = |c: &Coefficients| {
        (
            c.width,
            c.height,
            c.progressive,
            c.restart_interval,
            c.colour,
            c.orientation(),
            c.dropped(),
        )
    };
    if about(a) != about(b) {
        return Some(format!("{:?} {:?}", about(a), about(b)));
    }
    let shape = |c: &Component| (c.id(), c.h(), c.v(), c.across(), c.down(), c.quant());
    for (n, (x, y)) in a.components.iter().zip(&b.components).enumerate() {
        if shape(x) != shape(y) {
            return Some(format!("component {n}: {:?} {:?}", shape(x), shape(y)));
        }
        if let Some(at) = (0..x.blocks.len()).find(|&at| x.blocks[at] != y.blocks[at]) {
            return Some(format!("component {n}, block {at}"));
        }
    }
    (a.components.len() != b.components.len()).then(|| "number of components".into())
}
