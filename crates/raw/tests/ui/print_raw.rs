fn log(frame: &scrim_raw::RawFrame) -> String {
    format!("{frame:?}")
}

fn main() {}
