use super::*;

const CANARY: &[u8] = b"CANARY-Jane-Doe";

/// A profile of these tags, with a marker wherever there is room for one.
fn profile(space: &[u8; 4], tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let text = [&b"desc\0\0\0\0\0\0\0\x10"[..], CANARY].concat();
    let mut all: Vec<(&[u8; 4], Vec<u8>)> = tags.to_vec();
    all.push((b"desc", text.clone()));
    all.push((b"dmnd", text));
    all.push((b"prVt", CANARY.to_vec()));
    let mut out = vec![0; HEADER];
    out[8] = 2;
    out[12..16].copy_from_slice(b"mntr");
    out[16..20].copy_from_slice(space);
    out[20..24].copy_from_slice(b"XYZ ");
    out[36..40].copy_from_slice(b"acsp");
    out[100..100 + CANARY.len()].copy_from_slice(CANARY);
    out.extend((all.len() as u32).to_be_bytes());
    let mut at = HEADER + 4 + 12 * all.len();
    for (name, data) in &all {
        out.extend(*name);
        out.extend((at as u32).to_be_bytes());
        out.extend((data.len() as u32).to_be_bytes());
        at += data.len();
    }
    all.into_iter().for_each(|(_, data)| out.extend(data));
    out.extend(CANARY);
    out
}

fn xyz(x: i32) -> Vec<u8> {
    let values = [x, 1 << 15, 1 << 12];
    let bytes = values.iter().flat_map(|v| v.to_be_bytes());
    b"XYZ \0\0\0\0".iter().copied().chain(bytes).collect()
}

fn gamma(v: u16) -> Vec<u8> {
    [&b"curv\0\0\0\0\0\0\0\x01"[..], &v.to_be_bytes()].concat()
}

fn table(entries: &[u16]) -> Vec<u8> {
    let mut out = b"curv\0\0\0\0".to_vec();
    out.extend((entries.len() as u32).to_be_bytes());
    out.extend(entries.iter().flat_map(|v| v.to_be_bytes()));
    out
}

/// The curve of gamma 2.
fn square() -> Vec<u8> {
    table(&(0..256).map(|i| i * i).collect::<Vec<_>>())
}

fn rgb(curve: Vec<u8>) -> Vec<(&'static [u8; 4], Vec<u8>)> {
    vec![
        (b"wtpt", xyz(62_000)),
        (b"rXYZ", xyz(30_000)),
        (b"gXYZ", xyz(20_000)),
        (b"bXYZ", xyz(10_000)),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ]
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|w| w == &CANARY[..6])
}

#[test]
fn colours_stay_and_texts_go() {
    let source = profile(b"RGB ", &rgb(gamma(563)));
    assert!(holds(&source));
    let reduced = ColourProfile::reduce(&source).unwrap();
    assert!(!holds(reduced.bytes()) && !reduced.is_grey());
    let out = Source {
        bytes: reduced.bytes(),
    };
    for (name, data) in rgb(gamma(563)) {
        assert_eq!(out.tag(name), Some(&data[..]));
    }
    assert_eq!(out.number(0), Some(reduced.bytes().len()));
}

#[test]
fn a_reduced_profile_reduces_to_itself() {
    for source in [
        profile(b"RGB ", &rgb(gamma(461))),
        profile(b"RGB ", &rgb(square())),
        profile(b"GRAY", &[(b"wtpt", xyz(62_000)), (b"kTRC", gamma(563))]),
    ] {
        let once = ColourProfile::reduce(&source).unwrap();
        assert_eq!(ColourProfile::reduce(once.bytes()), Some(once));
    }
}

#[test]
fn numbers_that_no_colour_has_are_refused() {
    let words = i32::from_be_bytes(*b"Jane");
    let mut tags = rgb(gamma(563));
    tags[1].1 = xyz(words);
    assert_eq!(ColourProfile::reduce(&profile(b"RGB ", &tags)), None);
    let mut leap: Vec<u16> = (0..256).map(|i| i * i).collect();
    leap[30] = 0x4341;
    let curves = [
        gamma(1),
        table(&leap),
        table(&[0x4341, 0x4E41, 0x5259]),
        b"mAB \0\0\0\0".to_vec(),
    ];
    for curve in curves {
        assert_eq!(ColourProfile::reduce(&profile(b"RGB ", &rgb(curve))), None);
    }
}

#[test]
fn tables_of_colours_and_inks_are_left_out() {
    let mut tags = rgb(gamma(563));
    tags.push((b"A2B0", vec![0; 40]));
    assert_eq!(ColourProfile::reduce(&profile(b"RGB ", &tags)), None);
    assert_eq!(
        ColourProfile::reduce(&profile(b"CMYK", &rgb(gamma(563)))),
        None
    );
}

/// A property over cut, flipped and random profiles: never a panic, never the marker, always
/// a profile that reduces to itself.
#[test]
fn whatever_comes_in_only_colour_comes_out() {
    let source = profile(b"RGB ", &rgb(square()));
    let mut state = 0x1234_5678_9ABC_DEF1u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % below
    };
    let mut kept = 0;
    for round in 0..20_000 {
        let mut bytes = source.clone();
        for _ in 0..round % 6 {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at.max(1)),
                _ => {
                    let end = (at + CANARY.len()).min(bytes.len());
                    bytes[at..end].copy_from_slice(&CANARY[..end - at]);
                }
            }
        }
        if let Some(out) = ColourProfile::reduce(&bytes) {
            kept += 1;
            assert!(!holds(out.bytes()), "round {round}");
            assert_eq!(ColourProfile::reduce(out.bytes()), Some(out));
        }
    }
    assert!(kept > 3000, "{kept}");
}
