#!/bin/bash
# build.sh [OUTPUT]: builds the test program (default: linux-tests.elf beside this script), a static AArch64 Linux executable without a
# C library, byte for byte the same for the same compiler. Needs Debian's gcc-aarch64-linux-gnu; CROSS names another tool prefix.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
output=$(realpath -m "${1:-$here/linux-tests.elf}")
cross=${CROSS:-aarch64-linux-gnu-}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cd "$here"

flags="-std=gnu11 -O2 -march=armv8-a -ffreestanding -fno-builtin -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident
  -fno-strict-aliasing -fno-tree-loop-distribute-patterns -fno-toplevel-reorder -mno-outline-atomics -mcmodel=small -mgeneral-regs-only -Wall -Wextra -Werror"
objects=()
for source in start.S state.S $(LC_ALL=C ls ./*.c); do
  name=$(basename "$source")
  # shellcheck disable=SC2086
  "${cross}gcc" $flags -c "$source" -o "$build/$name.o"
  objects+=("$name.o")
done
(cd "$build" && "${cross}ld" -nostdlib -static --build-id=none -z noexecstack -z max-page-size=4096 -o image.elf "${objects[@]}")
"${cross}objcopy" --strip-all "$build/image.elf" "$output"
[ -z "${KEEP_SYMBOLS:-}" ] || cp "$build/image.elf" "$KEEP_SYMBOLS"
