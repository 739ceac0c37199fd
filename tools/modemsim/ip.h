/* IP addresses as text: which family one is of, and whether two texts are the same address. */
#ifndef MODEMSIM_IP_H
#define MODEMSIM_IP_H

#include "modemsim.h"

/** MODEMSIM_IPV4 or MODEMSIM_IPV6; 0 for what isn't an address: a name. */
unsigned ip_family(const char *text);
/** By value: "2001:DB8::1" is "2001:db8:0:0:0:0:0:1". What isn't an address is the same as nothing. */
bool ip_same(const char *a, const char *b);

#endif
