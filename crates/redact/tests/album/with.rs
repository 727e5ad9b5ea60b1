//! Files with a marker in every place that is not a sample.

/// The marker.
pub const CANARY: &[u8] = b"CANARY-48.8584N-Jane-Doe";

pub fn holds_canary(data: &[u8]) -> bool {
    data.windows(CANARY.len()).any(|w| w == CANARY)
}

/// A TIFF block with an orientation, a description and a thumbnail that is all marker.
fn exif() -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0\x02\0".to_vec();
    let entry = |out: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: u32| {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    };
    entry(&mut out, 0x010E, 2, CANARY.len() as u32, 38);
    entry(&mut out, 0x0112, 3, 1, 1);
    out.extend(0u32.to_le_bytes());
    out.extend(CANARY);
    out
}

/// A PNG with text, time, profile, EXIF, private chunks and trailing data.
pub fn png_chunks(png: &[u8]) -> Vec<u8> {
    let header = 8 + 25;
    let mut out = png[..header].to_vec();
    let text = [&b"Comment\0"[..], CANARY].concat();
    let xmp = [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], CANARY].concat();
    let profile = [&b"name\0\0"[..], CANARY].concat();
    for (kind, body) in [
        (b"tEXt", &text[..]),
        (b"iTXt", &xmp),
        (b"iCCP", &profile),
        (b"eXIf", &exif()),
        (b"cHRM", &[CANARY, &[0; 8]].concat()),
        (b"prVt", CANARY),
        (b"pHYs", &CANARY[..9]),
    ] {
        out.extend((body.len() as u32).to_be_bytes());
        let start = out.len();
        out.extend(kind);
        out.extend(body);
        let crc = crc32(&out[start..]);
        out.extend(crc.to_be_bytes());
    }
    out.extend(&png[header..]);
    out.extend(CANARY);
    out
}

/// Checksum of W3C PNG, third edition, annex D.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c: u32, _| {
            if c & 1 == 1 {
                0xEDB8_8320 ^ (c >> 1)
            } else {
                c >> 1
            }
        })
    })
}

/// A JPEG with EXIF, XMP, a profile, IPTC, a comment, private segments and trailing data.
pub fn jpeg_segments(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    for (marker, head) in [
        (0xE1, &[&b"Exif\0\0"[..], &exif()].concat()[..]),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xE2, b"ICC_PROFILE\0\x01\x01"),
        (0xE2, b"MPF\0"),
        (0xED, b"Photoshop 3.0\x008BIM"),
        (0xEB, b"private"),
        (0xE0, b"JFXX\0\x10"),
        (0xFE, b""),
    ] {
        let body = [head, CANARY].concat();
        out.extend([0xFF, marker]);
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
    }
    out.extend(&jpeg[2..]);
    out.extend(CANARY);
    out
}

/// A GIF with a comment, XMP, another application's block, plain text and trailing data.
pub fn gif_extensions(gif: &[u8]) -> Vec<u8> {
    let palette = 3 << ((gif[10] & 7) + 1);
    let head = 13 + palette;
    let mut out = gif[..head].to_vec();
    let block = |out: &mut Vec<u8>, label: u8, name: &[u8]| {
        out.extend([0x21, label]);
        for part in [name, CANARY] {
            if !part.is_empty() {
                out.push(part.len() as u8);
                out.extend(part);
            }
        }
        out.push(0);
    };
    block(&mut out, 0xFE, b"");
    block(&mut out, 0xFF, b"XMP DataXMP");
    block(&mut out, 0xFF, b"OTHERAPP1.0");
    block(&mut out, 0x01, &[0; 12]);
    out.extend(&gif[head..]);
    out.extend(CANARY);
    out
}

/// A WebP with EXIF, XMP, a profile, an unknown chunk and trailing data.
pub fn webp_chunks(webp: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut chunks = Vec::new();
    let mut put = |kind: &[u8; 4], body: &[u8]| {
        chunks.extend(kind);
        chunks.extend((body.len() as u32).to_le_bytes());
        chunks.extend(body);
        chunks.resize(chunks.len() + body.len() % 2, 0);
    };
    let mut head = vec![0x2C, 0, 0, 0];
    head.extend(&(width - 1).to_le_bytes()[..3]);
    head.extend(&(height - 1).to_le_bytes()[..3]);
    put(b"VP8X", &head);
    put(b"ICCP", CANARY);
    let length = u32::from_le_bytes(webp[16..20].try_into().unwrap()) as usize;
    put(b"VP8L", &webp[20..20 + length]);
    put(b"EXIF", &exif());
    put(b"XMP ", CANARY);
    put(b"prVt", CANARY);
    let mut out = b"RIFF".to_vec();
    out.extend((chunks.len() as u32 + 4).to_le_bytes());
    out.extend(b"WEBP");
    out.extend(chunks);
    out.extend(CANARY);
    out
}
