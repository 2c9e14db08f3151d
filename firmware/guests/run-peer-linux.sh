#!/bin/bash
# run-peer-linux.sh SCRIPT-DISK [CPUS] [CPU-MODEL]: boots the Linux guest with its ext4 disk and a script disk under the peer; console on stdout.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
guests=${ARM64VM_GUESTS:-$HOME/.cache/arm64vm-guests}
peer=$guests/peer
mkdir -p "$peer/g"
for file in Image initrd.gz rootfs.img; do
  ln -f "$guests/$file" "$peer/g/$file"
done
disk=$(mktemp -p "$peer/g" run.XXXXXX)
trap 'rm -f "$disk"' EXIT
cp "$1" "$disk"
[ -e "$peer/dev/urandom" ] || mount --bind /dev "$peer/dev"
chroot "$peer" qemu-system-aarch64 -M virt,gic-version=3 -cpu "${3:-max}" -smp "${2:-1}" -m 2G -nographic -no-reboot -nic none \
  -kernel /g/Image -initrd /g/initrd.gz -append "console=ttyAMA0 quiet panic=-1" \
  -drive if=none,id=root,file=/g/rootfs.img,format=raw,readonly=on -drive if=none,id=script,file="${disk#"$peer"}",format=raw,readonly=on \
  -device virtio-blk-device,drive=script -device virtio-blk-device,drive=root </dev/null
