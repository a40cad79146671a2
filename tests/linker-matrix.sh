#!/usr/bin/env bash
# Whether notes survive every linker that is installed, with the options that lose most: a program that only names a
# plugin's crate, and a shared object, each built in release, linked with `--gc-sections`, stripped, and listed by
# `lk-go plugin list` from its bytes. Without and with LTO, thin and fat, the latter at `-Oz` and, for programs, with
# `panic = "abort"`.
#
# Usage: tests/linker-matrix.sh [LINKER…]    (bfd gold lld mold rust-lld; those that are installed unless named)
#        tests/linker-matrix.sh --default    (one cell: the linker and the options that Cargo takes by itself)
# LK_GO is a lk-go that is built already; else one is built. Debian: apt-get install binutils lld mold. All of it takes three
# to four minutes on two cores, nearly all for the first linker; the one cell seconds when it is built again, for it is kept.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$repository/target}
if [ "${1:-}" = --default ]; then
  linkers=(default) ltos=(false) work=$target/linker-matrix
else
  for linker in "$@"; do
    case $linker in
      bfd | gold | lld | mold | rust-lld) ;;
      *) echo "there is no linker \`$linker\`; choose from bfd, gold, lld, mold, rust-lld, or --default alone" >&2; exit 2 ;;
    esac
  done
  linkers=("$@") ltos=(off thin fat) work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
list=${LK_GO:-$target/debug/lk-go}
if [ -z "${LK_GO:-}" ]; then cargo build --quiet --manifest-path "$repository/Cargo.toml" -p lk-go; fi

# One lock file, so that what was fetched for the repository is enough.
mkdir -p "$work/program/src" "$work/object/src"
cat > "$work/Cargo.toml" <<'TOML'
[workspace]
resolver = "3"
members = ["program", "object"]
TOML
cp "$repository/Cargo.lock" "$work/Cargo.lock"
write() { # folder, more of the manifest, file, source
  cat > "$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.1.0"
edition = "2024"
[dependencies]
lk-plugin = { path = "$repository/lk-plugin" }
twin-one = { path = "$repository/tests/fixtures/twin-one" }
$2
TOML
  printf '%s\n' "$4" > "$work/$1/src/$3"
}
write program '' main.rs $'use twin_one as _;\nfn main() {}'
write object $'[lib]\ncrate-type = ["cdylib"]' lib.rs $'use twin_one as _;\nlk_plugin::export_plugins!(from = ["twin-one"]);'

flags=-Clink-arg=-Wl,--gc-sections
# The compiler always calls this, so that another linker does not mean that everything is built again.
bundled=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/gcc-ld
mkdir -p "$work/mold"
cat > "$work/cc" <<SH
#!/bin/sh
case \$LK_LINKER in
  rust-lld) exec $(command -v cc) -B'$bundled' -fuse-ld=lld "\$@" ;;
  mold) exec $(command -v cc) -B'$work/mold' "\$@" ;;  # compilers before GCC 12 do not know it by name
  *) exec $(command -v cc) -fuse-ld="\$LK_LINKER" "\$@" ;;
esac
SH
chmod +x "$work/cc"
if [ "${linkers[*]}" != default ]; then flags="-Clinker=$work/cc -Clinker-features=-lld $flags"; fi
export RUSTFLAGS=$flags
if command -v mold >/dev/null; then ln -sf "$(command -v mold)" "$work/mold/ld"; fi

if [ ${#linkers[@]} = 0 ]; then
  for linker in bfd gold lld mold; do
    if command -v "ld.$linker" >/dev/null; then linkers+=("$linker"); else echo "skipped: ld.$linker is not installed"; fi
  done
  linkers+=(rust-lld) # what the compiler takes by itself on x86-64 Linux
fi
failed=0
for lto in "${ltos[@]}"; do
  level=$([ "$lto" = fat ] && echo z || echo 3)
  for crate in program object; do
    # For programs also the strictest: nothing unwinds.
    panic=$([ "$crate$lto" = programfat ] && echo abort || echo unwind)
    file=$work/$lto-$panic/release/$([ "$crate" = program ] && echo program || echo libobject.so)
    for linker in "${linkers[@]}"; do
      rm -f "$file"
      touch "$work/$crate"/src/*.rs
      if LK_LINKER=$linker CARGO_TARGET_DIR=$work/$lto-$panic CARGO_PROFILE_RELEASE_LTO=$lto \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$level CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_PROFILE_RELEASE_PANIC=$panic \
        cargo build --quiet --offline --release --manifest-path "$work/$crate/Cargo.toml" 2> "$work/log"; then
        strip -s "$file"
        found=$("$list" plugin list "$file" --format json | tr -d ' \n' | grep -c '"kind":"llm","name":"parrot"' || true)
        if [ "$found" = 1 ]; then verdict=kept; else verdict=LOST failed=1; fi
      else
        verdict="does not build: $(grep -m1 error "$work/log" || true)" failed=1
      fi
      printf '%-9s lto=%-5s opt=%-2s panic=%-7s %-8s %s\n' "$linker" "$lto" "$level" "$panic" "$crate" "$verdict"
    done
  done
done
exit $failed
