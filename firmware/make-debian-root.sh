#!/bin/bash
# make-debian-root.sh [RELEASE [PACKAGE...]]: a Debian system (default: bookworm) with systemd and a serial login, installed by Arm64Vm itself.
#
#   debian/root.img    ext4 disk; root's password is "root"; with git and socat, and an SSH server that is not started
#   debian/Image       its kernel, debian/initrd.img its initial RAM disk
#
# debootstrap unpacks the first packages on the host; the rest is unpacked and configured, by AArch64 programs, inside the virtual machine (some minutes).
# All land in ${ARM64VM_GUESTS:-~/.cache/arm64vm-guests}, which needs "linux" of fetch-guests.sh; what is there is kept, unless its packages are others.
# Needs root on a Debian host, and the product (ARM64VM names another executable than artifacts/aot/arm64vm):
#   arm64vm boot --kernel debian/Image --initrd debian/initrd.img --append "console=ttyAMA0 root=/dev/vda rw" --disk debian/root.img,snapshot
set -euo pipefail
export ARM64VM_CODE_CACHE=off # no run profits from another
here=$(cd "$(dirname "$0")" && pwd)
release=${1:-bookworm}
emulator=$(realpath "${ARM64VM:-$here/../artifacts/aot/arm64vm}")
guests=${ARM64VM_GUESTS:-$HOME/.cache/arm64vm-guests}
packages=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,zstd,initramfs-tools,linux-image-arm64
packages+=,openssh-server,socat,git
for package in "${@:2}"; do packages+=,$package; done
case $release in -* | "") sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "$0"; exit 2 ;; esac

die() {
  echo "make-debian-root: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
}

[ "$(id -u)" = 0 ] || die "needs root"
[ -x "$emulator" ] || die "no $emulator: dotnet publish src/Arm64Vm.Cli -c Release -o artifacts/aot"
[ -f "$guests/Image" ] && [ -f "$guests/initrd.gz" ] || die "no Image in $guests: firmware/fetch-guests.sh linux"
recipe="$release $packages"
[ ! -f "$guests/debian/initrd.img" ] || [ "$recipe" != "$(cat "$guests/debian/recipe" 2>/dev/null)" ] || exit 0
need debootstrap debootstrap
need mke2fs e2fsprogs
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 !~ /security/ { print $1; exit }')
work=$guests/.work/debian
rm -rf "$work"
mkdir -p "$work" "$guests/debian"

debootstrap --foreign --arch=arm64 --variant=minbase --include="$packages" "$release" "$work/root" "$mirror" >"$work/debootstrap.log" ||
  die "debootstrap failed: $work/debootstrap.log"
echo arm64vm > "$work/root/etc/hostname"
echo "127.0.0.1 localhost arm64vm" > "$work/root/etc/hosts"
echo "/dev/vda / ext4 defaults,errors=remount-ro 0 1" > "$work/root/etc/fstab"
# Only the modules that this machine's disk needs: the initial RAM disk is made inside the machine, module by module.
mkdir -p "$work/root/etc/initramfs-tools/conf.d" "$work/root/usr/share/initramfs-tools/modules.d"
echo MODULES=list > "$work/root/etc/initramfs-tools/conf.d/arm64vm"
printf '%s\n' virtio_mmio virtio_pci virtio_blk ext4 crc32c_generic > "$work/root/usr/share/initramfs-tools/modules.d/arm64vm"
mke2fs -q -t ext4 -F -d "$work/root" "$work/root.img" 2G

cat > "$work/install.sh" <<'SCRIPT'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive HOME=/root
mount -o remount,rw /
if /debootstrap/debootstrap --second-stage && echo root:root | chpasswd; then
  apt-get clean
  systemctl disable ssh
  sync && echo INSTALLED
else
  tail -50 /debootstrap/debootstrap.log
fi
SCRIPT
"$here/guests/make-script-disk.sh" "$work/install.sh" "$work/install.img"
"$emulator" boot --kernel "$guests/Image" --initrd "$guests/initrd.gz" --append "console=ttyAMA0 quiet panic=-1" --memory 2G --no-reboot \
  --disk "$work/root.img" --disk "$work/install.img,readonly" --timeout 3600 </dev/null | tee "$work/install.log"
grep -q '^INSTALLED' "$work/install.log" || die "the installation inside the machine failed: $work/install.log"

# The machine was switched off with the disk mounted: its journal is played back.
e2fsck -fy "$work/root.img" >"$work/e2fsck.log" || [ $? -le 1 ] || die "the disk is damaged: $work/e2fsck.log"

boot_file() { debugfs -R "ls -p /boot" "$work/root.img" 2>/dev/null | awk -F/ -v prefix="$1" 'index($6, prefix) == 1 { print "/boot/" $6; exit }'; }
debugfs -R "dump $(boot_file vmlinuz-) $work/Image" "$work/root.img" 2>/dev/null
debugfs -R "dump $(boot_file initrd.img-) $work/initrd.img" "$work/root.img" 2>/dev/null
mv "$work/root.img" "$guests/debian/root.img"
mv "$work/Image" "$guests/debian/Image"
mv "$work/initrd.img" "$guests/debian/initrd.img"
echo "$recipe" > "$guests/debian/recipe"
rm -rf "$work"
echo "make-debian-root: in $guests/debian"
