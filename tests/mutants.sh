#!/usr/bin/env bash
# Mutation testing of the parts whose mistakes would go furthest: cargo-mutants changes one expression or body at a time,
# and the tests must notice. What the last run said is in docs/trust/mutation.md.
#
# Usage: tests/mutants.sh [vad|registry|config|macros]… [-- options of cargo-mutants, such as --shard 0/4]    (all unless named)
# Needs `cargo install cargo-mutants`. One mutant is built at a time: run two subjects beside each other on two cores.
# A mutant has TIMEOUT seconds (20) for the tests: more on a busy machine.
#
# It works on a copy of the crates concerned, in target/mutants/<subject>, with a smaller manifest for the tests across crates:
# theirs links the command line, which would be linked again for each of a thousand mutants. What the quick tests
# miss is tried again with the slower ones.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/mutants

copy() { # subject
  tree=$work/$1/tree
  rm -rf "$tree" "$work/$1"/*.txt
  mkdir -p "$tree"
  # Each file new, so that nothing of the last mutant's build passes for it.
  cp --recursive Cargo.lock rustfmt.toml lk-plugin lk-plugin-macros lk-plugins lk-go ui-tests tests "$tree/"
  sed -e 's|^members = .*|members = ["lk-plugin", "lk-plugin-macros", "lk-plugins", "tests", "tests/fixtures/twin-one", "tests/fixtures/twin-two", "tests/configs", "ui-tests"]|' \
    -e 's|^exclude = .*|exclude = ["lk-plugins/benches/openai", "tests/fuzz", "lk-go"]|' \
    -e '/^default-members/d' Cargo.toml > "$tree/Cargo.toml"
  cat >> "$tree/Cargo.toml" <<END

[profile.mutants]
inherits = "dev"
debug = 0
[profile.mutants.package.lk-plugin]
opt-level = $([ "$1" = vad ] && echo 2 || echo 0)
[profile.mutants.package.lk-plugins]
opt-level = $([ "$1" = vad ] && echo 1 || echo 0)
END
  {
    cat <<'END'
[package]
name = "integration-tests"
version.workspace = true
edition.workspace = true
license.workspace = true
publish = false
autolib = false
autobins = false
autotests = false

[dev-dependencies]
lk-plugin = { workspace = true, features = ["toml", "url", "yaml"] }
lk-plugins = { workspace = true, features = ["fake", "silero"] }
fastrand.workspace = true
jsonschema.workspace = true
pollster.workspace = true
serde_json.workspace = true
tempfile.workspace = true
twin-one = { path = "fixtures/twin-one" }
twin-two = { path = "fixtures/twin-two" }
url.workspace = true
END
    for test in attribute config config_files config_nested duplicates registry schema; do
      printf '\n[[test]]\nname = "%s"\n' "$test"
    done
  } > "$tree/tests/Cargo.toml"
  # Those that need the core alone, so that no more is built for each mutant of it.
  mkdir "$tree/tests/configs"
  {
    sed -e 's/^name = .*/name = "config-tests"/' -e '/^lk-plugins\|^fastrand\|^jsonschema\|^twin-/d' -e '/^\[\[test/,$d' "$tree/tests/Cargo.toml"
    for test in config config_files config_nested; do
      file=$test.rs
      [ -e "tests/tests/$file" ] || file=$test/main.rs
      printf '\n[[test]]\nname = "%s"\npath = "../tests/%s"\n' "$test" "$file"
    done
  } > "$tree/tests/configs/Cargo.toml"
  # cargo-mutants does not see modules that a macro declares. This declares it again, never to be compiled.
  printf '\n#[cfg(any())]\nmod silero;\n' >> "$tree/lk-plugins/src/lib.rs"
}

# The mutants of some files against some tests of one package.
try() { # subject, files, package, options of Cargo that choose tests, perhaps -- and options of these tests
  local subject=$1 files=$2 package=$3 chosen=() own=()
  shift 3
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    chosen+=("$1")
    shift
  done
  # What stands behind `--` of cargo-mutants is not for its build, which would then be another one.
  [ ${#chosen[@]} = 0 ] || own=("${chosen[@]/#/--cargo-arg=}")
  export CARGO_TARGET_DIR=$work/$subject/target CARGO_INCREMENTAL=1
  # cargo-mutants would first run the mutated package's tests, whichever are named.
  (cd "$tree" && cargo test --quiet --profile mutants --package "$package" "${chosen[@]}" "$@" > "$work/$subject/baseline.log" 2>&1) ||
    { cat "$work/$subject/baseline.log"; echo "these tests fail without a mutant"; exit 1; }
  # 2 is "some were missed", 3 "some ran out of time": both are results.
  cargo mutants --dir "$tree" --output "$work/$subject" --in-place --baseline skip --profile mutants --timeout "${TIMEOUT:-20}" \
    --file "$files" --exclude '**/fuzzing.rs' "${options[@]}" --test-package "$package" "${own[@]}" -- "$@" || [ $? -le 3 ]
  rm -rf "$work/$subject/mutants.out.old"
  for result in caught timeout unviable; do
    cat "$work/$subject/mutants.out/$result.txt" >> "$work/$subject/$result.txt"
  done
}

# What all tries together said. (Some mutants are tried each time: `--re` does not choose among deleted fields.)
sum() { # subject
  local out=$work/$1 noticed slow missed
  sort -u "$out/caught.txt" "$out/timeout.txt" > "$out/noticed.txt"
  sort -u "$out/mutants.out/missed.txt" | comm -23 - "$out/noticed.txt" > "$out/missed.txt"
  noticed=$(wc -l < "$out/noticed.txt")
  missed=$(wc -l < "$out/missed.txt")
  slow=$(sort -u "$out/timeout.txt" | comm -23 - <(sort -u "$out/caught.txt") | wc -l)
  printf '%s: of %d mutants that compile %d were noticed, %d of them by running out of time alone; the others are in %s\n' \
    "$1" $((noticed + missed)) "$noticed" "$slow" "$out/missed.txt"
}

# Those that the last tests missed, against others. (Not --iterate: with a shard, that picks other mutants.)
again() { # as try
  local out=$work/$1/mutants.out options=() missed
  cp "$out/missed.txt" "$work/$1/missed-before.txt"
  while read -r missed; do
    options+=(--re "^$(sed 's/[][\\.*^$+?(){}|]/\\&/g' <<< "$missed")\$")
  done < "$work/$1/missed-before.txt"
  [ ${#options[@]} = 0 ] || try "$@"
}

vad() {
  local files='lk-plugins/src/silero/{machine,stream,speech_buffer}.rs'
  local silero=(--no-default-features --features=silero --lib -- silero)
  try vad "$files" lk-plugins "${silero[@]}" --skip silero::model --skip other_rates
  again vad "$files" lk-plugins "${silero[@]}"
}

registry() {
  try registry 'lk-plugin/src/registry/*.rs' integration-tests --test=registry --test=duplicates
  again registry 'lk-plugin/src/registry/*.rs' lk-plugin --lib
}

config() {
  # Without the one test that takes seconds, which is not about configs.
  try config 'lk-plugin/src/config/*.rs' lk-plugin --lib --features=dynamic,toml,url,yaml -- --skip registry::added
  again config 'lk-plugin/src/config/*.rs' config-tests
  again config 'lk-plugin/src/config/*.rs' integration-tests --test=schema --test=registry
}

macros() {
  try macros 'lk-plugin-macros/src/**/*.rs' lk-plugin-macros --lib
  again macros 'lk-plugin-macros/src/**/*.rs' config-tests
  again macros 'lk-plugin-macros/src/**/*.rs' integration-tests --test=attribute --test=duplicates
  # Where an attribute stands only the compiler knows; it is called by these tests, which takes longer.
  TIMEOUT=300 again macros 'lk-plugin-macros/src/**/*.rs' ui-tests -- accepted mistakes \
    trybuild=method_of_concrete_type trybuild=through_macro_rules
}

subjects=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in
    config | macros | registry | vad) subjects+=("$1") ;;
    *) echo "there is no subject \`$1\`; choose from config, macros, registry, vad" >&2; exit 2 ;;
  esac
  shift
done
[ "${1:-}" = -- ] && shift
options=("$@")
[ ${#subjects[@]} = 0 ] && subjects=(vad registry config macros)
for subject in "${subjects[@]}"; do
  copy "$subject"
  printf '\n==> %s\n' "$subject"
  "$subject"
  sum "$subject"
done
