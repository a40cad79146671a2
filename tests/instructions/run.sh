#!/usr/bin/env bash
# Counts instructions and allocations of the hot paths under valgrind, and fails when a path takes 5 % more instructions, or
# one allocation more, than the table in src/lib.rs says. How busy the machine is does not matter. When a path got cheaper,
# it says so, for the table to be tightened.
#
#   tests/instructions/run.sh
#
# Another compiler makes other instructions of the same source: with a Rust version that is not the table's nothing is
# compared, which is said, and the exit code is 0. So it is on machines other than x86-64 Linux with AVX2. Another C library
# than the table's counts too, since its allocator and its memcpy may differ: that is said, and compared all the same.
#
# Needs valgrind and the runner of gungraun. Run by root on a Debian system, the script installs the first; the second it
# puts into target/tools. Three minutes on two cores from nothing, half a minute after that.
set -euo pipefail
cd "$(dirname "$0")"

table() { sed -n "s/^pub const $1: &str = \"\(.*\)\";\$/\1/p" src/lib.rs; }

nothing() { echo "instructions: nothing was compared: $*"; exit 0; }

wanted=$(table COMPILER)
found=$(rustc --version | cut -d' ' -f2)
case $found in "$wanted" | "$wanted".*) ;; *) nothing "the table is for Rust $wanted, and this is $found" ;; esac
[ "$(uname -sm)" = "Linux x86_64" ] || nothing "the table is for x86-64 Linux, and this is $(uname -sm)"
grep -qw avx2 /proc/cpuinfo || nothing "the table is for processors with AVX2"
library=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2 || true)
[ "$library" = "$(table C_LIBRARY)" ] ||
  echo "instructions: the table is for glibc $(table C_LIBRARY), and this is ${library:-another library}; what allocates may differ"

if ! command -v valgrind >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -qq --no-install-recommends valgrind >/dev/null
  else
    echo "valgrind is missing; run: apt-get install valgrind" >&2
    exit 1
  fi
fi

target=$(cd ../.. && pwd)/target
version=$(sed -n 's/^gungraun = "=\(.*\)".*/\1/p' Cargo.toml)
tools=$target/tools/gungraun-$version
# Not optimised, since that takes longer to build and it only starts valgrind.
[ -x "$tools/bin/gungraun-runner" ] ||
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root "$tools" --version "$version" gungraun-runner

# What changes the code, and with it the counts.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS
export CARGO_INCREMENTAL=0
export CARGO_TARGET_DIR=$target/instructions GUNGRAUN_RUNNER=$tools/bin/gungraun-runner GUNGRAUN_HOME=$target/instructions/gungraun
# The runner would compare with its last run; the table alone counts.
rm -rf "$GUNGRAUN_HOME"

failed=0
cargo bench --locked --bench hot_paths -- --save-summary=json || failed=$?
echo
# Built along with the bench, as a package's programs are.
"$CARGO_TARGET_DIR/release/instructions" "$GUNGRAUN_HOME/instructions/hot_paths/paths" || failed=1
exit "$failed"
