// GICv3 (Arm IHI 0069): system-register CPU interface, one redistributor per CPU. Group 1, one security state.
#include "arch.h"
#include "irq.h"

#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define READ(name) read_sysreg(name)
#define WRITE(name, value) write_sysreg(name, value)

#define GICD_CTLR_RWP (1u << 31)
#define GICD_IROUTER 0x6000
#define GICR_WAKER 0x14
#define GICR_TYPER 0x08
#define GICR_STRIDE 0x20000ul
#define GICR_SGI_FRAME 0x10000ul

static uint64_t dist, redists;

void gicv3_set_base(uint64_t distributor, uint64_t redistributors)
{
    dist = distributor;
    redists = redistributors;
}

// This CPU's redistributor: GICR_TYPER[63:32] is the affinity it serves, bit 4 marks the last one, bit 1 a GICv4 one (twice as long).
static uint64_t redistributor(void)
{
    uint64_t mpidr = read_sysreg(mpidr_el1);
    uint32_t affinity = (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 32 & 0xff) << 24;
    uint64_t base = redists;
    for (;;) {
        uint64_t type = mmio_read64(base + GICR_TYPER);
        if (type >> 32 == affinity || type & 1 << 4)
            return base;
        base += type & 1 << 1 ? 2 * GICR_STRIDE : GICR_STRIDE;
    }
}

static uint64_t private_base(void) { return redistributor() + GICR_SGI_FRAME; }

static void init_cpu(void)
{
    mmio_write32(dist + GICD_CTLR, 1u << 4 | 1u << 1); // ARE_NS, EnableGrp1
    while (mmio_read32(dist + GICD_CTLR) & GICD_CTLR_RWP)
        ;
    for (uint32_t i = 1; i < IRQ_COUNT / 32; i++)
        mmio_write32(dist + GICD_IGROUPR + i * 4, ~0u);
    uint64_t redist = redistributor();
    mmio_write32(redist + GICR_WAKER, 0);
    while (mmio_read32(redist + GICR_WAKER) & 1u << 2) // ChildrenAsleep
        ;
    mmio_write32(redist + GICR_SGI_FRAME + GICD_IGROUPR, ~0u);
    WRITE(ICC_SRE_EL1, 7);
    isb();
    WRITE(ICC_PMR_EL1, 0xf0);
    WRITE(ICC_BPR1_EL1, 0);
    WRITE(ICC_CTLR_EL1, 0);
    WRITE(ICC_IGRPEN1_EL1, 1);
    isb();
}

static uint32_t acknowledge(void)
{
    uint32_t intid = (uint32_t)READ(ICC_IAR1_EL1);
    dsb();
    return intid;
}

static void end(uint32_t token)
{
    dsb(); // the device's line must be down before the interrupt can be taken again
    WRITE(ICC_EOIR1_EL1, token);
    isb();
}

static void set_priority_mask(uint8_t mask)
{
    WRITE(ICC_PMR_EL1, mask);
    dsb();
}

static void send_self(uint32_t sgi)
{
    uint64_t mpidr = read_sysreg(mpidr_el1);
    dsb();
    WRITE(ICC_SGI1R_EL1, (uint64_t)sgi << 24 | (mpidr >> 8 & 0xff) << 16 | (mpidr >> 16 & 0xff) << 32 | 1ul << (mpidr & 15));
    isb();
}

static void send_others(uint32_t sgi)
{
    dsb();
    WRITE(ICC_SGI1R_EL1, (uint64_t)sgi << 24 | 1ul << 40); // IRM: all but this one
    isb();
}

// CPUs 0 to 15 differ in Aff0 only.
static void send_to(uint32_t sgi, uint32_t cpu)
{
    dsb();
    WRITE(ICC_SGI1R_EL1, (uint64_t)sgi << 24 | 1ul << cpu);
    isb();
}

static void route(uint32_t spi, uint32_t cpu)
{
    mmio_write64(dist + GICD_IROUTER + 8 * spi, cpu == IRQ_ANY_CPU ? 1ul << 31 : cpu);
}

const struct gic gicv3 = {"v3", init_cpu, acknowledge, end, set_priority_mask, send_self, send_others, send_to, route, private_base};
