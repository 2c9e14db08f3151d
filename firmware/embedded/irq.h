// Interrupts: the controller behind one interface (gicv2.c, gicv3.c) and a count of what arrived.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define IRQ_COUNT 288u
#define IRQ_SPURIOUS 1020u
#define IRQ_CPUS 8u
#define IRQ_ANY_CPU 255u

struct gic {
    const char *name;
    void (*init_cpu)(void);
    uint32_t (*acknowledge)(void);         // INTID, or one of 1020-1023
    void (*end)(uint32_t intid);
    void (*set_priority_mask)(uint8_t mask); // only higher priorities (lower numbers) are signalled
    void (*send_self)(uint32_t sgi);
    void (*send_others)(uint32_t sgi);
    void (*send_to)(uint32_t sgi, uint32_t cpu);
    void (*route)(uint32_t spi, uint32_t cpu); // to one CPU, or to IRQ_ANY_CPU
    uint64_t (*private_base)(void);        // the frame whose first registers serve INTIDs 0-31
};

extern const struct gic gicv2, gicv3;
void gicv2_set_base(uint64_t distributor, uint64_t cpu_interface);
void gicv3_set_base(uint64_t distributor, uint64_t redistributors);

// Finds the controller in the device tree and enables it. False when there is none that this program knows.
bool irq_init(void);
const char *irq_controller(void);

void irq_unmask(uint32_t intid, uint8_t priority);
void irq_mask(uint32_t intid);
bool irq_is_pending(uint32_t intid);
void irq_set_priority_mask(uint8_t mask);
void irq_send_self(uint32_t sgi);
void irq_send_others(uint32_t sgi);
void irq_init_secondary(void);

void irq_send_to(uint32_t sgi, uint32_t cpu);
void irq_route(uint32_t spi, uint32_t cpu);
uint64_t irq_bank(uint32_t intid); // the frame whose registers serve it; that of this CPU for INTIDs 0-31
bool irq_is_shared_by_any(void);   // shared interrupts can go to whichever CPU takes them

// How often this CPU took an interrupt; a handler, when set, runs between acknowledge and end.
uint32_t irq_taken(uint32_t intid);
uint32_t irq_taken_by(uint32_t cpu, uint32_t intid);
void irq_set_handler(uint32_t intid, void (*handler)(void));

// Called by trap_dispatch.
void irq_dispatch(void);

// Distributor registers that both versions share (GIC v3/v4, Arm IHI 0069, 12.9); SGI/PPI banks have the same offsets.
#define GICD_CTLR 0x000
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
