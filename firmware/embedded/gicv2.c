// GICv2 (Arm IHI 0048): a memory-mapped CPU interface, banked per CPU.
#include "arch.h"
#include "irq.h"

#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICD_SGIR 0xf00

static uint64_t dist, cpu;

void gicv2_set_base(uint64_t distributor, uint64_t cpu_interface)
{
    dist = distributor;
    cpu = cpu_interface;
}

static void init_cpu(void)
{
    mmio_write32(dist + GICD_CTLR, 1);
    mmio_write32(cpu + GICC_PMR, 0xf0);
    mmio_write32(cpu + GICC_CTLR, 1);
    dsb();
}

static uint32_t acknowledge(void) { return mmio_read32(cpu + GICC_IAR); }

static void end(uint32_t token)
{
    dsb(); // the device's line must be down before the interrupt can be taken again
    mmio_write32(cpu + GICC_EOIR, token);
}

static void set_priority_mask(uint8_t mask)
{
    mmio_write32(cpu + GICC_PMR, mask);
    dsb();
}

static void send_self(uint32_t sgi)
{
    dsb();
    mmio_write32(dist + GICD_SGIR, 2u << 24 | sgi); // TargetListFilter: the sender only
    dsb();
}

static void send_others(uint32_t sgi)
{
    dsb();
    mmio_write32(dist + GICD_SGIR, 1u << 24 | sgi); // all but the sender
    dsb();
}

static uint64_t private_base(void) { return dist; }

static void send_to(uint32_t sgi, uint32_t cpu)
{
    dsb();
    mmio_write32(dist + GICD_SGIR, 1u << (16 + cpu) | sgi);
    dsb();
}

static void route(uint32_t spi, uint32_t cpu)
{
    mmio_write8(dist + GICD_ITARGETSR + spi, cpu == IRQ_ANY_CPU ? 0xff : (uint8_t)(1u << cpu));
}

const struct gic gicv2 = {"v2", init_cpu, acknowledge, end, set_priority_mask, send_self, send_others, send_to, route, private_base};
