/*
 * Addresses of the command line: parts between colons, but for colons in brackets.
 */
#include "net/spec.h"

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 4 };

struct parts {
    char text[400];
    char *part[PARTS];
    int count; /* 0: the text can't be taken apart */
};

/* Ends the part at @p at and returns what follows it: a colon, the end, or anything else if the brackets are wrong. */
static char *end_part(struct parts *parts, char *at)
{
    char *end = at + strcspn(at, ":");
    if (*at == '[') {
        end = strchr(at, ']');
        if (!end) {
            return at;
        }
        *end++ = '\0';
        at++;
    }
    parts->part[parts->count++] = at;
    return end;
}

static void take_apart(struct parts *parts, const char *text)
{
    parts->count = 0;
    size_t len = strlen(text);
    if (len >= sizeof(parts->text)) {
        return;
    }
    memcpy(parts->text, text, len + 1);
    for (char *at = parts->text;;) {
        char *end = parts->count < PARTS ? end_part(parts, at) : at;
        if (*end == '\0' && end != at) {
            return;
        }
        if (*end != ':' || end == at) {
            parts->count = 0;
            return;
        }
        *end = '\0';
        at = end + 1;
    }
}

static bool read_port(const char *text, unsigned long min, uint16_t *port)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *port = (uint16_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= min && value <= 65535;
}

static bool read_address(struct sockaddr_storage *at, const char *text, uint16_t port)
{
    memset(at, 0, sizeof(*at));
    text = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;
    return uv_ip4_addr(text, port, (struct sockaddr_in *)at) == 0 ||
           uv_ip6_addr(text, port, (struct sockaddr_in6 *)at) == 0;
}

bool spec_read_listen(struct sockaddr_storage *at, const char *text)
{
    struct parts parts;
    uint16_t port;
    take_apart(&parts, text);
    if ((parts.count == 1 || parts.count == 2) && read_port(parts.part[parts.count - 1], 0, &port) &&
        read_address(at, parts.count == 2 ? parts.part[0] : "127.0.0.1", port)) {
        return true;
    }
    cli_complain("'%s' is not an address to listen on: ADDRESS:PORT, as 127.0.0.1:1080 or [::1]:1080", text);
    return false;
}

/* HOST:PORT, the last two parts. */
static bool read_service(struct spec *spec, const struct parts *parts)
{
    const char *host = parts->part[parts->count - 2];
    snprintf(spec->host, sizeof(spec->host), "%s", host);
    return host[0] && strlen(host) < sizeof(spec->host) && read_port(parts->part[parts->count - 1], 1, &spec->port);
}

bool spec_read_forward(struct spec *spec, const char *text)
{
    struct parts parts;
    take_apart(&parts, text);
    if ((parts.count == 3 || parts.count == 4) && read_service(spec, &parts) &&
        read_port(parts.part[parts.count - 3], 0, &spec->listen_port) &&
        read_address(&spec->listen, parts.count == 4 ? parts.part[0] : "127.0.0.1", spec->listen_port)) {
        return true;
    }
    cli_complain("'%s' is not [BIND:]LPORT:HOST:PORT, as 8080:example.com:80 or [::1]:8080:example.com:80", text);
    return false;
}

bool spec_read_remote(struct spec *spec, const char *text)
{
    struct parts parts;
    take_apart(&parts, text);
    if (parts.count == 3 && read_service(spec, &parts) && read_port(parts.part[0], 0, &spec->listen_port)) {
        return true;
    }
    cli_complain("'%s' is not MPORT:HOST:PORT, as 8080:127.0.0.1:80", text);
    return false;
}

bool spec_is_loopback(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)at)->sin6_addr);
}

void spec_address_text(const struct sockaddr_storage *at, char text[SPEC_ADDRESS_MAX])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    bool six = at->ss_family == AF_INET6;
    uint16_t port;
    if (six) {
        uv_ip6_name((const struct sockaddr_in6 *)at, ip, sizeof(ip));
        port = ntohs(((const struct sockaddr_in6 *)at)->sin6_port);
    } else {
        uv_ip4_name((const struct sockaddr_in *)at, ip, sizeof(ip));
        port = ntohs(((const struct sockaddr_in *)at)->sin_port);
    }
    snprintf(text, SPEC_ADDRESS_MAX, six ? "[%s]:%u" : "%s:%u", ip, port);
}

void spec_service_text(const char *host, uint16_t port, char text[SPEC_SERVICE_MAX])
{
    snprintf(text, SPEC_SERVICE_MAX, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}
