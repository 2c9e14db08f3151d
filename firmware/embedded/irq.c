#include "irq.h"
#include "arch.h"
#include "fdt.h"

static const struct gic *gic;
static uint64_t distributor;
static volatile uint32_t taken[IRQ_CPUS][IRQ_COUNT];
static void (*volatile handlers[IRQ_COUNT])(void);

bool irq_init(void)
{
    uint32_t size;
    const uint8_t *reg = fdt_property(0, "arm,gic-v3", "reg", &size);
    if (reg && size >= 32) {
        distributor = fdt_u64(reg);
        gicv3_set_base(distributor, fdt_u64(reg + 16));
        gic = &gicv3;
    } else if ((reg = fdt_property(0, "arm,cortex-a15-gic", "reg", &size)) != 0 && size >= 32) {
        distributor = fdt_u64(reg);
        gicv2_set_base(distributor, fdt_u64(reg + 16));
        gic = &gicv2;
    } else {
        return false;
    }
    gic->init_cpu();
    irq_enable();
    return true;
}

void irq_init_secondary(void)
{
    gic->init_cpu();
}

const char *irq_controller(void) { return gic ? gic->name : "none"; }

static uint32_t self(void) { return (uint32_t)read_sysreg(mpidr_el1) & (IRQ_CPUS - 1); }

static uint64_t bank(uint32_t intid) { return intid < 32 ? gic->private_base() : distributor; }

void irq_unmask(uint32_t intid, uint8_t priority)
{
    uint64_t base = bank(intid);
    mmio_write8(base + GICD_IPRIORITYR + intid, priority);
    if (gic == &gicv2 && intid >= 32)
        mmio_write8(base + GICD_ITARGETSR + intid, 1);
    mmio_write32(base + GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
    dsb();
}

void irq_mask(uint32_t intid)
{
    mmio_write32(bank(intid) + GICD_ICENABLER + intid / 32 * 4, 1u << intid % 32);
    dsb();
    isb();
}

bool irq_is_pending(uint32_t intid)
{
    return mmio_read32(bank(intid) + GICD_ISPENDR + intid / 32 * 4) >> intid % 32 & 1;
}

void irq_set_priority_mask(uint8_t mask) { gic->set_priority_mask(mask); }
void irq_send_self(uint32_t sgi) { gic->send_self(sgi); }
void irq_send_others(uint32_t sgi) { gic->send_others(sgi); }
void irq_send_to(uint32_t sgi, uint32_t cpu) { gic->send_to(sgi, cpu); }

void irq_route(uint32_t spi, uint32_t cpu)
{
    gic->route(spi, cpu);
    dsb();
}

uint64_t irq_bank(uint32_t intid) { return bank(intid); }

// GICD_TYPER.No1N; version 2 always can.
bool irq_is_shared_by_any(void) { return gic == &gicv2 || (mmio_read32(distributor + 4) >> 25 & 1) == 0; }

uint32_t irq_taken_by(uint32_t cpu, uint32_t intid) { return taken[cpu][intid]; }
uint32_t irq_taken(uint32_t intid) { return taken[self()][intid]; }
void irq_set_handler(uint32_t intid, void (*handler)(void)) { handlers[intid] = handler; }

void irq_dispatch(void)
{
    uint32_t token = gic->acknowledge();
    uint32_t intid = token & 0x3ff; // a GICv2 SGI carries its sender above
    if (intid >= IRQ_COUNT)
        return;
    uint32_t cpu = self();
    __atomic_store_n(&taken[cpu][intid], taken[cpu][intid] + 1, __ATOMIC_RELAXED);
    if (handlers[intid])
        handlers[intid]();
    gic->end(token);
}
