fn write(frame: &scrim_raw::RawFrame) -> usize {
    frame.planes().len()
}

fn main() {}
