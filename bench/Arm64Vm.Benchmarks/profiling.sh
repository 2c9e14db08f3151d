#!/bin/bash
# What recording a profile costs the guest, by the guest's own clock: kernels of the embedded firmware, and Linux up to its init where it has been fetched,
# in turns without a recording, with samples, and with entries counted. Medians, and their ratios; run it on an idle host.
# Usage: profiling.sh [arm64vm [rounds [seconds per kernel]]]
set -eu
vm=${1:-"$(dirname "$0")/../../artifacts/aot/arm64vm"}
rounds=${2:-5}
seconds=${3:-0.5}
guests=${ARM64VM_GUESTS:-"$HOME/.cache/arm64vm-guests"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run WAY OPTIONS…: boots, or boots and records.
run() {
    local way=$1
    shift
    case $way in
        off) "$vm" boot "$@" ;;
        sampling) "$vm" profile --output "$work/p" "$@" ;;
        exact) "$vm" profile --output "$work/p" --exact "$@" ;;
    esac < /dev/null
}

# Lines "WAY NAME TIME": nanoseconds for a unit of a kernel's work, or seconds of uptime at init.
kernels() { run "$1" --memory 64M --append "selftest=0 seconds=$seconds" | awk -v way="$1" '/^KERNEL / { print way, $2, $4 / $3 }'; }
linux() {
    run "$1" --kernel "$guests/Image" --initrd "$guests/initrd.gz" --memory 2G --append "console=ttyAMA0 quiet panic=-1" --disk "$guests/rootfs.img,readonly" --timeout 120 --until BOOT-OK |
        tr -d '\r' | awk -v way="$1" '/^INIT-UPTIME/ { print way, "linux-boot", $2 }'
}

for ((round = 0; round < rounds; round++)); do
    # The order changes, so that none profits from its place.
    case $((round % 3)) in 0) ways="off sampling exact" ;; 1) ways="sampling exact off" ;; *) ways="exact off sampling" ;; esac
    for way in $ways; do
        kernels "$way" >> "$work/times"
        if [ -f "$guests/Image" ] && [ -f "$guests/rootfs.img" ]; then linux "$way" >> "$work/times"; fi
    done
done

sort -k2,2 -k1,1 -k3,3g "$work/times" | awk -v rounds="$rounds" '
    function flush_group() { if (n > 0) median[way, name] = v[int((n + 1) / 2)]; n = 0 }
    $1 != way || $2 != name { flush_group(); way = $1; name = $2; if (!(name in known)) { known[name] = 1; names[++count] = name } }
    { v[++n] = $3 }
    END {
        flush_group()
        printf "%-12s %12s %10s %10s\n", "guest", "off", "sampling", "exact"
        for (i = 1; i <= count; i++) {
            name = names[i]; off = median["off", name]
            if (off == 0) continue
            s = median["sampling", name] / off; e = median["exact", name] / off
            logs += log(s); loge += log(e); used++
            printf "%-12s %12.4g %+9.1f%% %+9.1f%%\n", name, off, (s - 1) * 100, (e - 1) * 100
        }
        if (used) printf "%-12s %12s %+9.1f%% %+9.1f%%   (medians of %d, geometric mean)\n", "all", "", (exp(logs / used) - 1) * 100, (exp(loge / used) - 1) * 100, rounds
    }'
