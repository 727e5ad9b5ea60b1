#!/usr/bin/env bash
# Builds all fuzz targets and runs each for some seconds.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]
#
# Plain libFuzzer on the stable compiler: coverage comes from LLVM's own pass, cargo-fuzz is not
# needed. ASAN=1 adds the address sanitizer. What is found lies in fuzz/artifacts/; run it again
# with the program that the message names, and make it a named regression test.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
[ "${#targets[@]}" -gt 0 ] ||
    mapfile -t targets < <(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml)

triple=$(rustc -vV | sed -n 's/^host: //p')
flags=(--cfg=fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares)
folder=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
if [ -n "${ASAN:-}" ]; then
    export RUSTC_BOOTSTRAP=1 # -Z on the stable compiler
    flags+=(-Zsanitizer=address)
    folder+=-asan
fi
command -v c++ >/dev/null || export CXX=clang++

# The program's own versions; cargo adds the two that only fuzzing needs.
cp Cargo.lock fuzz/Cargo.lock
builds=()
for target in "${targets[@]}"; do builds+=(--bin "$target"); done
# With --target the flags do not reach build scripts, which would not link.
RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=$folder cargo build --quiet --release \
    --manifest-path fuzz/Cargo.toml --target "$triple" "${builds[@]}"

python3 fuzz/seeds.py fuzz/corpus
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
for target in "${targets[@]}"; do
    echo "-- $target, $seconds s"
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    TMPDIR=$temp "$folder/$triple/release/$target" "fuzz/corpus/$target" \
        -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -verbosity=0 \
        2>"$temp/$target.log" || {
        tail -40 "$temp/$target.log" >&2
        echo "$target failed; try again: $folder/$triple/release/$target fuzz/artifacts/$target/..." >&2
        exit 1
    }
    # stat::number_of_executed_units: 12345
    awk '/^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)/ {
        sub("stat::", "", $1); printf "   %s %s", $1, $2 } END { print "" }' "$temp/$target.log"
done
