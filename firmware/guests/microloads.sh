# Single costs of a system, each timed inside the Linux guest: system calls, faults, processes, memory, arithmetic, interpreters, files.
# RESULT name milliseconds rc=status, then DONE. Runs through guests/init from a script disk.
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

cat > /tmp/costs.c <<'C'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { page = 4096, mib = 1 << 20 };
static volatile int hits;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void count(int signal) { (void)signal; hits++; }

static void *contend(void *arg) {
  for (int i = 0; i < 300000; i++) {
    pthread_mutex_lock(&mutex);
    hits++;
    pthread_mutex_unlock(&mutex);
  }
  return arg;
}

static void syscalls(int n) {
  for (int i = 0; i < n; i++) syscall(SYS_getppid);
}

static void faults(int n) {
  for (int i = 0; i < n; i++) {
    char *p = mmap(0, mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int j = 0; j < mib; j += page) p[j] = 1;
    munmap(p, mib);
  }
}

static void forks(int n) {
  for (int i = 0; i < n; i++) {
    if (!fork()) _exit(0);
    wait(0);
  }
}

static void pipes(int n) {
  int there[2], back[2];
  char c = 'x';
  if (pipe(there) || pipe(back)) exit(1);
  if (!fork()) {
    for (int i = 0; i < n; i++)
      if (read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1) _exit(1);
    _exit(0);
  }
  for (int i = 0; i < n; i++)
    if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1) exit(1);
}

static void signals(int n) {
  signal(SIGUSR1, count);
  for (int i = 0; i < n; i++) raise(SIGUSR1);
}

static void threads(int n) {
  pthread_t t[16];
  for (int i = 0; i < n; i++) pthread_create(&t[i], 0, contend, 0);
  for (int i = 0; i < n; i++) pthread_join(t[i], 0);
}

static void copies(int n) {
  char *a = malloc(16 * mib), *b = malloc(16 * mib);
  memset(a, 1, 16 * mib);
  for (int i = 0; i < n; i++) memcpy(b, a, 16 * mib);
  printf("%d\n", b[5]);
}

static void scattered(int n) {
  unsigned *a = calloc(4 * mib, sizeof *a), s = 1, x = 0;
  for (int i = 0; i < n; i++) {
    s = s * 1664525 + 1013904223;
    x += a[s >> 10]++;
  }
  printf("%u\n", x);
}

static __attribute__((noinline)) long triple(long x) { return x * 3 + 1; }
static __attribute__((noinline)) long flip(long x) { return x ^ 0x55; }
static __attribute__((noinline)) long add(long x) { return x + 77; }
static __attribute__((noinline)) long halve(long x) { return (x >> 1) + 5; }

static void indirect(int n) {
  long (*volatile table[])(long) = {triple, flip, add, halve}, x = 1;
  for (int i = 0; i < n; i++) x = table[(x >> 3) & 3](x);
  printf("%ld\n", x);
}

static void quad(int n) {
  volatile long double a = 1.0001L, b = 1;
  for (int i = 0; i < n; i++) b = b * a + 0.5L;
  printf("%Lg\n", b);
}

static void divide(int n) {
  long a = 1234567891234567L, s = 0;
  for (int i = 1; i < n; i++) s += a / i + a % i;
  printf("%ld\n", s);
}

int main(int argc, char **argv) {
  static const struct { const char *name; void (*run)(int); } costs[] = {
    {"syscalls", syscalls}, {"faults", faults}, {"forks", forks}, {"pipes", pipes}, {"signals", signals}, {"threads", threads},
    {"copies", copies}, {"scattered", scattered}, {"indirect", indirect}, {"quad", quad}, {"divide", divide},
  };
  for (unsigned i = 0; argc == 3 && i < sizeof costs / sizeof *costs; i++)
    if (!strcmp(argv[1], costs[i].name)) return costs[i].run(atoi(argv[2])), 0;
  return 2;
}
C
gcc -O2 -o /tmp/costs /tmp/costs.c -lpthread || echo "RESULT compile 0 rc=1"
head -c 2000000 /usr/lib/aarch64-linux-gnu/libnode.so* > /tmp/data 2>/dev/null
ip link set lo up

timed syscalls /tmp/costs syscalls 1000000
timed faults /tmp/costs faults 200
timed forks /tmp/costs forks 1000
timed pipes /tmp/costs pipes 30000
timed signals /tmp/costs signals 100000
timed threads /tmp/costs threads 4
timed copies /tmp/costs copies 60
timed scattered /tmp/costs scattered 20000000
timed indirect /tmp/costs indirect 20000000
timed quad /tmp/costs quad 1000000
timed divide /tmp/costs divide 20000000
timed perl perl -e 'my %h; $h{"k$_"} = $_ for 1..200000; my $s = 0; $s += $h{$_} for sort keys %h; print $s;'
timed lua lua5.4 -e 'local t = {} for i = 1, 2000000 do t[i % 1000] = (t[i % 1000] or 0) + i * 1.5 end print(t[7])'
timed node node -e 'const a = []; for (let i = 0; i < 300000; i++) a.push({x: i, y: String(i)}); a.sort((p, q) => p.y < q.y ? -1 : 1); console.log(a[5].x)'
timed xz xz -1 -k -c /usr/bin/gcc
timed zstd bash -c 'zstd -9 -c /tmp/data | zstd -d -c | cmp - /tmp/data'
timed 7z 7zz a -mx=3 /tmp/data.7z /tmp/data
timed fio fio --name=r --filename=/tmp/fio --size=64M --rw=randrw --bs=4k --ioengine=psync
timed find find / -xdev -name nothing
timed iperf bash -c 'iperf3 -s -1 -D; sleep 0.3; iperf3 -c 127.0.0.1 -n 300M'
echo DONE
