//! Made-up JPEG files and rectangles. Two files that differ only in what is covered are equal,
//! byte for byte, once it is; everything else keeps its coefficients.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::{Corpus, fuzz_target};
use scrim_jpeg::{Coefficients, PixelRect};

const LIMIT: usize = 4 << 20;

#[derive(Debug, Arbitrary)]
struct Input {
    width: u8,
    height: u8,
    /// Sampling factors, two bits each.
    factors: Vec<u8>,
    quant: u8,
    restart: u8,
    rect: [u8; 4],
    level: [u8; 4],
    /// DC differences, used over and over.
    differences: Vec<i8>,
    /// Other differences for what is covered.
    hidden: Vec<i8>,
}

fuzz_target!(|input: Input| -> Corpus {
    let Some(shape) = Shape::of(&input) else {
        return Corpus::Reject;
    };
    let [x0, y0, x1, y1] = input.rect.map(u32::from);
    let rect = PixelRect { x0, y0, x1, y1 };
    let file = shape.file(|n, _| value(&input.differences, n));
    let before = Coefficients::read(&file, LIMIT).expect("a sound file");
    let mut after = before.clone();
    let covered = after.blank(rect, input.level);
    check_cover(&before, rect, covered);
    let (w, h) = before.unit_size();
    let inside = |ux: u32, uy: u32| {
        (covered.x0..covered.x1).contains(&(ux * w)) && (covered.y0..covered.y1).contains(&(uy * h))
    };
    for (n, component) in before.components().iter().enumerate() {
        let (sh, sv) = (u32::from(component.h()), u32::from(component.v()));
        let mut flat = None;
        for by in 0..component.down() {
            for bx in 0..component.across() {
                let block = after.block(n, bx, by).expect("a block");
                if inside(bx as u32 / sh, by as u32 / sv) {
                    assert!(block[1..].iter().all(|v| *v == 0), "covered and not flat");
                    assert_eq!(*flat.get_or_insert(block), block, "two levels in one cover");
                } else {
                    assert_eq!(before.block(n, bx, by), Some(block), "changed outside");
                }
            }
        }
    }
    // Non-interference.
    let other = shape.file(|n, unit| match unit {
        Some((ux, uy)) if inside(ux, uy) => value(&input.hidden, n),
        _ => value(&input.differences, n),
    });
    let mut other = Coefficients::read(&other, LIMIT).expect("a sound file");
    other.blank(rect, input.level);
    assert_eq!(after.write(), other.write(), "the hidden shows through");
    Corpus::Keep
});

fn check_cover(picture: &Coefficients, asked: PixelRect, covered: PixelRect) {
    let (x1, y1) = (
        asked.x1.min(picture.width()),
        asked.y1.min(picture.height()),
    );
    if asked.x0 >= x1 || asked.y0 >= y1 {
        assert_eq!(
            (covered.x0, covered.y0, covered.x1, covered.y1),
            (0, 0, 0, 0)
        );
        return;
    }
    assert!(
        covered.x0 <= asked.x0 && covered.y0 <= asked.y0,
        "not outward"
    );
    assert!(covered.x1 >= x1 && covered.y1 >= y1, "not outward");
    assert!(covered.x1 <= picture.width() && covered.y1 <= picture.height());
}

fn value(values: &[i8], n: usize) -> i32 {
    values
        .get(n % values.len().max(1))
        .map_or(0, |v| i32::from(*v))
}

/// What a baseline file with flat blocks looks like.
struct Shape {
    width: u16,
    height: u16,
    factors: Vec<(u8, u8)>,
    quant: u8,
    restart: u8,
}

impl Shape {
    fn of(input: &Input) -> Option<Self> {
        let factors: Vec<_> = input
            .factors
            .iter()
            .take(4)
            .map(|f| (f % 4 + 1, f / 4 % 4 + 1))
            .collect();
        let blocks: u32 = factors.iter().map(|(h, v)| u32::from(h * v)).sum();
        // A single component is never interleaved: one block a unit.
        let one = factors.len() == 1;
        let factors = if one { vec![(1, 1)] } else { factors };
        (!factors.is_empty() && (one || blocks <= 10)).then(|| Self {
            width: u16::from(input.width) + 1,
            height: u16::from(input.height) + 1,
            factors,
            quant: input.quant.max(1),
            restart: input.restart,
        })
    }

    /// The file with these DC values (made into differences here) for the n-th block. The place
    /// of its unit is given with it.
    fn file(&self, dc: impl Fn(usize, Option<(u32, u32)>) -> i32) -> Vec<u8> {
        let ([h1, h0], [w1, w0]) = (self.height.to_be_bytes(), self.width.to_be_bytes());
        let count = self.factors.len() as u8;
        let mut out = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
        out.extend([self.quant; 64]);
        out.extend([0xff, 0xc0, 0, 8 + 3 * count, 8, h1, h0, w1, w0, count]);
        for (id, (h, v)) in (1..).zip(&self.factors) {
            out.extend([id, h << 4 | v, 0]);
        }
        // DC: twelve categories, codes of six bits. AC: one code of one bit, end of block.
        out.extend([0xff, 0xc4, 0, 31, 0, 0, 0, 0, 0, 0, 12]);
        out.extend([0; 10]);
        out.extend(0..12);
        out.extend([0xff, 0xc4, 0, 20, 0x10, 1]);
        out.extend([0; 15]);
        out.push(0);
        if self.restart > 0 {
            out.extend([0xff, 0xdd, 0, 4, 0, self.restart]);
        }
        out.extend([0xff, 0xda, 0, 6 + 2 * count, count]);
        (1..=count).for_each(|id| out.extend([id, 0]));
        out.extend([0, 63, 0]);
        self.scan(&mut out, dc);
        out.extend([0xff, 0xd9]);
        out
    }

    fn scan(&self, out: &mut Vec<u8>, dc: impl Fn(usize, Option<(u32, u32)>) -> i32) {
        let max = |f: fn(&(u8, u8)) -> u8| self.factors.iter().map(f).max().unwrap_or(1);
        let (h, v) = (u32::from(max(|f| f.0)) * 8, u32::from(max(|f| f.1)) * 8);
        let across = u32::from(self.width).div_ceil(h);
        let down = u32::from(self.height).div_ceil(v);
        let mut bits = Bits::default();
        let mut last = [0; 4];
        let (mut block, mut restarts) = (0, 0);
        for unit in 0..across * down {
            if self.restart > 0 && unit > 0 && unit % u32::from(self.restart) == 0 {
                bits.align(out);
                out.extend([0xff, 0xd0 + restarts]);
                restarts = (restarts + 1) % 8;
                last = [0; 4];
            }
            for (n, (h, v)) in self.factors.iter().enumerate() {
                for _ in 0..h * v {
                    let value = dc(block, Some((unit % across, unit / across)));
                    bits.difference(out, value - last[n]);
                    last[n] = value;
                    block += 1;
                }
            }
        }
        bits.align(out);
    }
}

/// Bits of a scan, with a zero after every 0xff.
#[derive(Default)]
struct Bits {
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, out: &mut Vec<u8>, value: u32, length: u32) {
        for i in (0..length).rev() {
            self.held = self.held << 1 | (value >> i & 1);
            self.count += 1;
            if self.count == 8 {
                out.push(self.held as u8);
                if self.held == 0xff {
                    out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    /// A DC difference (T.81 F.1.2.1) and the end of the block.
    fn difference(&mut self, out: &mut Vec<u8>, value: i32) {
        let category = 32 - value.unsigned_abs().leading_zeros();
        self.put(out, category, 6);
        let bits = if value < 0 { value - 1 } else { value };
        self.put(out, bits as u32, category);
        self.put(out, 0, 1);
    }

    fn align(&mut self, out: &mut Vec<u8>) {
        while self.count > 0 {
            self.put(out, 1, 1);
        }
    }
}
