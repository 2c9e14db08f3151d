// Quicksort of 16384 and heapsort of 8192 random integers.
#include "kernel.h"
#include "work.h"

#define QUICK 16384
#define HEAP 8192

static int32_t *const numbers = (int32_t *)work;

static void insertion(int32_t *a, long n)
{
    for (long i = 1; i < n; i++) {
        int32_t v = a[i];
        long j = i;
        for (; j > 0 && a[j - 1] > v; j--)
            a[j] = a[j - 1];
        a[j] = v;
    }
}

static void swap(int32_t *a, int32_t *b)
{
    int32_t t = *a;
    *a = *b;
    *b = t;
}

// Hoare's partition around the median of three; short runs are left to insertion sort.
static void quicksort(int32_t *a, long n)
{
    while (n > 16) {
        if (a[n / 2] < a[0])
            swap(&a[n / 2], &a[0]);
        if (a[n - 1] < a[0])
            swap(&a[n - 1], &a[0]);
        if (a[n - 1] < a[n / 2])
            swap(&a[n - 1], &a[n / 2]);
        int32_t pivot = a[n / 2];
        long i = 0, j = n - 1;
        for (;;) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&a[i++], &a[j--]);
        }
        quicksort(a, j + 1);
        a += j + 1;
        n -= j + 1;
    }
    insertion(a, n);
}

static void sift_down(int32_t *a, long root, long n)
{
    int32_t v = a[root];
    for (long child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && a[child + 1] > a[child])
            child++;
        if (a[child] <= v)
            break;
        a[root] = a[child];
    }
    a[root] = v;
}

static void heapsort(int32_t *a, long n)
{
    for (long i = n / 2 - 1; i >= 0; i--)
        sift_down(a, i, n);
    for (long i = n - 1; i > 0; i--) {
        swap(&a[0], &a[i]);
        sift_down(a, 0, i);
    }
}

static uint64_t unit(void)
{
    uint64_t seed = 42, sum = 0;
    for (long i = 0; i < QUICK + HEAP; i++)
        numbers[i] = (int32_t)next_random(&seed);
    quicksort(numbers, QUICK);
    heapsort(numbers + QUICK, HEAP);
    for (long i = 0; i < QUICK + HEAP; i += 8)
        sum = mix(sum, (uint32_t)numbers[i]);
    return sum;
}

const struct kernel kernel_sort = {"sort", 0, unit, 0xfb227aa57610c7a1ul, 0};
