#!/bin/bash
# From process start to the guest's first instructions, and memory beyond the guest's own, of a guest that writes one character.
# Usage: startup.sh [arm64vm [runs]]
set -eu
export ARM64VM_CODE_CACHE=off # no run profits from another
vm=${1:-"$(dirname "$0")/../../artifacts/aot/arm64vm"}
runs=${2:-20}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An ELF file of one segment at 0x40200000, headers included, entry behind them. Arguments: instruction words.
make_guest() {
    le() { local value=$1 bytes=$2 i; for ((i = 0; i < bytes; i++)); do printf '\\x%02x' $(((value >> (8 * i)) & 255)); done; }
    local base=0x40200000 size=$((120 + 4 * $#)) text
    text='\x7fELF\x02\x01\x01'"$(le 0 9)$(le 2 2)$(le 183 2)$(le 1 4)$(le $((base + 120)) 8)$(le 64 8)$(le 0 8)$(le 0 4)$(le 64 2)$(le 56 2)$(le 1 2)$(le 64 2)$(le 0 4)"
    text+="$(le 1 4)$(le 7 4)$(le 0 8)$(le $base 8)$(le $base 8)$(le $size 8)$(le $size 8)$(le 4096 8)"
    for word in "$@"; do text+="$(le "$word" 4)"; done
    printf "$text"
}

# mov x0, #0x09000000; mov w1, #'A'; str w1, [x0]; then either wfi; b .-4
# or mov w0, #8; movk w0, #0x8400, lsl #16; hvc #0 (PSCI SYSTEM_OFF).
write=(0xd2a12000 0x52800821 0xb9000001)
make_guest "${write[@]}" 0xd503207f 0x17ffffff > "$work/wait.elf"
make_guest "${write[@]}" 0x52800100 0x72b08000 0xd4000002 > "$work/off.elf"

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
boot() { "$vm" boot --kernel "$1" --memory 128M --timeout 20; }

mkfifo "$work/console"
for ((run = 0; run < runs; run++)); do
    begin=${EPOCHREALTIME/./}
    "$vm" boot --kernel "$work/wait.elf" --memory 128M --timeout 20 < /dev/null > "$work/console" &
    pid=$!
    read -r -n 1 -d '' character < "$work/console" || true
    end=${EPOCHREALTIME/./}
    [ "${character:-}" = A ] || { echo "the guest wrote '${character:-}' instead of A" >&2; kill "$pid" 2> /dev/null || true; exit 1; }
    echo $((end - begin)) >> "$work/first"
    # Guest RAM is a memfd of this name; all else is ours.
    awk '/^[0-9a-f]+-/ { guest = /arm64vm-ram/ } /^Rss:/ { if (guest) g += $2; else o += $2 } END { print o, g }' "/proc/$pid/smaps" >> "$work/memory"
    kill "$pid"
    wait "$pid" 2> /dev/null || true

    begin=${EPOCHREALTIME/./}
    boot "$work/off.elf" < /dev/null > /dev/null
    end=${EPOCHREALTIME/./}
    echo $((end - begin)) >> "$work/whole"
done

echo "start to first character: $(median < "$work/first") µs (median of $runs)"
echo "start to end of process:  $(median < "$work/whole") µs"
echo "resident beyond guest RAM: $(cut -d' ' -f1 "$work/memory" | median) KiB; guest RAM: $(cut -d' ' -f2 "$work/memory" | median) KiB"
