#!/bin/sh
# interrupts.sh ARM64VM [QEMU]: nanoseconds of an SGI, its acknowledgement and end, and of a timer interrupt, by the guest's own counter.
# ARM64VM is the program to measure; QEMU a command that runs qemu-system-aarch64 ("chroot ROOT qemu-system-aarch64" with FOLDER=/place/in/root
# and ROOT=that root, so that it finds the guest). Needs aarch64-linux-gnu-gcc. The clock is the host's: compare runs in turns, on a host with nothing else to do.
set -eu
export ARM64VM_CODE_CACHE=off # no run profits from another
folder=${ROOT:-}${FOLDER:-$(mktemp -d)}
guest=$folder/interrupts.elf
aarch64-linux-gnu-gcc -nostdlib -static -Wl,--build-id=none -Wl,-n -Wl,-Ttext=0x40200000 -o "$guest" "$(dirname "$0")/interrupts.S"

table() {
  tr -d '\r' | while read -r word; do printf '%d ' "0x$word"; done | awk -v name="$1" '{
    tick = 1e9 / $1 / $2; none = $3 * tick
    printf "%-8s  sgi %5.0f  acknowledge %5.0f  end %5.0f  timer interrupt %5.0f ns\n", name, $4 * tick - none, $5 * tick - none, $6 * tick - none, $7 * tick }'
}

for round in 1 2 3; do
  "$1" boot --kernel "$guest" --gic 3 --no-reboot --timeout 60 | table arm64vm
  [ -z "${2:-}" ] || $2 -M virt,gic-version=3 -cpu max -nographic -no-reboot -nic none -kernel "${guest#"${ROOT:-}"}" </dev/null | table qemu
done
rm -f "$guest"
