#!/usr/bin/env bash
# Whether notes survive every linker that is installed, with the options that lose most: a program that only names a
# plugin's crate, and a shared object, each built, stripped and listed from its bytes.
#
# Usage: tests/linker-matrix.sh [LINKER…]    (bfd gold lld mold rust-lld; those that are installed unless named)
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$repository/target}
cargo build --quiet --manifest-path "$repository/Cargo.toml" -p lk-go
list=$CARGO_TARGET_DIR/debug/lk-go

write() { # folder, crate type, source
  mkdir -p "$work/$1/src"
  cat > "$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
lk-plugin = { path = "$repository/lk-plugin" }
twin-one = { path = "$repository/tests/fixtures/twin-one" }
$2
TOML
  printf '%s\n' "$4" > "$work/$1/src/$3"
  cp "$repository/Cargo.lock" "$work/$1/Cargo.lock"
}
write program '' main.rs $'use twin_one as _;\nfn main() {}'
write object $'[lib]\ncrate-type = ["cdylib"]' lib.rs $'use twin_one as _;\nlk_plugin::export_plugins!(from = ["twin-one"]);'

linkers=("$@")
if [ ${#linkers[@]} = 0 ]; then
  for linker in bfd gold lld mold; do
    if command -v "ld.$linker" >/dev/null; then linkers+=("$linker"); else echo "skipped: ld.$linker is not installed"; fi
  done
  linkers+=(rust-lld)
fi
failed=0
for linker in "${linkers[@]}"; do
  case $linker in
    rust-lld) flags='' ;; # what rustc takes by itself on x86-64 Linux
    mold) flags="-Clink-arg=-B$work/mold" ; mkdir -p "$work/mold"; ln -sf "$(command -v mold)" "$work/mold/ld" ;;
    *) flags="-Clink-arg=-fuse-ld=$linker" ;;
  esac
  case $linker in rust-lld) ;; *) flags="$flags -Clinker-features=-lld" ;; esac
  for lto in off thin fat; do
    level=$([ "$lto" = fat ] && echo z || echo 3)
    for crate in program object; do
      built=$work/out-$linker-$lto
      # For programs also the strictest: nothing unwinds.
      panic=$([ "$crate$lto" = programfat ] && echo abort || echo unwind)
      if RUSTFLAGS="$flags -Clink-arg=-Wl,--gc-sections" CARGO_TARGET_DIR="$built" CARGO_PROFILE_RELEASE_LTO=$lto \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$level CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_PROFILE_RELEASE_PANIC=$panic \
        cargo build --quiet --offline --release --manifest-path "$work/$crate/Cargo.toml" 2> "$work/log"; then
        file=$built/release/$([ "$crate" = program ] && echo program || echo libobject.so)
        strip -s "$file"
        result=$("$list" plugin list "$file" --format json | tr -d ' \n' | grep -c '"kind":"llm","name":"parrot"' || true)
        [ "$result" = 1 ] && verdict=kept || { verdict=LOST; failed=1; }
      else
        verdict="does not build: $(grep -m1 error "$work/log" || true)"; failed=1
      fi
      printf '%-9s lto=%-5s opt=%-2s %-8s %s\n' "$linker" "$lto" "$level" "$crate" "$verdict"
    done
    rm -rf "$built"
  done
done
exit $failed
