/* Stands in for the header that newlib has not got, so that modemsim compiles into an image: IPv4 only. */
#ifndef STANDIN_ARPA_INET_H
#define STANDIN_ARPA_INET_H

#include <stdlib.h>

enum { AF_INET = 2, AF_INET6 = 10 };

static inline int inet_pton(int family, const char *text, void *address)
{
    unsigned char *out = address;

    for (int i = 0; family == AF_INET && i < 4; i++) {
        char *end;
        unsigned long value = strtoul(text, &end, 10);

        if (end == text || text[0] < '0' || text[0] > '9' || value > 255 || *end != (i < 3 ? '.' : '\0')) {
            return 0;
        }
        out[i] = (unsigned char)value;
        text = end + 1;
    }
    return family == AF_INET;
}

#endif
