#include "uart.h"
#include "arch.h"

void uart_init(void)
{
    mmio_write32(UART_BASE + UART_CR, 0x301); // UARTEN, TXE, RXE
}

void uart_put(char c)
{
    while (mmio_read32(UART_BASE + UART_FR) & (1u << 5)) // TXFF
        ;
    mmio_write32(UART_BASE + UART_DR, (uint8_t)c);
}
