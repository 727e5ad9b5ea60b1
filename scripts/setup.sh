#!/usr/bin/env bash
# Installs what building and testing need on a fresh Debian 12 that has Rust: FFmpeg with its
# headers, clang for the bindings, Python for the sample, and packages that are named as arguments.
# Does nothing where all is there.
set -euo pipefail

packages=(ffmpeg libavcodec-dev libavformat-dev libavutil-dev libswscale-dev
    clang libclang-dev g++ pkg-config python3 python3-venv "$@")

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "installing: ${missing[*]}"
    root=""
    [ "$(id -u)" = 0 ] || root="sudo"
    $root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
command -v cargo >/dev/null || {
    echo "cargo is missing: install Rust 1.95 or newer (https://rustup.rs)" >&2
    exit 1
}
