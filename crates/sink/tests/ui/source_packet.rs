fn pass_on(packet: scrim_source::CodedPacket, out: &mut scrim_sink::VideoWriter) {
    out.write(packet);
}

fn main() {}
