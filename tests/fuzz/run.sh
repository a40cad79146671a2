#!/usr/bin/env bash
# Runs the fuzz targets, each for a while, from the corpus in this folder and what earlier runs found. A finding ends the
# run with exit code 1, the panic, and the bytes in `artifacts/TARGET`.
#
# Usage: tests/fuzz/run.sh [TARGET|all] [SECONDS]    (all targets, 600 s each, unless told)
#        tests/fuzz/run.sh keep TARGET              (adds the smallest of what covers more than the corpus does to it)
# Needs nightly, a C++ compiler, and cargo-fuzz: cargo install cargo-fuzz. The first build takes five minutes.
set -euo pipefail
cd "$(dirname "$0")"

# The longest input, in bytes, and the options of libFuzzer that are not the same for all.
longest() {
  case $1 in
    vad) echo 256 ;;
    sentences) echo 1024 ;;
    attribute | audio) echo 2048 ;;
    *) echo 4096 ;;
  esac
}

# Nothing that is read may ask for much memory at once, or take long.
run() { # target, more options and folders
  local target=$1 dictionary=()
  shift
  [ -f "dict/$target.dict" ] && dictionary=("-dict=dict/$target.dict")
  cargo +nightly fuzz run --fuzz-dir . "$target" "$@" \
    -max_len="$(longest "$target")" -malloc_limit_mb=64 -rss_limit_mb=2048 -timeout=10 "${dictionary[@]}"
}

if [ "${1:-all}" = keep ]; then
  target=$2
  new=$(mktemp -d)
  trap 'rm -rf "$new"' EXIT
  run "$target" "$new" "corpus/$target" "target/found/$target" -- -set_cover_merge=1
  # A corpus of thousands would be a burden to every clone; a run makes one in a minute.
  find "$new" -type f -size -513c -printf '%s %p\n' | sort -n | head -n 40 | cut -d' ' -f2 | while read -r file; do
    cp -n "$file" "corpus/$target/"
  done
  exit
fi

targets=("${1:-all}")
[ "${targets[0]}" = all ] && mapfile -t targets < <(cargo +nightly fuzz list --fuzz-dir .)
for target in "${targets[@]}"; do
  mkdir -p "target/found/$target"
  printf '\n==> %s\n' "$target"
  run "$target" "target/found/$target" "corpus/$target" -- -max_total_time="${2:-600}" -print_final_stats=1
done
