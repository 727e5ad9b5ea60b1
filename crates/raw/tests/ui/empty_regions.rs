fn nothing() -> scrim_raw::Regions {
    scrim_raw::Regions::default()
}

fn main() {}
