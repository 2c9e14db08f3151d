#!/bin/bash
# make-initramfs.sh OUTPUT [PROGRAM]: an initramfs whose first process is the test program.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
program=$(realpath "${2:-$(dirname "$0")/linux-tests.elf}")
output=$(realpath -m "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install -m 755 "$program" "$folder/init"
(cd "$folder" && echo init | cpio -o -H newc --quiet) > "$output"
