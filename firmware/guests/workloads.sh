# Real programs for the Linux guest, each timed inside it by the guest's own clock: RUN name, RESULT name milliseconds rc=status, then DONE.
# Runs through guests/init from a script disk; arm64vm bench embeds it.
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
  echo "RESULT $name $(((end - start) / 1000000)) rc=$status"
}

cat > /tmp/interpreter.py <<'PYTHON'
import json, re

def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

def matrix(n):
    a = [[(i * j) % 7 + 0.5 for j in range(n)] for i in range(n)]
    return sum(sum(x * y for x, y in zip(row, column)) for row in a for column in zip(*a))

class Account:
    def __init__(self): self.balance = 0
    def deposit(self, amount): self.balance += amount; return self

fibonacci(24)
matrix(48)
account = Account()
for i in range(60000): account.deposit(i)
text = json.dumps({str(i): [i, i * i] for i in range(40000)})
assert len(json.loads(text)) == 40000
re.findall(r'"(\d+)5"', text)
PYTHON

# A source file big enough to make the compiler work.
awk 'BEGIN {
  print "#include <string.h>\n#include <stdio.h>"
  for (i = 0; i < 60; i++) {
    printf "long g%d(const int *v, int n, double *out) {\n  long s = %d; char name[40];\n", i, i
    printf "  for (int k = 0; k < n; k++) { s += v[k] > %d ? v[k] * %d : s ^ (v[k] << %d); out[k] = out[k] * %d.25 - s;\n", i, i + 3, i % 11, i
    printf "    switch (s & 7) { case 0: s += n; break; case 2: s -= k; break; case 5: s *= 3; break; default: s ^= %d; } }\n", i * 77
    printf "  snprintf(name, sizeof name, \"%%ld\", s); return s + strlen(name);\n}\n"
  }
  print "int main(void) { return 0; }"
}' > /tmp/source.c

cat /usr/lib/*-linux-gnu/libnode.so* | head -c 8000000 > /tmp/data

timed python python3 /tmp/interpreter.py
timed gcc gcc -O2 -c /tmp/source.c -o /tmp/source.o
timed sqlite sqlite3 :memory: "create table t(a, b);
  insert into t with recursive n(x) as (select 1 union all select x + 1 from n where x < 100000) select x, x * 6007 % 9973 from n;
  create index byb on t(b); select count(*), sum(a) from t where b in (select b from t where a % 11 = 0);"
timed gzip gzip -6 -c /tmp/data
timed bzip2 bzip2 -c /tmp/data
timed sha256sum sha256sum /tmp/data /tmp/data /tmp/data /tmp/data
timed forkexec bash -c 'for i in $(seq 200); do /bin/true; done'
timed sort bash -c 'seq 200000 | sort -R --random-source=/usr/bin/gzip | sort -n | tail -1'
timed modexp python3 -c 'for i in range(12): pow(5, (1 << 2047) + i, (1 << 2048) - 1942289)'
timed aes bash -c 'for i in 1 2 3 4 5 6; do openssl enc -aes-256-ctr -K 00 -iv 00 -in /tmp/data -out /dev/null; done'
echo DONE
