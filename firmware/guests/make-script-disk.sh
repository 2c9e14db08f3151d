#!/bin/sh
# make-script-disk.sh SCRIPT IMAGE: a 64 KiB raw disk whose content guests/init runs as a shell script inside the ext4 disk.
set -eu
[ $# = 2 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
size=$(stat -c %s "$1")
[ "$size" -le 65536 ] || { echo "make-script-disk: $1 is larger than 64 KiB" >&2; exit 1; }
cp "$1" "$2"
truncate -s 65536 "$2"
