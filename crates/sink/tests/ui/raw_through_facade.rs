use scrim_frame::RawFrame;

fn main() {}
