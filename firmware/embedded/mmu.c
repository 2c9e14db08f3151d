#include "mmu.h"
#include "arch.h"
#include "work.h"

#define TABLE __attribute__((aligned(4096))) static uint64_t

TABLE level1[2][512];    // one per address space
TABLE devices[512];      // level 2: 0 - 1 GiB
TABLE ram[512];          // level 2: 1 - 2 GiB
TABLE image[512];        // level 3: the 2 MiB that hold this program
TABLE test_blocks[2][512];
TABLE test_pages[2][512];

extern char __image_start[], __text_end[], __rodata_end[];

#define RAM_BASE 0x40000000ul
#define DEVICES_BASE 0x08000000ul
#define DEVICES_END 0x0a200000ul

static void map_image(void)
{
    uint64_t start = (uint64_t)__image_start, text_end = (uint64_t)__text_end, rodata_end = (uint64_t)__rodata_end;
    for (uint32_t i = 0; i < 512; i++) {
        uint64_t address = start + i * PAGE_SIZE;
        uint64_t attributes = address < text_end   ? PTE_READ_ONLY | PTE_UXN
                            : address < rodata_end ? PTE_READ_ONLY | PTE_XN
                                                   : PTE_XN;
        image[i] = address | PTE_PAGE | PTE_NORMAL | attributes;
    }
    ram[(start - RAM_BASE) / BLOCK_SIZE] = (uint64_t)image | PTE_TABLE;
}

void mmu_init(void)
{
    for (uint64_t a = DEVICES_BASE; a < DEVICES_END; a += BLOCK_SIZE)
        devices[a / BLOCK_SIZE] = a | PTE_VALID | PTE_DEVICE;
    for (uint64_t a = RAM_BASE; a < WORK_BASE + WORK_SIZE; a += BLOCK_SIZE)
        ram[(a - RAM_BASE) / BLOCK_SIZE] = a | PTE_VALID | PTE_NORMAL | PTE_XN;
    map_image();
    for (uint32_t i = 0; i < 2; i++) {
        level1[i][0] = (uint64_t)devices | PTE_TABLE;
        level1[i][1] = (uint64_t)ram | PTE_TABLE;
        level1[i][TEST_PAGE(0) >> 30] = (uint64_t)test_blocks[i] | PTE_TABLE;
        test_blocks[i][0] = (uint64_t)test_pages[i] | PTE_TABLE;
    }
    mmu_enable();
}

void mmu_enable(void)
{
    uint64_t features = read_sysreg(id_aa64mmfr0_el1);
    uint64_t physical_range = features & 15;
    if (physical_range > 5)
        physical_range = 5; // 48 bits: more needs FEAT_LPA2 with this granule
    uint64_t tcr = 25ul                     // T0SZ: 39 bits
                 | 1ul << 8 | 1ul << 10     // IRGN0, ORGN0: write-back, write-allocate
                 | 3ul << 12                // SH0: inner shareable
                 | 25ul << 16 | 1ul << 23   // T1SZ; EPD1: no walks through TTBR1
                 | 2ul << 30                // TG1: 4 KiB
                 | physical_range << 32;
    write_sysreg(mair_el1, 0x00ul | 0xfful << 8 | 0x44ul << 16 | 0x04ul << 24);
    write_sysreg(tcr_el1, tcr);
    write_sysreg(ttbr0_el1, (uint64_t)level1[0]);
    dsb();
    isb();
    asm volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory");
    // M, C, I, SA, SA0, DZE, UCT, UCI over the RES1 bits.
    write_sysreg(sctlr_el1, 0x30d00800ul | 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 26);
    isb();
}

void mmu_set_page(uint32_t page, uint64_t descriptor) { mmu_set_space_page(0, page, descriptor); }

void mmu_set_block(uint32_t block, uint64_t descriptor)
{
    *(volatile uint64_t *)&test_blocks[0][block] = descriptor;
    dsb();
    isb();
}

void mmu_set_space_page(uint32_t which, uint32_t page, uint64_t descriptor)
{
    *(volatile uint64_t *)&test_pages[which][page] = descriptor;
    dsb();
    isb();
}

void mmu_flush_page(uint64_t address)
{
    asm volatile("dsb ishst\n\ttlbi vaae1is, %0\n\tdsb ish\n\tisb" ::"r"(address >> 12 & 0xffffffffffful) : "memory");
}

void mmu_unmap_page(uint32_t page)
{
    mmu_set_page(page, 0);
    mmu_flush_page(TEST_PAGE(page));
}

void mmu_map_page(uint32_t page, uint64_t physical, uint64_t attributes)
{
    mmu_unmap_page(page);
    mmu_set_page(page, physical | PTE_PAGE | attributes);
}

uint64_t mmu_space(uint32_t which, uint32_t asid) { return (uint64_t)level1[which] | (uint64_t)asid << 48; }

uint64_t mmu_off_read(uint64_t physical)
{
    uint64_t value, sctlr = read_sysreg(sctlr_el1);
    asm volatile("dc civac, %[address]\n\tdsb sy\n\t"
                 "msr sctlr_el1, %[off]\n\tisb\n\t"
                 "ldr %[value], [%[address]]\n\tdsb sy\n\t"
                 "msr sctlr_el1, %[on]\n\tisb"
                 : [value] "=&r"(value)
                 : [address] "r"(physical), [off] "r"(sctlr & ~5ul), [on] "r"(sctlr)
                 : "memory");
    return value;
}
