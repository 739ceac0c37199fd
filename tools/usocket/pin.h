/*
 * The PIN of the SIM card: sent once, when the card asks for it, and seen by nobody. The driver, the trace and the
 * recording have stars; a layer of the line below them all puts the digits in.
 */
#ifndef CLI_PIN_H
#define CLI_PIN_H

#include "usocket/port.h"

#include <stdbool.h>
#include <stdint.h>

struct cli;

struct cli_pin {
    const struct usocket_port *inner;
    void *inner_ctx;
    const char *digits;
    const char *next; /* the digit that the next star stands for; NULL: stars are stars */
    uint64_t sent_ms; /* when it was given to the card; 0: not yet */
    bool refused;
};

/* Lays the layer over a port; *port and *ctx are the layer afterwards. */
void cli_pin_cover(struct cli_pin *pin, const char *digits, const struct usocket_port **port, void **ctx);

/*
 * The card wants its PIN, says usocket_wait_network() with -EACCES. Returns -ETIMEDOUT when waiting goes on: the PIN is
 * given, or was a moment ago; -EACCES when there is none to give, or it was wrong; another errno when the line failed.
 */
int cli_pin_give(struct cli *cli);

#endif
