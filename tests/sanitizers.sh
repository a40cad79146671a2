#!/usr/bin/env bash
# The boundary of plugin files under the sanitizers: AddressSanitizer with LeakSanitizer, and ThreadSanitizer, each over
# both sides of the boundary in one process (lk-plugin's own tests of `abi`, `dynamic`, streams and the monitor), and
# AddressSanitizer over files that are loaded (tests/tests/loading). The standard library is built with the sanitizer too;
# the plugin files that the tests build are plain, as a stranger's would be.
#
# Usage: tests/sanitizers.sh [boundary|threads|loading]…    (all unless named)
# Needs nightly with rust-src, on Linux with glibc, x86-64 unless TARGET says otherwise. From nothing: ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${TARGET:-x86_64-unknown-linux-gnu}

under() { # sanitizer, what cargo test is told
  local sanitizer=$1
  shift
  printf '\n==> %s: %s\n' "$sanitizer" "$*"
  # One folder for each: the standard library differs.
  RUSTFLAGS="-Zsanitizer=$sanitizer" CARGO_TARGET_DIR="target/sanitizers/$sanitizer" CARGO_PROFILE_DEV_DEBUG=line-tables-only \
    cargo +nightly test -Zbuild-std --target "$target" "$@"
}

core=(-p lk-plugin --lib --features "adapters dynamic log resample tokio")
parts=("$@")
[ $# = 0 ] && parts=(boundary threads loading)
for part in "${parts[@]}"; do
  case $part in
    boundary) ASAN_OPTIONS=detect_stack_use_after_return=1 under address "${core[@]}" ;;
    threads) under thread "${core[@]}" ;;
    # A file that crashes must end by the signal that the tests wait for. Without whole stacks nothing could be told apart
    # from what is kept for good.
    loading)
      ASAN_OPTIONS=detect_stack_use_after_return=1:handle_segv=0:fast_unwind_on_malloc=0 \
        LSAN_OPTIONS=suppressions=$PWD/tests/leaks-for-good.txt:print_suppressions=0 \
        under address -p integration-tests --test loading
      ;;
    *) echo "there is no part \`$part\`; choose from boundary, loading, threads" >&2; exit 2 ;;
  esac
done
