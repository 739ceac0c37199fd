/* newlib's printf as Debian builds it does not know %zu: here a size_t is an unsigned, so the z is left out. */
#include <stdarg.h>
#include <stdio.h>

enum { LONGEST_FORMAT = 128 };

int __real_vsnprintf(char *to, size_t size, const char *format, va_list ap);
int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list ap);
int __wrap_snprintf(char *to, size_t size, const char *format, ...);

int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list ap)
{
    char plain[LONGEST_FORMAT];
    size_t len = 0;

    for (const char *at = format; *at != '\0' && len < LONGEST_FORMAT - 1; at++) {
        if (*at != 'z' || at == format || at[-1] != '%') {
            plain[len++] = *at;
        }
    }
    plain[len] = '\0';
    return __real_vsnprintf(to, size, plain, ap);
}

int __wrap_snprintf(char *to, size_t size, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int len = __wrap_vsnprintf(to, size, format, ap);
    va_end(ap);
    return len;
}
