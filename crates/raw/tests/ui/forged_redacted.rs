fn forge(info: scrim_raw::FrameInfo, planes: Vec<Vec<u8>>) -> scrim_raw::RedactedFrame {
    scrim_raw::RedactedFrame::filled(info, planes)
}

fn main() {}
