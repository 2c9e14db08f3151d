// Console output.
#pragma once

// Formats %s %c %d %u %x, with l for 64 bits, and %% ; nothing else. '\n' becomes CR LF.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same into a buffer of `size` bytes, always terminated.
void print_to(char *buffer, unsigned long size, const char *format, __builtin_va_list arguments);
