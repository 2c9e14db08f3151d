// printf for %s %d %lx %lu, and what a test says about itself. The detail of a failure goes to the console at once.
#include "harness.h"
#include <stdarg.h>

struct buffer { char text[256]; size_t length; };

static void put(struct buffer *b, char c)
{
    if (b->length < sizeof b->text)
        b->text[b->length++] = c;
}

static void put_number(struct buffer *b, uint64_t value, unsigned base)
{
    char digits[24];
    int n = 0;
    do
        digits[n++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (n > 0)
        put(b, digits[--n]);
}

static void format_into(struct buffer *b, const char *f, va_list arguments)
{
    for (; *f; f++) {
        if (*f != '%') {
            put(b, *f);
            continue;
        }
        bool is_long = f[1] == 'l';
        f += is_long ? 2 : 1;
        if (*f == 's') {
            for (const char *s = va_arg(arguments, const char *); *s; s++)
                put(b, *s);
        } else if (*f == 'd' && !is_long) {
            int value = va_arg(arguments, int);
            if (value < 0)
                put(b, '-');
            put_number(b, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        } else {
            uint64_t value = is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            put_number(b, value, *f == 'x' ? 16 : 10);
        }
    }
}

static void flush(struct buffer *b)
{
    syscall(SYS_write, 1, b->text, b->length);
}

void print(const char *format, ...)
{
    struct buffer b = { .length = 0 };
    va_list arguments;
    va_start(arguments, format);
    format_into(&b, format, arguments);
    va_end(arguments);
    flush(&b);
}

enum outcome fail(const char *format, ...)
{
    struct buffer b = { .length = 0 };
    va_list arguments;
    va_start(arguments, format);
    put(&b, ' '), put(&b, ' ');
    format_into(&b, format, arguments);
    put(&b, '\n');
    va_end(arguments);
    flush(&b);
    return FAIL;
}

enum outcome skip(const char *format, ...)
{
    struct buffer b = { .length = 0 };
    va_list arguments;
    va_start(arguments, format);
    put(&b, ' '), put(&b, ' ');
    format_into(&b, format, arguments);
    put(&b, '\n');
    va_end(arguments);
    flush(&b);
    return SKIP;
}
