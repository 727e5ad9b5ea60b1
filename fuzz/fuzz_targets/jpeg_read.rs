//! Any bytes: refused, or read and written so that reading again gives the same picture.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use scrim_jpeg::Coefficients;

/// Strict bound on coefficients; small, so that a run tries many files.
const LIMIT: usize = 4 << 20;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(first) = Coefficients::read(data, LIMIT) else {
        return Corpus::Keep;
    };
    let written = first.write();
    let second = Coefficients::read(&written, LIMIT).expect("what was written can be read");
    assert_same(&first, &second);
    assert_eq!(written, second.write(), "writing is a fixed point");
    assert!(second.dropped().is_empty(), "nothing is left to drop");
    Corpus::Keep
});

fn assert_same(a: &Coefficients, b: &Coefficients) {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    assert_eq!(a.orientation(), b.orientation());
    assert_eq!(a.progressive(), b.progressive());
    assert_eq!(a.colour(), b.colour());
    assert_eq!(a.components().len(), b.components().len());
    for (n, (p, q)) in a.components().iter().zip(b.components()).enumerate() {
        assert_eq!((p.h(), p.v(), p.quant()), (q.h(), q.v(), q.quant()));
        assert_eq!((p.across(), p.down()), (q.across(), q.down()));
        for by in 0..p.down() {
            for bx in 0..p.across() {
                assert_eq!(
                    a.block(n, bx, by),
                    b.block(n, bx, by),
                    "block {bx},{by} of {n}"
                );
            }
        }
    }
}
