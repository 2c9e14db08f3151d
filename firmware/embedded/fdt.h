// Just enough of a flattened device tree reader (Devicetree Specification 0.4, chapter 5).
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Accepts the blob at `address` when it carries the magic number.
bool fdt_open(uint64_t address);

// Finds a property by the node's name up to '@' ("chosen", "psci", "memory") or, when `compatible` is not null, by one of its
// compatible strings. Returns null when there is none; *size is its length in bytes.
const void *fdt_property(const char *node, const char *compatible, const char *property, uint32_t *size);

// How many nodes carry this name up to '@'.
uint32_t fdt_count(const char *node);

// A 64-bit big-endian number, as two cells.
uint64_t fdt_u64(const void *cells);
