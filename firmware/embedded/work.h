// Memory after the image, placed by firmware.ld and mapped by 2 MiB blocks. Its contents at reset are unknown; selftests and
// kernels use it in turn.
#pragma once
#include <stdint.h>

#define WORK_BASE 0x40400000ul
#define WORK_SIZE (16ul << 20)

extern uint8_t work[WORK_SIZE];
