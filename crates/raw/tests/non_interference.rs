//! Two frames that differ only inside the regions give the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use proptest::prelude::*;
use scrim_raw::{
    Component, Examination, Family, Fill, FrameInfo, Layout, ModelId, PlaneLayout, Range, RawFrame,
    RedactedFrame, Regions, redact,
};
use scrim_units::{PxRect, Size, Subsampling};

/// Every shape of pixel layout that files bring: planar, semi-planar, packed, 8 to 16 bits,
/// both byte orders, all subsamplings, with and without alpha.
fn layouts() -> Vec<Layout> {
    let mut out = Vec::new();
    for alpha in [false, true] {
        for depth in [8, 16] {
            for family in [Family::Rgb, Family::Grey, Family::Ink] {
                out.push(Layout::packed(family, alpha, depth));
            }
        }
    }
    for (x, y) in [(1, 1), (1, 0), (0, 0), (2, 0), (0, 1), (2, 2)] {
        for depth in [8, 10, 12, 16] {
            for big_endian in [false, depth > 8] {
                out.push(planar(x, y, depth, big_endian));
            }
        }
    }
    out.push(semi_planar());
    out
}

fn planar(x: u8, y: u8, depth: u8, big_endian: bool) -> Layout {
    let step = depth.div_ceil(8);
    let plane = |sub| PlaneLayout { sub, step };
    let chroma = Subsampling {
        shift_x: x,
        shift_y: y,
    };
    let component = |plane| Component {
        plane,
        offset: 0,
        shift: 0,
        depth,
    };
    Layout {
        family: Family::Yuv,
        alpha: false,
        big_endian,
        planes: vec![plane(Subsampling::default()), plane(chroma), plane(chroma)],
        components: vec![component(0), component(1), component(2)],
    }
}

fn semi_planar() -> Layout {
    let component = |plane, offset| Component {
        plane,
        offset,
        shift: 0,
        depth: 8,
    };
    Layout {
        family: Family::Yuv,
        alpha: false,
        big_endian: false,
        planes: vec![
            PlaneLayout {
                sub: Subsampling::default(),
                step: 1,
            },
            PlaneLayout {
                sub: Subsampling {
                    shift_x: 1,
                    shift_y: 1,
                },
                step: 2,
            },
        ],
        components: vec![component(0, 0), component(1, 0), component(1, 1)],
    }
}

fn info(layout: Layout, size: Size) -> FrameInfo {
    let mut info = FrameInfo::picture(size, layout);
    info.colour.range = Some(Range::Limited);
    info
}

/// Bytes that follow from a seed; cheap, and different for every seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

fn planes(info: &FrameInfo, seed: u64) -> Vec<Vec<u8>> {
    (0..info.layout.planes.len())
        .map(|i| {
            let (row, rows) = info.layout.plane_size(i, info.size);
            noise(seed + i as u64 * 77, row * rows)
        })
        .collect()
}

/// `a` with every position of `b` that lies in one of the rectangles.
fn mix(info: &FrameInfo, a: &[Vec<u8>], b: &[Vec<u8>], rects: &[PxRect]) -> Vec<Vec<u8>> {
    let mut out = a.to_vec();
    for rect in rects {
        let rect = rect.clip(info.size);
        for (i, plane) in info.layout.planes.iter().enumerate() {
            if rect.is_empty() {
                continue;
            }
            let cells = plane.sub.cover(rect);
            let (row, rows) = info.layout.plane_size(i, info.size);
            let step = usize::from(plane.step);
            for y in cells.y0 as usize..(cells.y1 as usize).min(rows) {
                let from = y * row + cells.x0 as usize * step;
                let to = (y * row + cells.x1 as usize * step).min((y + 1) * row);
                out[i][from..to].copy_from_slice(&b[i][from..to]);
            }
        }
    }
    out
}

fn redacted(info: &FrameInfo, planes: Vec<Vec<u8>>, rects: &[PxRect], how: Fill) -> RedactedFrame {
    let frame = RawFrame::new(0, info.clone(), planes).unwrap();
    let look = Examination {
        frame: frame.id(),
        seconds: 0.0,
        area: info.size.rect(),
        model: ModelId([0; 32]),
        found: vec![],
    };
    let sealed = Regions::seal(frame.id(), 0.0, info.size, &[&look], 1.0, rects.to_vec()).unwrap();
    let out = redact(frame, &sealed, how);
    assert!(out.blanked().is_none());
    out
}

fn bytes(frame: &RedactedFrame) -> Vec<u8> {
    frame
        .planes()
        .iter()
        .flat_map(|p| p.bytes().to_vec())
        .collect()
}

/// 10^4 cases: about 300 for each of the layouts. Together they take a few seconds.
const CASES: u32 = 10_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_lies_inside_the_regions_does_not_matter(
        which in 0..layouts().len(),
        width in 1u32..40,
        height in 1u32..30,
        rects in prop::collection::vec((0u32..45, 0u32..35, 1u32..20, 1u32..20), 1..5),
        seed in any::<u64>(),
        surround in any::<bool>(),
    ) {
        let size = Size { width, height };
        let info = info(layouts()[which].clone(), size);
        let rects: Vec<PxRect> = rects
            .iter()
            .map(|&(x0, y0, w, h)| PxRect { x0, y0, x1: x0 + w, y1: y0 + h })
            .collect();
        let how = if surround { Fill::Surround } else { Fill::Solid };
        let (seed, other) = (seed >> 1, (seed >> 1) ^ 0x5a5a);
        let (a, b) = (planes(&info, seed), planes(&info, other));
        let mixed = mix(&info, &a, &b, &rects);
        let one = redacted(&info, a.clone(), &rects, how);
        let two = redacted(&info, mixed, &rects, how);
        prop_assert_eq!(bytes(&one), bytes(&two));
        outside_is_untouched(&info, &a, &one, &rects)?;
    }
}

/// Positions away from every (aligned) region are what they were.
fn outside_is_untouched(
    info: &FrameInfo,
    before: &[Vec<u8>],
    after: &RedactedFrame,
    rects: &[PxRect],
) -> Result<(), TestCaseError> {
    let align = info.layout.coarsest();
    for (i, (plane, out)) in info.layout.planes.iter().zip(after.planes()).enumerate() {
        let step = usize::from(plane.step);
        for y in 0..out.rows() {
            for x in 0..out.row_len() / step {
                let inside = rects.iter().any(|r| {
                    let clipped = r.clip(info.size);
                    let c = plane.sub.cover(align.align(clipped));
                    !clipped.is_empty()
                        && (c.x0 as usize..c.x1 as usize).contains(&x)
                        && (c.y0 as usize..c.y1 as usize).contains(&y)
                });
                let at = y * out.row_len() + x * step;
                if !inside {
                    prop_assert_eq!(&before[i][at..at + step], &out.row(y)[x * step..][..step]);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn regions_of_another_frame_blank_it() {
    let size = Size {
        width: 16,
        height: 16,
    };
    let info = info(Layout::packed(Family::Rgb, false, 8), size);
    let frame = RawFrame::new(0, info.clone(), planes(&info, 5)).unwrap();
    let other = RawFrame::new(0, info.clone(), planes(&info, 6)).unwrap();
    let sealed = Regions::blank(other.id(), scrim_raw::Reason::Detector);
    let out = redact(frame, &sealed, Fill::Solid);
    assert_eq!(out.blanked(), Some(scrim_raw::Reason::WrongFrame));
    assert!(bytes(&out).iter().all(|b| *b == 0));
}
