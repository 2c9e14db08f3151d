# Twenty-three more programs for the Linux guest, of the same kinds as workloads.sh: interpreters, compilers, databases, compression, digests, big numbers,
# floating point, processes, memory, system calls, several processes at once. RUN name, RESULT name milliseconds rc=status, then DONE.
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

cat > /tmp/float.py <<'PYTHON'
import cmath, math

def transform(x):
    n = len(x)
    if n == 1: return x
    even, odd = transform(x[::2]), transform(x[1::2])
    twiddled = [cmath.exp(-2j * math.pi * k / n) * odd[k] for k in range(n // 2)]
    return [e + t for e, t in zip(even, twiddled)] + [e - t for e, t in zip(even, twiddled)]

signal = [complex(math.sin(i), math.cos(3 * i)) for i in range(8192)]
print(sum(abs(v) for v in transform(signal)))
total = 0.0
for i in range(1, 300000): total += math.sqrt(i) / (1.0 + i * 0.5)
print(total)
PYTHON

cat > /tmp/words.awk <<'AWK'
{ for (i = 1; i <= NF; i++) count[$i]++ }
END { for (word in count) { n++; if (count[word] > most) most = count[word] } print n, most }
AWK

cat > /tmp/costs.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

struct body { double x[3], v[3], m; };

static void bodies(int steps) {
  struct body b[5] = {{{0, 0, 0}, {0, 0, 0}, 39.5}, {{4.8, -1.2, -.1}, {.6, 2.8, -.02}, .037}, {{8.3, 4.1, -.4}, {-1, 1.8, .008}, .011},
                      {{12.9, -15.1, -.2}, {1.1, .9, -.01}, .0017}, {{15.4, -25.9, .2}, {.98, .6, -.03}, .002}};
  for (int s = 0; s < steps; s++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double d[3], r = 0;
        for (int k = 0; k < 3; k++) { d[k] = b[i].x[k] - b[j].x[k]; r += d[k] * d[k]; }
        double f = .01 / (r * sqrt(r));
        for (int k = 0; k < 3; k++) { b[i].v[k] -= d[k] * b[j].m * f; b[j].v[k] += d[k] * b[i].m * f; }
      }
    for (int i = 0; i < 5; i++)
      for (int k = 0; k < 3; k++) b[i].x[k] += .01 * b[i].v[k];
  }
  printf("%.9f\n", b[0].x[0]);
}

static void matrices(int n) {
  double *a = malloc(n * n * 8), *b = malloc(n * n * 8), *c = calloc(n * n, 8);
  for (int i = 0; i < n * n; i++) { a[i] = i % 7 + .5; b[i] = i % 11 - 3.25; }
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++)
      for (int j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
  printf("%f\n", c[n + 1]);
}

static void forks(int n) {
  char *page = malloc(1 << 20);
  memset(page, 1, 1 << 20);
  for (int i = 0; i < n; i++) {
    if (!fork()) { page[i % (1 << 20)] = 2; _exit(0); }
    wait(0);
  }
}

struct node { struct node *next; long pad[7]; };

static void chase(int n) {
  int count = 1 << 17;
  struct node *nodes = calloc(count, sizeof *nodes), *p = nodes;
  for (int i = 0, at = 0; i < count; i++) { int to = (at + 76543) & (count - 1); nodes[at].next = &nodes[to]; at = to; }
  for (int i = 0; i < n; i++) p = p->next;
  printf("%ld\n", (long)(p - nodes));
}

static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void strings(int n) {
  char **s = malloc(n * sizeof *s);
  for (int i = 0; i < n; i++) { s[i] = malloc(24); snprintf(s[i], 24, "key-%08x", i * 2654435761u); }
  qsort(s, n, sizeof *s, compare);
  long total = 0;
  for (int i = 0; i < n; i++) total += strtoul(s[i] + 4, 0, 16) + strlen(s[i]);
  printf("%ld %s\n", total, s[n / 2]);
}

int main(int argc, char **argv) {
  static const struct { const char *name; void (*run)(int); } costs[] = {
    {"bodies", bodies}, {"matrices", matrices}, {"forks", forks}, {"chase", chase}, {"strings", strings},
  };
  for (unsigned i = 0; argc == 3 && i < sizeof costs / sizeof *costs; i++)
    if (!strcmp(argv[1], costs[i].name)) return costs[i].run(atoi(argv[2])), 0;
  return 2;
}
C
gcc -O2 -o /tmp/costs /tmp/costs.c -lm || echo "RESULT compile 0 rc=1"

cat /usr/lib/*-linux-gnu/libnode.so* | head -c 6000000 > /tmp/data
gzip -6 -c /tmp/data > /tmp/data.gz
head -c 3000000 /tmp/data | bzip2 -c > /tmp/data.bz2
awk 'BEGIN { for (i = 0; i < 150000; i++) print "line", i, "word" i * 7919 % 9973, i * i % 101, "tail" }' > /tmp/text

timed perl perl -e 'my %h; for my $i (1..150000) { my $k = "k" . ($i * 7919 % 50021); $h{$k} .= chr(65 + $i % 26); } my $s = 0; for (sort keys %h) { $s += length($h{$_}) if $h{$_} =~ /[AEIOU]{2,}/ } print $s;'
timed lua lua5.4 -e 'local t, s = {}, 0 for i = 1, 1500000 do t[i % 5000] = (t[i % 5000] or 0) + i * 1.5 end for k, v in pairs(t) do s = s + #tostring(v) end print(s)'
timed awk awk -f /tmp/words.awk /tmp/text
timed node node -e 'const a = []; for (let i = 0; i < 200000; i++) a.push({x: i, y: String(i * 7919 % 100003)}); a.sort((p, q) => p.y < q.y ? -1 : 1); let s = 0; for (const e of a) s = (s * 31 + e.x) % 1000003; console.log(s, JSON.stringify(a).length)'
timed python-float python3 /tmp/float.py
timed python-start bash -c 'for i in 1 2 3 4 5 6; do python3 -c "import json, re, decimal, argparse"; done'
timed gcc-debug gcc -O0 -g -c /tmp/costs.c -o /tmp/costs.o
timed gcc-lto gcc -O2 -flto -o /tmp/costs.lto /tmp/costs.c -lm
timed sqlite-file sqlite3 /tmp/file.db "pragma journal_mode = wal; create table t(id integer primary key, name text, value real); begin;
  insert into t(name, value) with recursive n(x) as (select 1 union all select x + 1 from n where x < 60000) select 'name' || (x * 6007 % 9973), x * 1.25 from n; commit;
  create index byname on t(name); update t set value = value + 1 where id % 3 = 0; delete from t where id % 7 = 0; vacuum;"
timed sqlite-group sqlite3 :memory: "create table t(a, b, c); insert into t with recursive n(x) as (select 1 union all select x + 1 from n where x < 80000) select x, x * 7919 % 211, x * 1.5 from n;
  select b, count(*), avg(c), max(a) from t group by b order by 3; select count(*) from t x join t y on x.a = y.b where y.c > 100;"
timed xz xz -2 -c /tmp/text
timed zstd bash -c 'zstd -7 -q -c /tmp/data | zstd -q -d -c | cmp - /tmp/data'
timed gunzip bash -c 'for i in 1 2 3 4 5 6; do gzip -d -c /tmp/data.gz >/dev/null; done'
timed bunzip2 bzip2 -d -c /tmp/data.bz2
timed md5sum md5sum /tmp/data /tmp/data /tmp/data /tmp/data
timed sha512sum sha512sum /tmp/data /tmp/data /tmp/data /tmp/data
timed bignum python3 -c 'import math, sys; sys.set_int_max_str_digits(0); n = math.factorial(6000); print(len(str(n)), n % 1000003); a, b = 0, 1
for i in range(20000): a, b = b, a + b
print(pow(7, a % (1 << 1500), (1 << 1279) - 1) % 97)'
timed bodies /tmp/costs bodies 1000000
timed matrices /tmp/costs matrices 320
timed forks /tmp/costs forks 800
timed chase /tmp/costs chase 20000000
timed system-calls dd if=/dev/zero of=/dev/null bs=256 count=500000
timed processes bash -c 'for i in 1 2 3 4; do (gzip -1 -c /tmp/text | sha1sum; seq 30000 | sort -n -r | md5sum; grep -c word1 /tmp/text) & done; wait'
echo DONE
