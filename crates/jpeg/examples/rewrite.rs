//! Rewrites a JPEG from its coefficients, optionally with a blanked rectangle, and says how
//! long it took: `rewrite IN OUT [X0 Y0 X1 Y1]`, in stored pixels.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::error::Error;
use std::time::Instant;

use scrim_jpeg::{Coefficients, Colour, PixelRect};

/// 1 GiB: half a gigapixel without subsampling would not fit, any photo does.
const LIMIT: usize = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, corners @ ..] = arguments.as_slice() else {
        return Err("usage: rewrite IN OUT [X0 Y0 X1 Y1]".into());
    };
    let data = std::fs::read(input)?;
    let start = Instant::now();
    let mut picture = Coefficients::read(&data, LIMIT)?;
    let read = start.elapsed();
    if let [x0, y0, x1, y1] = corners {
        let rect = PixelRect {
            x0: x0.parse()?,
            y0: y0.parse()?,
            x1: x1.parse()?,
            y1: y1.parse()?,
        };
        let level = match picture.colour() {
            Colour::YCbCr | Colour::Ycck => [0, 128, 128, 255],
            _ => [0; 4],
        };
        println!("blanked {:?}", picture.blank(rect, level));
    }
    let start = Instant::now();
    let out = picture.write();
    let written = start.elapsed();
    std::fs::write(output, &out)?;
    println!(
        "{} x {} {:?}, read {:.1} ms, write {:.1} ms, {} -> {} bytes, without {:?}",
        picture.width(),
        picture.height(),
        picture.colour(),
        1e3 * read.as_secs_f64(),
        1e3 * written.as_secs_f64(),
        data.len(),
        out.len(),
        picture.dropped(),
    );
    Ok(())
}
