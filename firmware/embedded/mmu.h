// Stage 1 translation at EL1: 4 KiB granule, 39-bit addresses through TTBR0 (Arm ARM D8), TTBR1 disabled.
// RAM and devices are mapped where they are; selftests get a window of virtual addresses to map as they like.
#pragma once
#include <stdint.h>

#define PAGE_SIZE 4096ul
#define BLOCK_SIZE (2ul << 20)

// Descriptor attributes (Arm ARM D8.3).
#define PTE_VALID 1ul
#define PTE_TABLE 3ul
#define PTE_PAGE 3ul
#define PTE_ATTR(n) ((uint64_t)(n) << 2)
#define PTE_EL0 (1ul << 6)
#define PTE_READ_ONLY (1ul << 7)
#define PTE_INNER_SHAREABLE (3ul << 8)
#define PTE_AF (1ul << 10)
#define PTE_NG (1ul << 11)
#define PTE_PXN (1ul << 53)
#define PTE_UXN (1ul << 54)
#define PTE_XN (PTE_PXN | PTE_UXN)

// Indices into MAIR_EL1.
enum { ATTR_DEVICE_NGNRNE = 0, ATTR_NORMAL_WB = 1, ATTR_NORMAL_NC = 2, ATTR_DEVICE_NGNRE = 3 };

#define PTE_NORMAL (PTE_AF | PTE_INNER_SHAREABLE | PTE_ATTR(ATTR_NORMAL_WB))
#define PTE_DEVICE (PTE_AF | PTE_XN | PTE_ATTR(ATTR_DEVICE_NGNRE))

// The selftests' window: 512 pages, then 511 blocks of 2 MiB, then nothing (a level 1 hole).
#define TEST_PAGE(n) (0x1000000000ul + (uint64_t)(n) * PAGE_SIZE)
#define TEST_BLOCK(n) (0x1000000000ul + (uint64_t)(n) * BLOCK_SIZE)
#define TEST_HOLE 0x2000000000ul

void mmu_init(void);
void mmu_enable(void);

// Write one descriptor of the window; no maintenance. A descriptor of 0 unmaps.
void mmu_set_page(uint32_t page, uint64_t descriptor);
void mmu_set_block(uint32_t block, uint64_t descriptor);

// Unmap, invalidate, then map: break-before-make.
void mmu_map_page(uint32_t page, uint64_t physical, uint64_t attributes);
void mmu_unmap_page(uint32_t page);
void mmu_flush_page(uint64_t address);

// The window's pages again, in a second address space: TTBR0 values for an ASID (0-255) on tables that differ only in pages.
uint64_t mmu_space(uint32_t which, uint32_t asid);
void mmu_set_space_page(uint32_t which, uint32_t page, uint64_t descriptor);

// Reads a 64-bit word with the MMU and the data cache off.
uint64_t mmu_off_read(uint64_t physical);
