#!/usr/bin/env bash
# What we depend on, and whether others can depend on us.
#
#   tests/supply-chain.sh [advisories|semver|licences|unused|notices|features|minimal|msrv|package]…   all but the first two unless named
#
# advisories  known holes and crates given up, of each lock file here: cargo-deny, which fetches RustSec's database
# semver    whether the version says enough of what changed in public since the last release, or since the revision BASELINE:
#           cargo-semver-checks
# licences  every crate's licence, source and the banned ones: cargo-deny and deny.toml
# unused    dependencies that nothing uses: cargo-machete
# notices   THIRD-PARTY-CRATES.md names what is in the lock file: cargo-deny
# features  each feature of each package alone: cargo-hack
# minimal   the lowest versions that the manifests allow (of direct dependencies): a nightly Cargo
# msrv      the Rust version that the root manifest states: its toolchain
# package   each crate packs to less than 10 MiB, and what lk-plugin-macros packs to compiles by itself
#
# A tool that is missing is named with the command that installs it, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { # tool, how to install it
  command -v "$1" >/dev/null || { echo "$1 is missing; run: $2" >&2; return 1; }
}

msrv_version() { sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml; }

advisories() {
  need cargo-deny "cargo install --locked cargo-deny"
  local lock
  git ls-files '*Cargo.lock' | while read -r lock; do
    printf '%s: ' "$lock"
    cargo deny --all-features --manifest-path "${lock%lock}toml" --config deny.toml check advisories
  done
}

semver() {
  need cargo-semver-checks "cargo install --locked cargo-semver-checks"
  local baseline
  baseline=${BASELINE:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null)} ||
    { echo "nothing was released yet; name what to compare with: BASELINE=REVISION tests/supply-chain.sh semver" >&2; return 1; }
  cargo semver-checks -p lk-plugin -p lk-plugins -p lk-go --baseline-rev "$baseline"
}

licences() {
  need cargo-deny "cargo install --locked cargo-deny"
  cargo deny --all-features check licenses bans sources
}

unused() {
  need cargo-machete "cargo install --locked cargo-machete"
  cargo machete
}

notices() {
  need cargo-deny "cargo install --locked cargo-deny"
  mkdir -p target
  {
    printf '# The crates that ours are built with\n\n'
    printf 'Written by `tests/supply-chain.sh notices`, for all features and platforms, tests and benches included. Each package holds the\n'
    printf 'texts of its licences; where several are named, the crate may be had under one or all of them, as its manifest says.\n\n'
    printf '| crate | version | licences |\n|---|---|---|\n'
    cargo deny --color never --all-features list --layout crate --format human |
      sed -nE 's/^([^@ ]+)@([^ ]+) \([0-9]+\): (.*)$/| \1 | \2 | \3 |/p'
  } > target/third-party-crates.md
  [ "$(wc -l < target/third-party-crates.md)" -gt 50 ] || { echo "cargo-deny listed no crates" >&2; return 1; }
  diff --brief target/third-party-crates.md THIRD-PARTY-CRATES.md ||
    { echo "THIRD-PARTY-CRATES.md is old; copy target/third-party-crates.md over it" >&2; return 1; }
}

features() {
  need cargo-hack "cargo install --locked cargo-hack"
  # Tests and benches want some features together; what is published must do with each alone.
  cargo hack clippy --each-feature -p lk-plugin -p lk-plugin-macros -p lk-plugins -p lk-go -- -D warnings
}

# In a copy, since it writes the lock file anew.
minimal() {
  cargo +nightly --version >/dev/null || { echo "nightly is missing; run: rustup toolchain install nightly" >&2; return 1; }
  local copy
  copy=$(mktemp -d)
  git ls-files -z | xargs -0 cp --parents -t "$copy"
  (
    cd "$copy"
    cargo +nightly update -Z direct-minimal-versions
    CARGO_TARGET_DIR="$OLDPWD/target/minimal" cargo check -p lk-plugin -p lk-plugins -p lk-go --all-features
  )
  rm -rf "$copy"
}

msrv() {
  local version
  version=$(msrv_version)
  rustc "+$version" --version >/dev/null 2>&1 || rustc "+$version.0" --version >/dev/null ||
    { echo "Rust $version is missing; run: rustup toolchain install $version.0 --profile minimal" >&2; return 1; }
  rustc "+$version" --version >/dev/null 2>&1 || version=$version.0
  CARGO_TARGET_DIR=target/msrv cargo "+$version" check --workspace --all-features
}

# The crates depend on each other by exact version and none is published, so Cargo can compile only the first of them from
# its package alone; `cargo package --workspace` does it with all, through a registry of its own, from Cargo 1.90 on.
package() {
  # Cargo keeps what it unpacked and built of its own registry, and would take that again for another package of the same version.
  rm -rf target/packages "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/lk-{plugin,plugin-macros,plugins,go}-[0-9]*
  cargo package --target-dir target/packages --workspace --allow-dirty --exclude integration-tests --exclude ui-tests --exclude energy-vad \
    --exclude twin-one --exclude twin-two
  local crate size
  for crate in target/packages/package/lk-*.crate; do
    size=$(stat -c %s "$crate")
    printf '%s: %d KiB\n' "${crate##*/}" $((size / 1024))
    [ "$size" -lt $((10 * 1024 * 1024)) ] || { echo "$crate is over 10 MiB" >&2; return 1; }
  done
}

[ $# -gt 0 ] || set -- licences unused notices features minimal msrv package
for check; do
  case $check in
    advisories | semver | licences | unused | notices | features | minimal | msrv | package) printf '\n==> %s\n' "$check" && "$check" ;;
    *) echo "\`$check\` is no check; there are advisories, features, licences, minimal, msrv, notices, package, semver and unused" >&2 && exit 2 ;;
  esac
done
