#!/usr/bin/env bash
# Runs the commands of docs/claims.md, one after the other, and says which claims do not hold.
#
#   tests/claims.sh         those that need Rust alone (half an hour on two cores from nothing)
#   tests/claims.sh more    also those that need more, as far as it is installed
#   tests/claims.sh list    says what would be run
#
# Never those that are measured: they want a quiet machine, and somebody who reads the figures.
set -uo pipefail
cd "$(dirname "$0")/.."

wanted=${1:-}
case $wanted in '' | more | list) ;; *) echo "\`$wanted\` is no choice; choose from list, more" >&2; exit 2 ;; esac

# What stands between backticks in the second column, a command a line.
commands() {
  awk -v more="$wanted" '
    /^## / { on = !/measured/ && (!/more than Rust/ || more != "") }
    on && /^\| / && !/^\| claim/ { split($0, cells, " \\| "); print cells[2] }
  ' docs/claims.md | grep -o '`[^`]*`' | tr -d '`'
}

if [ "$wanted" = list ]; then commands; exit; fi

# Whether what a command begins with is installed: a program, or a toolchain of Rust.
is_here() {
  set -- $1
  if [ "$1" = env ]; then shift; while [[ $1 == *=* ]]; do shift; done; fi
  if [[ ${2:-} == +* ]]; then "$1" "$2" --version >/dev/null 2>&1; else command -v "$1" >/dev/null; fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
count=0 failed=0
while read -r command; do
  if ! is_here "$command"; then echo "lacks  $command"; continue; fi
  count=$((count + 1))
  # A filter that fits no test makes cargo content with nothing.
  if bash -c "$command" </dev/null >"$log" 2>&1 && { [[ $command != "cargo test"* ]] || grep -qE '[1-9][0-9]* passed' "$log"; }; then
    echo "holds  $command"
  else
    failed=$((failed + 1))
    echo "FAILS  $command"
    tail -n 15 "$log" | sed 's/^/       /'
  fi
done < <(commands)
echo "$count commands, $failed failed"
[ "$count" -gt 40 ] && [ "$failed" = 0 ]
