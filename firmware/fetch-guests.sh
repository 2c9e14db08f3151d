#!/bin/bash
# fetch-guests.sh [PART...]: brings real AArch64 guests, and the emulator to compare with, from Debian's packages.
#
#   u-boot      u-boot.bin
#   edk2        QEMU_EFI.fd, AAVMF_CODE.fd, AAVMF_VARS.fd
#   edk2-new    edk2-new/: the newest EDK2 and its shell, which Debian no longer puts into the firmware
#   linux       Image (Debian's kernel, uncompressed) and initrd.gz (guests/init with busybox and the virtio and ext4 modules)
#   rootfs      rootfs.img, an ext4 disk with compilers, interpreters, compressors and benchmarks
#   installer   installer/linux and installer/initrd.gz, Debian's network installer
#   native      native/, a root folder with the same programs for the host: arm64vm bench --native
#   peer        peer/, a root folder with the newest QEMU: chroot peer qemu-system-aarch64 ...
#
# Default: all parts (about 3 GB and some minutes). They land in ${ARM64VM_GUESTS:-~/.cache/arm64vm-guests}; what is there is kept.
# Needs root on a Debian host: it installs missing tools, keeps file ownership in the disk, and takes the mirror from the host's own apt sources.
set -euo pipefail

guest_release=bookworm  # the guests' Debian
release=$guest_release  # where guest_apt looks
guest_version=12        # as the installer's package is named
peer_release=forky      # the newest QEMU

here=$(cd "$(dirname "$0")" && pwd)
all_parts=(u-boot edk2 edk2-new linux rootfs installer native peer)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
rootfs_packages=bash,coreutils,grep,sed,gawk,gzip,tar,findutils,diffutils,hostname,openssl,7zip,sysbench,stress-ng,python3,sqlite3,gcc,libc6-dev,perl
rootfs_packages+=,xz-utils,zstd,bzip2,iperf3,fio,nodejs,mount,util-linux,procps,iproute2,systemd-sysv,udev,lua5.4

die() {
  echo "fetch-guests: $*" >&2
  exit 1
}

say() { echo "fetch-guests: $*"; }

usage() {
  sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "$0"
  exit "$1"
}

# need COMMAND PACKAGE: installs the package when the host lacks the command.
need() {
  command -v "$1" >/dev/null && return
  say "installing $2"
  [ -n "${apt_updated:-}" ] || apt-get update -qq
  apt_updated=1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
}

# The archive this host itself installs from, without the security updates' one.
find_mirror() {
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 !~ /security/ { print $1; exit }')
  [ -n "$mirror" ] || die "no Debian archive in this host's apt sources"
}

source_line() { echo "deb [signed-by=$keyring] $mirror $1 main"; }

# apt for another architecture, with all its state in $work: nothing of the host's changes.
guest_apt() {
  "$@" -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oAPT::Sandbox::User=root \
    -oDir::Etc::SourceList="$work/$release/sources.list" -oDir::Etc::SourceParts=/dev/null \
    -oDir::State::Lists="$work/$release/lists" -oDir::State::status="$work/$release/status" -oDir::Cache="$work/$release/cache"
}

prepare_guest_apt() {
  [ "${guest_apt_ready:-}" != "$release" ] || return 0
  mkdir -p "$work/$release/lists/partial" "$work/$release/cache/archives/partial" "$work/debs"
  : > "$work/$release/status"
  source_line "$release" > "$work/$release/sources.list"
  guest_apt apt-get -qq update
  guest_apt_ready=$release
}

# unpack FOLDER PACKAGE...: downloads packages and extracts their files, running none of their scripts.
unpack() {
  local folder=$1 package
  shift
  prepare_guest_apt
  for package; do
    rm -f "$work/debs/$package"_*.deb
    (cd "$work/debs" && guest_apt apt-get -qq download "$package")
    dpkg-deb -x "$work"/debs/"$package"_*.deb "$folder"
  done
}

# Files appear under their final names only when complete.
place() {
  cp "$1" "$2.part"
  mv "$2.part" "$2"
}

part_u_boot() {
  [ ! -f u-boot.bin ] || return 0
  say "u-boot"
  unpack "$work/u-boot" u-boot-qemu
  place "$work/u-boot/usr/lib/u-boot/qemu_arm64/u-boot.bin" u-boot.bin
}

part_edk2() {
  [ ! -f QEMU_EFI.fd ] || return 0
  say "edk2"
  unpack "$work/edk2" qemu-efi-aarch64
  place "$work/edk2/usr/share/AAVMF/AAVMF_CODE.fd" AAVMF_CODE.fd
  place "$work/edk2/usr/share/AAVMF/AAVMF_VARS.fd" AAVMF_VARS.fd
  place "$work/edk2/usr/share/qemu-efi-aarch64/QEMU_EFI.fd" QEMU_EFI.fd
}

part_edk2_new() {
  [ ! -f edk2-new/shellaa64.efi ] || return 0
  say "edk2-new"
  local release=$peer_release root=$work/edk2-new file
  rm -rf "$root"
  unpack "$root" qemu-efi-aarch64 efi-shell-aa64
  mkdir -p edk2-new
  for file in qemu-efi-aarch64/QEMU_EFI.fd AAVMF/AAVMF_CODE.fd AAVMF/AAVMF_VARS.fd efi-shell-aa64/shellaa64.efi; do
    place "$root/usr/share/$file" "edk2-new/${file##*/}"
  done
}

# The modules that guests/init loads, in its order of need.
initrd_modules=(
  drivers/virtio/virtio_mmio drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci
  lib/crc16 lib/libcrc32c crypto/crc32c_generic fs/mbcache fs/jbd2/jbd2 fs/ext4/ext4 drivers/block/virtio_blk
  net/core/failover drivers/net/net_failover drivers/net/virtio_net
  fs/netfs/netfs fs/fscache/fscache net/9p/9pnet net/9p/9pnet_virtio fs/9p/9p
)

# What the initial RAM disk is made from: another recipe makes another one.
initrd_recipe() { { echo "${initrd_modules[@]}"; cat "$here/guests/init" "$here/guests/udhcpc"; } | sha256sum; }

part_linux() {
  [ ! -f Image ] || [ ! -f initrd.gz ] || [ "$(initrd_recipe)" != "$(cat initrd.recipe 2>/dev/null)" ] || return 0
  say "linux"
  need cpio cpio
  prepare_guest_apt
  local kernel module root=$work/initrd
  kernel=$(guest_apt apt-cache depends linux-image-arm64 | awk '/Depends: linux-image/ { print $2; exit }')
  [ -n "$kernel" ] || die "no kernel package in $guest_release"
  rm -rf "$work/linux" "$root"
  unpack "$work/linux" "$kernel" busybox-static
  mkdir -p "$root"/{bin,lib,proc,sys,dev,mnt,tmp,run}
  cp "$work/linux/bin/busybox" "$root/bin/"
  for module in "${initrd_modules[@]}"; do
    cp "$work"/linux/lib/modules/*/kernel/"$module.ko" "$root/lib/"
  done
  install -m 755 "$here/guests/init" "$root/init"
  install -m 755 -D "$here/guests/udhcpc" "$root/etc/udhcpc/default.script"
  (cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1) > initrd.gz.part
  mv initrd.gz.part initrd.gz
  initrd_recipe > initrd.recipe
  # Debian ships the arm64 kernel either plain or gzipped.
  gunzip -c "$work"/linux/boot/vmlinuz-* > Image.part 2>/dev/null || cp "$work"/linux/boot/vmlinuz-* Image.part
  mv Image.part Image
}

part_rootfs() {
  [ ! -f rootfs.img ] || return 0
  say "rootfs (some minutes)"
  need mmdebstrap mmdebstrap
  need mke2fs e2fsprogs
  local root=$work/rootfs
  rm -rf "$root"
  source_line "$guest_release" | mmdebstrap --quiet --arch=arm64 --variant=extract --aptopt='APT::Install-Recommends "false"' \
    --include="$rootfs_packages" "$guest_release" "$root" -
  ln -sf gawk "$root/usr/bin/awk" # the alternatives' scripts did not run
  mke2fs -q -t ext4 -O ^has_journal -F -d "$root" rootfs.img.part 1300M
  mv rootfs.img.part rootfs.img
  rm -rf "$root"
}

part_native() {
  [ ! -x native/usr/bin/python3 ] || return 0
  say "native (some minutes)"
  need mmdebstrap mmdebstrap
  rm -rf native.part
  source_line "$guest_release" | mmdebstrap --quiet --variant=extract --aptopt='APT::Install-Recommends "false"' \
    --include="$rootfs_packages" "$guest_release" native.part -
  ln -sf gawk native.part/usr/bin/awk
  rm -rf native
  mv native.part native
}

part_installer() {
  [ ! -f installer/initrd.gz ] || return 0
  say "installer"
  local images=usr/lib/debian-installer/images/$guest_version/arm64/text/debian-installer/arm64
  unpack "$work/installer" "debian-installer-$guest_version-netboot-arm64"
  mkdir -p installer
  place "$work/installer/$images/linux" installer/linux
  place "$work/installer/$images/initrd.gz" installer/initrd.gz
}

part_peer() {
  [ ! -x peer/usr/bin/qemu-system-aarch64 ] || return 0
  say "peer (some minutes)"
  need mmdebstrap mmdebstrap
  rm -rf peer.part
  source_line "$peer_release" | mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='APT::Install-Recommends "false"' --include=qemu-system-arm,qemu-user "$peer_release" peer.part -
  rm -rf peer
  mv peer.part peer
  chroot peer qemu-system-aarch64 --version | head -1
}

parts=()
for argument; do
  case $argument in
    -h | --help) usage 0 ;;
    u-boot | edk2 | edk2-new | linux | rootfs | installer | native | peer) parts+=("$argument") ;;
    *) echo "fetch-guests: unknown part '$argument'" >&2; usage 2 >&2 ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")

[ "$(id -u)" = 0 ] || die "needs root"
command -v apt-get >/dev/null || die "needs a Debian host"
folder=${ARM64VM_GUESTS:-$HOME/.cache/arm64vm-guests}
mkdir -p "$folder"
cd "$folder"
work=$PWD/.work
find_mirror
for part in "${parts[@]}"; do
  "part_${part//-/_}"
done
say "in $folder: ${parts[*]}"
