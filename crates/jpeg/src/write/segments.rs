//! The segments of a written file. Nothing of the old file's segments is copied: each is made
//! from what was understood, so nothing can hide in one.

use super::codes::CodeTable;
use super::{Part, Plan, TABLES};
use crate::coefficients::Coefficients;
use crate::colour::Colour;
use crate::exif;
use crate::marker::{APP0, APP1, APP14, DHT, DQT, DRI, SOS};
use crate::metadata::Density;
use crate::order::coded;

/// A segment: marker, length (which counts itself), body. Bodies here are a few hundred bytes.
fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend([0xFF, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}

/// Colour model, density and orientation.
pub(crate) fn metadata(out: &mut Vec<u8>, picture: &Coefficients) {
    match picture.colour {
        Colour::Grey | Colour::YCbCr => jfif(out, picture.density()),
        Colour::Rgb => adobe(out, 0),
        Colour::Ycck => adobe(out, picture.metadata.adobe.unwrap_or(2)),
        // Adobe's mark makes some viewers take the inks as inverted: kept as it was.
        Colour::Cmyk if picture.metadata.adobe.is_some() => adobe(out, 0),
        Colour::Cmyk | Colour::Unknown => {}
    }
    if picture.orientation() != 1 {
        segment(
            out,
            APP1,
            &[&b"Exif\0\0"[..], &exif::minimal(picture.orientation())].concat(),
        );
    }
}

/// JFIF 1.02 header without a thumbnail; without a density, square pixels.
fn jfif(out: &mut Vec<u8>, density: Option<Density>) {
    let Density { unit, x, y } = density.unwrap_or(Density {
        unit: 0,
        x: 1,
        y: 1,
    });
    let ([x1, x0], [y1, y0]) = (x.to_be_bytes(), y.to_be_bytes());
    segment(
        out,
        APP0,
        &[b'J', b'F', b'I', b'F', 0, 1, 2, unit, x1, x0, y1, y0, 0, 0],
    );
}

/// Adobe header (Adobe Technical Note 5116): version 100, no flags.
fn adobe(out: &mut Vec<u8>, transform: u8) {
    segment(
        out,
        APP14,
        &[b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, transform],
    );
}

/// Quantisation tables, each once. Returns for each component the number of its table.
pub(crate) fn quantisers(out: &mut Vec<u8>, picture: &Coefficients) -> Vec<u8> {
    let mut tables: Vec<[u16; 64]> = Vec::new();
    let mut numbers = Vec::new();
    for component in &picture.components {
        let table = component.quant();
        let known = tables.iter().position(|t| *t == table);
        let number = known.unwrap_or(tables.len());
        numbers.push(number as u8);
        if known.is_none() {
            quantiser(out, number as u8, &table);
            tables.push(table);
        }
    }
    numbers
}

fn quantiser(out: &mut Vec<u8>, number: u8, table: &[u16; 64]) {
    let steps = coded(table);
    let wide = steps.iter().any(|&step| step > 255);
    let mut body = vec![u8::from(wide) << 4 | number];
    for [high, low] in steps.map(u16::to_be_bytes) {
        if wide {
            body.push(high);
        }
        body.push(low);
    }
    segment(out, DQT, &body);
}

/// Frame header: baseline where its rules allow (T.81 table B.4: 8-bit steps only).
pub(crate) fn frame(out: &mut Vec<u8>, picture: &Coefficients, tables: &[u8]) {
    let wide = picture
        .components
        .iter()
        .any(|c| c.quant().iter().any(|&step| step > 255));
    let marker = match (picture.progressive, wide) {
        (true, _) => 0xC2,
        (false, true) => 0xC1,
        (false, false) => 0xC0,
    };
    let mut body = vec![8];
    body.extend(picture.height.to_be_bytes());
    body.extend(picture.width.to_be_bytes());
    body.push(picture.components.len() as u8);
    for (component, table) in picture.components.iter().zip(tables) {
        body.extend([component.id(), component.h() << 4 | component.v(), *table]);
    }
    segment(out, marker, &body);
}

/// Restart interval, if there is one.
pub(crate) fn restart_interval(out: &mut Vec<u8>, picture: &Coefficients) {
    if picture.restart_interval > 0 {
        segment(out, DRI, &picture.restart_interval.to_be_bytes());
    }
}

/// The Huffman tables that have symbols, DC tables first.
pub(crate) fn huffman(out: &mut Vec<u8>, tables: &[CodeTable; 2 * TABLES]) {
    for (n, table) in tables
        .iter()
        .enumerate()
        .filter(|(_, t)| !t.symbols.is_empty())
    {
        let head = (((n / TABLES) << 4) | (n % TABLES)) as u8;
        segment(
            out,
            DHT,
            &[&[head][..], &table.counts, &table.symbols].concat(),
        );
    }
}

/// Scan header.
pub(crate) fn scan(out: &mut Vec<u8>, picture: &Coefficients, plan: &Plan) {
    let mut body = vec![plan.components.len() as u8];
    for &n in &plan.components {
        let Some(component) = picture.components.get(n) else {
            continue;
        };
        let table = u8::from(picture.colour.is_difference(n));
        // A table that the scan does not use is told as 0 (B.2.3).
        let tables = match plan.part {
            Part::Whole => table << 4 | table,
            Part::Dc => table << 4,
            Part::Ac(..) => table,
        };
        body.extend([component.id(), tables]);
    }
    let (first, last) = match plan.part {
        Part::Whole => (0, 63),
        Part::Dc => (0, 0),
        Part::Ac(first, last) => (first, last),
    };
    body.extend([first, last, 0]);
    segment(out, SOS, &body);
}
