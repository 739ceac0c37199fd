/* Names and addresses for uvnet: the overrides of --host, and sockaddrs of either family. */
#ifndef MODEMSIM_UVNET_NAMES_H
#define MODEMSIM_UVNET_NAMES_H

#include <uv.h>

#include "modemsim.h"

enum { UVNET_HOSTS = 64, UVNET_ANSWERS = 8, UVNET_IP_MAX = 64 };

struct uvnet_hosts {
    struct {
        char name[200];
        char ip[UVNET_IP_MAX];
    } host[UVNET_HOSTS];
    size_t count;
};

/** "NAME=ADDRESS". -1 if it isn't of this form, or one too many. */
int hosts_add(struct uvnet_hosts *hosts, const char *name_and_address);
/** What the resolver is asked in place of this name: its first override of these families, else itself. */
const char *hosts_ask_for(const struct uvnet_hosts *hosts, unsigned families, const char *name);
/** The overrides of a name of these families, at most UVNET_ANSWERS. */
size_t hosts_find(const struct uvnet_hosts *hosts, unsigned families, const char *name, const char *ips[UVNET_ANSWERS]);

/** The hints for getaddrinfo. */
struct addrinfo hints_for(unsigned families);

/** sockaddr from text; an error of libuv if it is no address. */
int address_set(struct sockaddr_storage *to, const char *ip, uint16_t port);
void address_text(const struct sockaddr *from, char text[UVNET_IP_MAX]);
uint16_t address_port(const struct sockaddr *from);
void address_set_port(struct sockaddr_storage *to, uint16_t port);

#endif
