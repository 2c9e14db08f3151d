// PL011 (Arm DDI 0183), transmit only: the machine has it ready at reset.
#pragma once
#include <stdint.h>

#define UART_BASE 0x09000000ul
#define UART_INTID 33u // SPI 1
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_CR 0x30
#define UART_IMSC 0x38
#define UART_RIS 0x3c
#define UART_MIS 0x40
#define UART_ICR 0x44
#define UART_INT_TX (1u << 5)

void uart_init(void);
void uart_put(char c);
