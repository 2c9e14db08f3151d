# OpenSSL in the Linux guest: how long fixed amounts of work take, from what 'openssl speed' measures in a second each.
# RUN name, RESULT name milliseconds rc=status, then DONE. Runs through guests/init from a script disk; arm64vm bench embeds it.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp

# speed NAME FIELD PER-UNIT ARGUMENTS...: the milliseconds that PER-UNIT bytes or operations take; FIELD is where -mr prints the rate of a second.
speed() {
  local name=$1 field=$2 units=$3 rate
  shift 3
  # shellcheck disable=SC2053
  [[ -z ${ARM64VM_ONLY:-} || $name == ${ARM64VM_ONLY:-} ]] || return 0
  echo "RUN $name"
  rate=$(openssl speed -elapsed -seconds 1 -mr "$@" 2>/dev/null | awk -F: -v field="$field" '/^\+F/ { rate = $field } END { print rate }')
  awk -v name="$name" -v units="$units" -v rate="$rate" 'BEGIN { if (rate > 0) printf "RESULT %s %d rc=0\n", name, units / rate * 1000 + 0.5; else printf "RESULT %s 0 rc=1\n", name }'
}

gib=1073741824
speed aes-gcm 4 $gib -bytes 16384 -evp aes-256-gcm
speed sha256 4 $gib -bytes 16384 -evp sha256
speed chacha20-poly1305 4 $gib -bytes 16384 -evp chacha20-poly1305
speed rsa2048-sign 4 1000 rsa2048
speed rsa2048-verify 5 20000 rsa2048
speed p256-sign 4 10000 ecdsap256
speed p256-verify 5 5000 ecdsap256
echo DONE
