#!/usr/bin/env bash
# Tests what computes on 64-bit ARM, emulated on a machine of another kind: that NEON gives the bits of
# the plain code, and the networks what the training code gives. A skip says why.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu

skip() {
    echo "SKIPPED: 64-bit ARM: $1"
    exit 0
}
[ "$(uname -m)" != aarch64 ] || skip "this machine is one, and all its tests ran there"
command -v rustup >/dev/null || skip "without rustup there is no standard library for it"
rustup target add "$target" 2>/dev/null || skip "rustup could not fetch its standard library"

bash scripts/setup.sh qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -L /usr/aarch64-linux-gnu"
cargo clippy --locked --target "$target" -p scrim-pixels --all-targets -- -D warnings
CI=1 cargo test --locked --target "$target" -p scrim-pixels --lib --tests
cargo test --locked --target "$target" -p scrim-detect --lib --test pytorch_vectors every_level
