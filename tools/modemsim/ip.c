/* IP addresses as text; see ip.h. */
#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
    int af;
    unsigned family;
    size_t len;
} families[] = {{AF_INET, MODEMSIM_IPV4, 4}, {AF_INET6, MODEMSIM_IPV6, 16}};

enum { FAMILIES = 2, LONGEST = 16 };

unsigned ip_family(const char *text)
{
    unsigned char value[LONGEST];
    for (int i = 0; i < FAMILIES; i++) {
        if (inet_pton(families[i].af, text, value) == 1) {
            return families[i].family;
        }
    }
    return 0;
}

bool ip_same(const char *a, const char *b)
{
    unsigned char value[2][LONGEST];
    for (int i = 0; i < FAMILIES; i++) {
        if (inet_pton(families[i].af, a, value[0]) == 1 && inet_pton(families[i].af, b, value[1]) == 1) {
            return memcmp(value[0], value[1], families[i].len) == 0;
        }
    }
    return false;
}
