fn twice(frame: scrim_raw::RawFrame) -> (scrim_raw::RawFrame, scrim_raw::RawFrame) {
    (frame.clone(), frame)
}

fn main() {}
