//! Files that libjpeg wrote, in all its ways of sending the same coefficients.

use scrim_jpeg::{Coefficients, PixelRect};

const LIMIT: usize = 1 << 20;
const BASELINE: &[u8] = include_bytes!("data/baseline.jpg");
const OTHERS: [&[u8]; 6] = [
    include_bytes!("data/arithmetic.jpg"),
    include_bytes!("data/arithmetic_progressive.jpg"),
    include_bytes!("data/arithmetic_restarts.jpg"),
    include_bytes!("data/scans.jpg"),
    include_bytes!("data/progressive.jpg"),
    include_bytes!("data/progressive_restarts.jpg"),
];

/// The blocks that show, which every way of sending holds: those of 43 by 29 pixels at 4:2:0.
fn visible(picture: &Coefficients) -> Vec<[i16; 64]> {
    let mut blocks = Vec::new();
    for (component, across, down) in [(0, 6, 4), (1, 3, 2), (2, 3, 2)] {
        for by in 0..down {
            blocks.extend((0..across).filter_map(|bx| picture.block(component, bx, by)));
        }
    }
    assert_eq!(blocks.len(), 24 + 6 + 6);
    blocks
}

fn read(file: &[u8]) -> Coefficients {
    Coefficients::read(file, LIMIT).expect("libjpeg files read")
}

#[test]
fn every_way_of_sending_gives_the_same_coefficients() {
    let baseline = read(BASELINE);
    assert!(
        visible(&baseline)
            .iter()
            .flatten()
            .filter(|&&v| v != 0)
            .count()
            > 500
    );
    for file in OTHERS {
        assert_eq!(visible(&read(file)), visible(&baseline));
    }
}

#[test]
fn what_libjpeg_wrote_survives_a_rewrite() {
    for file in [BASELINE].into_iter().chain(OTHERS) {
        let picture = read(file);
        let again = read(&picture.write());
        assert_eq!(visible(&again), visible(&picture));
        assert_eq!(again.progressive(), picture.progressive());
        assert_eq!(
            again.components()[0].quant(),
            picture.components()[0].quant()
        );
    }
}

#[test]
fn a_blanked_unit_is_gone_from_the_file() {
    for file in [BASELINE].into_iter().chain(OTHERS) {
        let mut picture = read(file);
        let before = visible(&picture);
        picture.blank(
            PixelRect {
                x0: 20,
                y0: 5,
                x1: 21,
                y1: 6,
            },
            [0, 128, 128, 0],
        );
        let after = visible(&read(&picture.write()));
        let changed = before.iter().zip(&after).filter(|(b, a)| b != a).count();
        assert_eq!(changed, 4 + 1 + 1);
    }
}
