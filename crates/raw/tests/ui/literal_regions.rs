fn nothing(frame: scrim_units::FrameId) -> scrim_raw::Regions {
    scrim_raw::Regions { frame, rects: Vec::new(), blank: None }
}

fn main() {}
