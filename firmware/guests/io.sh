# Input and output of a Linux guest: fio on a raw and on a qcow2 disk (the second and the third, 512 MiB each), iperf3 to the host's loopback.
# RESULT name milliseconds rc=status, then DONE, by the guest's clock, each for a fixed amount of work. Runs through guests/init from a script disk;
# ARM64VM_IPERF names the port of an iperf3 server of the host behind 10.0.2.2, without which the network is left out.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp

# timed NAME COMMAND...: ARM64VM_ONLY, a pattern, says which names run; empty: all.
timed() {
  local name=$1 start end status
  shift
  # shellcheck disable=SC2053
  [[ -z ${ARM64VM_ONLY:-} || $name == ${ARM64VM_ONLY:-} ]] || return 0
  echo "RUN $name"
  start=$(date +%s%N)
  "$@" >/tmp/output 2>&1
  status=$?
  end=$(date +%s%N)
  [ "$status" = 0 ] || tail -5 /tmp/output
  echo "RESULT $name $(((end - start) / 1000000)) rc=$status"
}

# disk DISK WAY BLOCK AMOUNT [OPTION...]: past the guest's page cache, by 16 requests at a time, every block of the disk at most once.
disk() {
  fio --name=io --filename="/dev/$1" --rw="$2" --bs="$3" --io_size="$4" --size=448M --direct=1 --ioengine=libaio --iodepth=16 --randrepeat=1 --minimal "${@:5}"
}

# The first write of each block is another cost than the next: the disks are filled first, which is what the sequential writes measure.
timed raw-write disk vdb write 1M 448M
timed raw-read disk vdb read 1M 448M
timed raw-randread disk vdb randread 4k 32M
timed raw-randwrite disk vdb randwrite 4k 32M
timed raw-fsync disk vdb randwrite 4k 4M --iodepth=1 --fdatasync=1
timed qcow2-write disk vdc write 1M 448M
timed qcow2-read disk vdc read 1M 448M
timed qcow2-randread disk vdc randread 4k 32M
timed qcow2-randwrite disk vdc randwrite 4k 32M
timed qcow2-fsync disk vdc randwrite 4k 4M --iodepth=1 --fdatasync=1

if [ -n "${ARM64VM_IPERF:-}" ]; then
  interface=$(ls /sys/class/net | grep -v lo | head -1)
  ip addr add 10.0.2.15/24 dev "$interface"
  # The MTU that passt's DHCP gives, which Debian's clients take.
  ip link set "$interface" mtu 65520 up
  ip route add default via 10.0.2.2
  sleep 2
  timed net-send iperf3 -c 10.0.2.2 -p "$ARM64VM_IPERF" -n 512M
  timed net-receive iperf3 -c 10.0.2.2 -p "$ARM64VM_IPERF" -n 512M -R
fi
echo DONE
