fn planes(frame: scrim_raw::RawFrame) -> Vec<Vec<u8>> {
    frame.take().1
}

fn main() {}
