//! What may vary without the result varying: threads, layout, stride, what the workspace saw
//! before; and what a run may not keep allocating.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use scrim_detect::network::{NetInput, Network, NetworkError, Workspace};
use scrim_detect::weights::{Variant, Weights};
use scrim_pixels::level::levels_here;

/// Sizes with every remainder that matters: below one cell, odd, exact, more than one grain of
/// work for a thread.
const SIZES: [(usize, usize); 6] = [
    (1, 1),
    (33, 31),
    (64, 96),
    (321, 17),
    (500, 333),
    (640, 384),
];

fn network() -> Network {
    Network::new(Weights::embedded(Variant::City).unwrap()).unwrap()
}

/// Noise over soft shapes, planes of `width` x `height`.
fn planes(width: usize, height: usize) -> [Vec<u8>; 3] {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    std::array::from_fn(|c| {
        (0..width * height)
            .map(|at| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let (x, y) = ((at % width) as f32, (at / width) as f32);
                let shape = 90.0 + 60.0 * (x / (17.0 + c as f32)).sin() * (y / 23.0).cos();
                (shape + (state >> 58) as f32) as u8
            })
            .collect()
    })
}

fn planar(planes: &[Vec<u8>; 3], width: usize, height: usize) -> NetInput<'_> {
    NetInput::planar(planes.each_ref().map(Vec::as_slice), width, height, width).unwrap()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let network = network();
    for (width, height) in SIZES {
        let planes = planes(width, height);
        let input = planar(&planes, width, height);
        let one = network.raw(&input, &mut Workspace::new(), 1).unwrap();
        for threads in [0, 2, 3, 5, 1000] {
            let many = network.raw(&input, &mut Workspace::new(), threads).unwrap();
            assert!(one == many, "{width}x{height}, {threads} threads");
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    for (width, height) in SIZES {
        let planes = planes(width, height);
        let input = planar(&planes, width, height);
        let mut scalar = None;
        for level in levels_here() {
            let network =
                Network::at_level(Weights::embedded(Variant::City).unwrap(), level).unwrap();
            let raw = network.raw(&input, &mut Workspace::new(), 1).unwrap();
            let scalar = scalar.get_or_insert_with(|| raw.clone());
            assert!(raw == *scalar, "{width}x{height}, {level}");
        }
    }
}

#[test]
fn a_used_workspace_gives_the_same_bits_as_a_new_one() {
    let (network, mut used) = (network(), Workspace::new());
    for (width, height) in SIZES.into_iter().chain(SIZES.into_iter().rev()) {
        let planes = planes(width, height);
        let input = planar(&planes, width, height);
        let fresh = network.raw(&input, &mut Workspace::new(), 2).unwrap();
        assert!(
            network.raw(&input, &mut used, 2).unwrap() == fresh,
            "{width}x{height}"
        );
    }
}

#[test]
fn planes_pixels_and_strides_are_the_same_picture() {
    let (network, mut workspace) = (network(), Workspace::new());
    for (width, height) in SIZES {
        let planes = planes(width, height);
        let expected = network
            .raw(&planar(&planes, width, height), &mut workspace, 1)
            .unwrap();
        // Rows of interleaved pixels with seven bytes behind each that are no picture.
        let mut bytes = Vec::new();
        for y in 0..height {
            for at in y * width..(y + 1) * width {
                bytes.extend(planes.iter().map(|plane| plane[at]));
            }
            bytes.extend([255; 7]);
        }
        let input = NetInput::interleaved(&bytes, width, height, 3 * width + 7).unwrap();
        assert!(
            network.raw(&input, &mut workspace, 1).unwrap() == expected,
            "{width}x{height}"
        );
    }
}

#[test]
fn padding_is_a_black_picture() {
    let (network, mut workspace) = (network(), Workspace::new());
    let (width, height, wide, high) = (70, 41, 96, 64);
    let small = planes(width, height);
    let large: [Vec<u8>; 3] = std::array::from_fn(|c| {
        let sample = |x, y| {
            if x < width && y < height {
                small[c][y * width + x]
            } else {
                0
            }
        };
        (0..wide * high)
            .map(|at| sample(at % wide, at / wide))
            .collect()
    });
    let small = network
        .raw(&planar(&small, width, height), &mut workspace, 1)
        .unwrap();
    let large = network
        .raw(&planar(&large, wide, high), &mut workspace, 1)
        .unwrap();
    assert!(small == large);
}

#[test]
fn a_second_run_holds_no_more_memory() {
    let (network, mut workspace) = (network(), Workspace::new());
    let (large, small) = (planes(640, 384), planes(321, 17));
    network
        .run(&planar(&large, 640, 384), &mut workspace, 1, [0.4; 2])
        .unwrap();
    let held = workspace.footprint();
    for _ in 0..2 {
        network
            .run(&planar(&small, 321, 17), &mut workspace, 1, [0.4; 2])
            .unwrap();
        network
            .run(&planar(&large, 640, 384), &mut workspace, 1, [0.4; 2])
            .unwrap();
        assert_eq!(workspace.footprint(), held);
    }
}

#[test]
fn candidates_are_the_cells_at_or_above_the_floor() {
    let mut workspace = Workspace::new();
    for level in levels_here() {
        let network = Network::at_level(Weights::embedded(Variant::City).unwrap(), level).unwrap();
        let planes = planes(200, 120);
        let input = planar(&planes, 200, 120);
        let raw = network.raw(&input, &mut workspace, 1).unwrap();
        let mut scores: Vec<f32> = raw.scores.iter().flatten().copied().collect();
        scores.sort_by(f32::total_cmp);
        // The floor is a score that occurs: that cell itself is a candidate.
        let floor = [scores[scores.len() / 2]; 2];
        let found = network.run(&input, &mut workspace, 1, floor).unwrap();
        let expected: Vec<_> = raw
            .scores
            .iter()
            .zip(&raw.boxes)
            .flat_map(|(scores, edges)| scores.map(|score| (score, *edges)))
            .filter(|(score, _)| *score >= floor[0])
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|c| (c.score, [c.x0, c.y0, c.x1, c.y1]))
            .collect();
        assert_eq!(found, expected, "{level}");
    }
}

#[test]
fn a_floor_that_is_no_score_is_refused() {
    let (network, planes) = (network(), planes(32, 32));
    let input = planar(&planes, 32, 32);
    for floor in [[f32::NAN, 0.5], [0.5, -0.1], [1.5, 0.5]] {
        let result = network.run(&input, &mut Workspace::new(), 1, floor);
        assert!(
            matches!(result, Err(NetworkError::Floor { .. })),
            "{floor:?}"
        );
    }
}
