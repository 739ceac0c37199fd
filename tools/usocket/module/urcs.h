/*
 * What a module says unasked, in words.
 */
#ifndef CLI_URCS_H
#define CLI_URCS_H

#include "usocket/usocket.h"

#include <stddef.h>

enum { CLI_URCS_MAX = 40, CLI_URC_WORDS = 160 };

/* One listener for all the names that are known; it stays where it is. */
struct cli_urcs {
    struct usocket_urc urc[CLI_URCS_MAX];
};

/* Has @p fn called for each such line. To be done again after usocket_init(). */
void cli_urcs_listen(struct cli_urcs *urcs, struct usocket_modem *modem, usocket_urc_fn fn, void *ctx);

/* What such a line means; "" when nothing is known about it. */
void cli_urc_words(const char *line, size_t len, char words[CLI_URC_WORDS]);

#endif
