// Power State Coordination Interface (Arm DEN 0022), through the conduit that the device tree names.
#pragma once
#include <stdint.h>

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)

void psci_init(void);
const char *psci_conduit(void);
int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
void psci_reset_while_running(void); // SYSTEM_RESET of the last CPU while the others work
void psci_system_off(void) __attribute__((noreturn));
