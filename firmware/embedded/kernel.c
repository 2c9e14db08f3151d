#include "kernel.h"
#include "print.h"
#include "timer.h"

static const struct kernel *const kernels[] = {
    &kernel_sort, &kernel_hash, &kernel_list, &kernel_interp, &kernel_recurse, &kernel_crc, &kernel_strsearch,
    &kernel_matmul, &kernel_fft, &kernel_nbody, &kernel_mandel,
    &kernel_saxpy, &kernel_histogram, &kernel_sha256, &kernel_aesctr, &kernel_crc32i,
};

static bool run(const struct kernel *kernel, uint64_t ns)
{
    if (kernel->available && !kernel->available()) {
        print("KERNEL %s skip\n", kernel->name);
        return true;
    }
    if (kernel->setup)
        kernel->setup();
    uint64_t sum = kernel->unit();
    uint64_t iterations = 0, limit = timer_from_ns(ns), start = timer_ticks(), elapsed = 0;
    while (sum == kernel->expected && elapsed < limit) {
        sum = kernel->unit();
        elapsed = timer_ticks() - start;
        iterations++;
    }
    if (sum != kernel->expected) {
        print("KERNEL %s FAIL expected %lx got %lx\n", kernel->name, kernel->expected, sum);
        return false;
    }
    print("KERNEL %s %lu %lu\n", kernel->name, iterations, timer_to_ns(elapsed));
    return true;
}

bool kernels_run(const struct options *options)
{
    bool ok = true;
    for (uint32_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (options_selects(options, kernels[i]->name))
            ok &= run(kernels[i], options->kernel_ns);
    print("KERNELS done\n");
    return ok;
}
