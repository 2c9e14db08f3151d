// System registers, barriers and maintenance as C expressions.
#pragma once
#include <stdint.h>

#define read_sysreg(name)                                       \
    ({                                                          \
        uint64_t value_;                                        \
        asm volatile("mrs %0, " #name : "=r"(value_)::"memory"); \
        value_;                                                 \
    })
#define write_sysreg(name, value) asm volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

static inline void isb(void) { asm volatile("isb" ::: "memory"); }
static inline void dsb(void) { asm volatile("dsb sy" ::: "memory"); }
static inline void wfi(void) { asm volatile("wfi" ::: "memory"); }
static inline void irq_enable(void) { asm volatile("msr daifclr, #2" ::: "memory"); }
static inline void irq_disable(void) { asm volatile("msr daifset, #2" ::: "memory"); }

// One four-bit field of an ID register.
static inline uint32_t id_field(uint64_t reg, uint32_t shift) { return (uint32_t)(reg >> shift) & 15; }

// Device registers: one access of exactly this width.
static inline uint32_t mmio_read32(uint64_t address) { return *(volatile uint32_t *)address; }
static inline void mmio_write32(uint64_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
static inline void mmio_write8(uint64_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
static inline void mmio_write64(uint64_t address, uint64_t value) { *(volatile uint64_t *)address = value; }
static inline uint64_t mmio_read64(uint64_t address) { return *(volatile uint64_t *)address; }

// Makes instructions written at [address, +size) visible to fetches (Arm ARM B2.4.4).
static inline void sync_code(uint64_t address, uint64_t size)
{
    uint64_t ctr = read_sysreg(ctr_el0);
    uint64_t dline = 4ul << ((ctr >> 16) & 15), iline = 4ul << (ctr & 15);
    for (uint64_t a = address & -dline; a < address + size; a += dline)
        asm volatile("dc cvau, %0" ::"r"(a) : "memory");
    asm volatile("dsb ish" ::: "memory");
    for (uint64_t a = address & -iline; a < address + size; a += iline)
        asm volatile("ic ivau, %0" ::"r"(a) : "memory");
    asm volatile("dsb ish\n\tisb" ::: "memory");
}
