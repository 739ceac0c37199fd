/* Names and addresses for uvnet; see uvnet_names.h. */
#include "uvnet_names.h"

#include <string.h>

#include "ip.h"

/* ---- overrides ---- */

int hosts_add(struct uvnet_hosts *hosts, const char *name_and_address)
{
    const char *is = strchr(name_and_address, '=');
    size_t len = is ? (size_t)(is - name_and_address) : 0;
    if (!len || hosts->count == UVNET_HOSTS || len >= sizeof hosts->host[0].name || !ip_family(is + 1)) {
        return -1;
    }
    memcpy(hosts->host[hosts->count].name, name_and_address, len);
    snprintf(hosts->host[hosts->count++].ip, UVNET_IP_MAX, "%s", is + 1);
    return 0;
}

size_t hosts_find(const struct uvnet_hosts *hosts, unsigned families, const char *name, const char *ips[UVNET_ANSWERS])
{
    size_t found = 0;
    for (size_t i = 0; i < hosts->count && found < UVNET_ANSWERS; i++) {
        if (strcmp(hosts->host[i].name, name) == 0 && (ip_family(hosts->host[i].ip) & families)) {
            ips[found++] = hosts->host[i].ip;
        }
    }
    return found;
}

/* An override of the other family hides the name too: the resolver finds no address of these families in it. */
const char *hosts_ask_for(const struct uvnet_hosts *hosts, unsigned families, const char *name)
{
    const char *ips[UVNET_ANSWERS];
    bool found = hosts_find(hosts, families, name, ips) || hosts_find(hosts, ~0u, name, ips);
    return found ? ips[0] : name;
}

struct addrinfo hints_for(unsigned families)
{
    static const int af[] = {
        [MODEMSIM_IPV4] = AF_INET,
        [MODEMSIM_IPV6] = AF_INET6,
        [MODEMSIM_IPV4 | MODEMSIM_IPV6] = AF_UNSPEC,
    };
    return (struct addrinfo){.ai_family = af[families], .ai_socktype = SOCK_STREAM};
}

/* ---- addresses ---- */

int address_set(struct sockaddr_storage *to, const char *ip, uint16_t port)
{
    if (ip_family(ip) == MODEMSIM_IPV6) {
        return uv_ip6_addr(ip, port, (struct sockaddr_in6 *)to);
    }
    return uv_ip4_addr(ip, port, (struct sockaddr_in *)to);
}

void address_text(const struct sockaddr *from, char text[UVNET_IP_MAX])
{
    text[0] = '\0';
    if (from->sa_family == AF_INET6) {
        uv_ip6_name((const void *)from, text, UVNET_IP_MAX);
    } else {
        uv_ip4_name((const void *)from, text, UVNET_IP_MAX);
    }
}

uint16_t address_port(const struct sockaddr *from)
{
    return ntohs(from->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)from)->sin6_port
                                             : ((const struct sockaddr_in *)(const void *)from)->sin_port);
}

void address_set_port(struct sockaddr_storage *to, uint16_t port)
{
    if (to->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)to)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)to)->sin_port = htons(port);
    }
}
