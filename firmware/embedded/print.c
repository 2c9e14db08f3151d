#include "print.h"
#include <stdarg.h>
#include <stdint.h>
#include "uart.h"

struct sink {
    char *next;
    char *end;
};

static void put(struct sink *sink, char c)
{
    if (!sink->next) {
        if (c == '\n')
            uart_put('\r');
        uart_put(c);
    } else if (sink->next < sink->end) {
        *sink->next++ = c;
    }
}

static void put_number(struct sink *sink, uint64_t value, uint32_t base)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        put(sink, digits[--n]);
}

static void format_into(struct sink *sink, const char *format, va_list arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(sink, *format);
            continue;
        }
        int is_long = 0;
        while (*++format == 'l')
            is_long = 1;
        switch (*format) {
        case 's':
            for (const char *s = va_arg(arguments, const char *); *s; s++)
                put(sink, *s);
            break;
        case 'c':
            put(sink, (char)va_arg(arguments, int));
            break;
        case 'd': {
            int64_t value = is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
            if (value < 0)
                put(sink, '-');
            put_number(sink, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
            break;
        }
        case 'u':
            put_number(sink, is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 10);
            break;
        case 'x':
            put(sink, '0');
            put(sink, 'x');
            put_number(sink, is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 16);
            break;
        default:
            put(sink, *format);
        }
    }
}

void print(const char *format, ...)
{
    struct sink sink = {0};
    va_list arguments;
    va_start(arguments, format);
    format_into(&sink, format, arguments);
    va_end(arguments);
}

void print_to(char *buffer, unsigned long size, const char *format, va_list arguments)
{
    struct sink sink = {buffer, buffer + size - 1};
    format_into(&sink, format, arguments);
    *sink.next = 0;
}
