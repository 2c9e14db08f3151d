#include "psci.h"
#include <stdbool.h>
#include "arch.h"
#include "fdt.h"
#include "string.h"

static bool use_smc;

void psci_init(void)
{
    uint32_t size;
    const char *method = fdt_property("psci", 0, "method", &size);
    use_smc = method && string_equal(method, "smc");
}

const char *psci_conduit(void) { return use_smc ? "smc" : "hvc"; }

int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    // SMC Calling Convention (Arm DEN 0028): x0-x3 carry arguments and results, x4-x17 may be lost under its first version.
    register uint64_t x0 asm("x0") = function;
    register uint64_t x1 asm("x1") = a;
    register uint64_t x2 asm("x2") = b;
    register uint64_t x3 asm("x3") = c;
#define CLOBBERS "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory"
    if (use_smc)
        asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERS);
    else
        asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERS);
    return (int32_t)x0; // every result used here fits; the 32-bit calls define w0 only
}

void psci_system_off(void)
{
    psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        wfi();
}
