#!/usr/bin/env bash
# Checks licences, bans and sources of all dependencies (deny.toml). Installs cargo-deny where it is
# missing, which takes some minutes once.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-deny >/dev/null || {
    echo "installing cargo-deny"
    # Unoptimised is quick enough for it, and builds in half the time.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install cargo-deny --version '^0.20' --locked --quiet
}
cargo deny check --hide-inclusion-graph licenses bans sources
