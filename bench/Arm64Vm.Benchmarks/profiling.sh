#!/bin/bash
# What recording a profile costs the guest, by the guest's own clock: kernels of the embedded firmware, and Linux up to its init where it has been fetched,
# in turns without a recording, with samples, and with entries counted. Medians, their ratios, and the quartiles of the rounds' own ratios; the last line has the ratios of the least times,
# to which a noisy host adds nothing. Run it on an idle host.
# Usage: profiling.sh [-g kernels|linux] [-r rounds] [-s seconds per kernel] [-t file] [arm64vm]
#   -t keeps the times in a file, adding to what is there: a long measurement can be made in pieces, and the table is that of all. -r 0 prints it.
set -eu
rounds=5 seconds=0.5 only= times=
while getopts g:r:s:t: option; do
    case $option in
        g) only=$OPTARG ;;
        r) rounds=$OPTARG ;;
        s) seconds=$OPTARG ;;
        t) times=$OPTARG ;;
        *) sed -n '2,/^set/{/^# /s/^# //p}' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
vm=${1:-"$(dirname "$0")/../../artifacts/aot/arm64vm"}
guests=${ARM64VM_GUESTS:-"$HOME/.cache/arm64vm-guests"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
times=${times:-"$work/times"}
touch "$times"

# run WAY OPTIONS…: boots, or boots and records.
run() {
    local way=$1
    shift
    case $way in
        off) "$vm" boot --code-cache off "$@" ;; # a recording uses no kept code either
        sampling) "$vm" profile --output "$work/p" "$@" ;;
        exact) "$vm" profile --output "$work/p" --exact "$@" ;;
    esac < /dev/null
}

# Lines "ROUND WAY NAME TIME": nanoseconds for a unit of a kernel's work, or seconds of uptime at init.
kernels() { run "$2" --memory 64M --append "selftest=0 seconds=$seconds" | awk -v round="$1" -v way="$2" '/^KERNEL / { print round, way, $2, $4 / $3 }'; }
linux() {
    run "$2" --kernel "$guests/Image" --initrd "$guests/initrd.gz" --memory 2G --append "console=ttyAMA0 quiet panic=-1" --disk "$guests/rootfs.img,readonly" --timeout 120 --until BOOT-OK |
        tr -d '\r' | awk -v round="$1" -v way="$2" '/^INIT-UPTIME/ { print round, way, "linux-boot", $2 }'
}

first=$(awk '$1 >= next_round { next_round = $1 + 1 } END { print next_round + 0 }' "$times")
for ((round = first; round < first + rounds; round++)); do
    # The order changes, so that none profits from its place.
    case $((round % 6)) in
        0) ways="off sampling exact" ;; 1) ways="sampling exact off" ;; 2) ways="exact off sampling" ;;
        3) ways="exact sampling off" ;; 4) ways="off exact sampling" ;; 5) ways="sampling off exact" ;;
    esac
    for way in $ways; do
        if [ "$only" != linux ]; then kernels "$round" "$way" >> "$times"; fi
        if [ "$only" != kernels ] && [ -f "$guests/Image" ] && [ -f "$guests/rootfs.img" ]; then linux "$round" "$way" >> "$times"; fi
    done
done

# A line of values for each guest, way ("ratio-" and a way for the rounds' own), in order.
awk '
    { time[$1, $2, $3] = $4; print $3, $2, $4 }
    $2 == "off" { rounds[$1, $3] = 1 }
    END {
        for (key in rounds) {
            split(key, part, SUBSEP)
            for (i = split("sampling exact", way, " "); i > 0; i--)
                if ((part[1], way[i], part[2]) in time) print part[2], "ratio-" way[i], time[part[1], way[i], part[2]] / time[part[1], "off", part[2]]
        }
    }' "$times" | sort -k1,1 -k2,2 -k3,3g | awk '
    function at(share, position, low) { position = 1 + (n - 1) * share; low = int(position); return v[low] + (low < n ? (v[low + 1] - v[low]) * (position - low) : 0) }
    function flush_group() {
        if (n > 0) { median[name, way] = at(0.5); low[name, way] = at(0.25); high[name, way] = at(0.75); least[name, way] = v[1]; count[name, way] = n }
        n = 0
    }
    $1 != name || $2 != way { flush_group(); name = $1; way = $2; if (!(name in known)) { known[name] = 1; names[++all] = name } }
    { v[++n] = $3 }
    function percent(ratio) { return sprintf("%+.1f%%", (ratio - 1) * 100) }
    function cost(name, way) { return sprintf("%7s (%s..%s)", percent(median[name, way] / median[name, "off"]), percent(low[name, "ratio-" way]), percent(high[name, "ratio-" way])) }
    END {
        flush_group()
        printf "%-12s %6s %12s %24s %24s\n", "guest", "rounds", "off", "sampling", "exact"
        for (i = 1; i <= all; i++) {
            name = names[i]
            if (!((name, "off") in median) || !((name, "sampling") in median) || !((name, "exact") in median)) continue
            sampling += log(median[name, "sampling"] / median[name, "off"]); exact += log(median[name, "exact"] / median[name, "off"]); used++
            least_sampling += log(least[name, "sampling"] / least[name, "off"]); least_exact += log(least[name, "exact"] / least[name, "off"])
            printf "%-12s %6d %12.4g %24s %24s\n", name, count[name, "off"], median[name, "off"], cost(name, "sampling"), cost(name, "exact")
        }
        if (!used) exit
        printf "%-12s %6s %12s %7s %16s %7s   (medians, geometric mean)\n", "all", "", "", percent(exp(sampling / used)), "", percent(exp(exact / used))
        printf "%-12s %6s %12s %7s %16s %7s   (least times, geometric mean)\n", "all", "", "", percent(exp(least_sampling / used)), "", percent(exp(least_exact / used))
    }'
