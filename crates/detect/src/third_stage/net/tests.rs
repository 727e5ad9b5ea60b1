//! A block gives the same bits whichever way it goes over its map.

use super::super::scratch::Map;
use super::*;
use crate::weights::Variant;
use scrim_pixels::level::levels_here;

/// Numbers from -1 to 1, as a map within the network has them.
fn noise(map: &mut Map) {
    let mut state = 9_u32;
    map.data.iter_mut().for_each(|value| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
    });
}

#[test]
fn a_block_over_its_whole_map_gives_the_bits_of_row_by_row() {
    let weights = ThirdWeights::embedded(Variant::City).unwrap().unwrap();
    let mut tried = 0;
    // All levels give the scalar code's bits, and it is slow.
    for level in levels_here().into_iter().skip(1) {
        let net = ThirdNetwork::at_level(&weights, level).unwrap();
        for block in &net.blocks {
            let Some(expand) = &block.expand else {
                continue;
            };
            for side in [4, WHOLE] {
                let [rows, whole] = [true, false].map(|by_rows| {
                    let mut scratch = ThirdScratch::default();
                    scratch.maps[0].set_size(side, expand.cin());
                    noise(&mut scratch.maps[0]);
                    if by_rows {
                        net.by_rows(block, &mut scratch);
                    } else {
                        net.whole(block, expand, &mut scratch);
                    }
                    let out = &scratch.maps[0];
                    (out.side, out.channels, out.data.to_vec())
                });
                assert!(rows.2.iter().any(|value| *value != 0.0));
                assert_eq!(rows, whole, "{level}, {side}");
                tried += 1;
            }
        }
    }
    assert!(tried > 0 || levels_here().len() == 1);
}
