/*
 * Addresses of the command line: where to listen, and what to forward to. An IPv6 address stands in brackets.
 */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SPEC_ADDRESS_MAX = 60, SPEC_SERVICE_MAX = 270 };

/* A forwarding: [BIND:]LPORT:HOST:PORT, or MPORT:HOST:PORT, without `listen`, for one on the modem's address. */
struct spec {
    struct sockaddr_storage listen;
    uint16_t listen_port;
    char host[256];
    uint16_t port;
};

/* Each says what is wrong with @p text and returns false if it is not of the form. */

/* [ADDRESS:]PORT; without an address it is 127.0.0.1. Port 0 lets the system choose. */
bool spec_read_listen(struct sockaddr_storage *at, const char *text);
bool spec_read_forward(struct spec *spec, const char *text);
bool spec_read_remote(struct spec *spec, const char *text);

bool spec_is_loopback(const struct sockaddr_storage *at);

/* The address as it is written above, "127.0.0.1:1080" or "[::1]:1080". */
void spec_address_text(const struct sockaddr_storage *at, char text[SPEC_ADDRESS_MAX]);

/* HOST:PORT, as it is written above. */
void spec_service_text(const char *host, uint16_t port, char text[SPEC_SERVICE_MAX]);

#endif
