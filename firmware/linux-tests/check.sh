#!/bin/bash
# check.sh: rebuilds the test program and compares it with the committed program, byte for byte.
# Only the compiler and binutils recorded in TOOLCHAIN can reproduce it: with others the build alone is checked, and said so.
# check.sh --update: rebuilds the committed program and records this host's toolchain.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cross=${CROSS:-aarch64-linux-gnu-}
toolchain=$("${cross}gcc" --version | head -1; "${cross}ld" --version | head -1)

if [ "${1:-}" = --update ]; then
  "$here/build.sh"
  echo "$toolchain" > "$here/TOOLCHAIN"
  exit 0
fi

rebuilt=$(mktemp)
trap 'rm -f "$rebuilt"' EXIT
"$here/build.sh" "$rebuilt"
if cmp -s "$rebuilt" "$here/linux-tests.elf"; then
  echo "linux-tests: the rebuilt program is identical ($(stat -c %s "$rebuilt") bytes)"
elif [ "$toolchain" = "$(cat "$here/TOOLCHAIN")" ]; then
  echo "linux-tests: the committed program is not what its sources build: run firmware/linux-tests/check.sh --update" >&2
  exit 1
else
  echo "linux-tests: built, but not comparable: the committed program comes from"
  sed 's/^/  /' "$here/TOOLCHAIN"
  echo "and this host has"
  echo "$toolchain" | sed 's/^/  /'
fi
