#!/bin/bash
# build.sh [OUTPUT]: builds the firmware image (default: arm64vm-firmware.elf beside this script), byte for byte the same for the
# same compiler. Needs Debian's gcc-aarch64-linux-gnu; CROSS names another tool prefix.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
output=$(realpath -m "${1:-$here/arm64vm-firmware.elf}")
cross=${CROSS:-aarch64-linux-gnu-}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cd "$here"

common="-std=gnu11 -O2 -ffreestanding -fno-builtin -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident
  -fno-strict-aliasing -mno-outline-atomics -mcmodel=small -Wall -Wextra -Werror"
core="-march=armv8-a -mgeneral-regs-only -mstrict-align -fno-tree-loop-distribute-patterns"

flags_for() {
  case $1 in
    kernel_sha256 | kernel_aesctr) echo "-march=armv8-a+crypto" ;;
    kernel_crc32i) echo "-march=armv8-a+crc -mgeneral-regs-only" ;;
    kernel_recurse) echo "-march=armv8-a -mgeneral-regs-only -fno-inline -fno-optimize-sibling-calls -fno-ipa-cp -fno-ipa-sra -fno-partial-inlining" ;;
    kernel_matmul | kernel_fft | kernel_nbody | kernel_mandel) echo "-march=armv8-a -fno-math-errno -ffp-contract=fast" ;;
    kernel_saxpy | kernel_histogram | selftest_fp | selftest_neon) echo "-march=armv8-a" ;;
    kernel_*) echo "-march=armv8-a -mgeneral-regs-only" ;;
    selftest_atomic) echo "-march=armv8.1-a -mgeneral-regs-only" ;;
    *) echo "$core" ;;
  esac
}

objects=()
for source in start.S vectors.S el0.S $(LC_ALL=C ls ./*.c); do
  name=$(basename "${source%.*}")
  # shellcheck disable=SC2046,SC2086
  "${cross}gcc" $common $(flags_for "$name") -c "$source" -o "$build/$name.o"
  objects+=("$build/$name.o")
done
(cd "$build" && "${cross}ld" -nostdlib -static --build-id=none -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
  -T "$here/firmware.ld" -o image.elf "${objects[@]##*/}")
# Names of functions and of their files stay, for profiles; mapping symbols do not.
"${cross}objcopy" --strip-debug --keep-file-symbols --wildcard --strip-symbol '$*' "$build/image.elf" "$output"
[ -z "${KEEP_SYMBOLS:-}" ] || cp "$build/image.elf" "$KEEP_SYMBOLS"
