/*
 * AT commands that are answered with OK at once and tell their result later, in lines that begin with their name: QPING
 * and QNTP. (As information responses, too, should a module be quicker than its OK.)
 */
#ifndef CLI_LATER_H
#define CLI_LATER_H

#include "session.h"

/* Takes what follows "+NAME: ", ended by a NUL. */
typedef void (*cli_later_fn)(void *ctx, const char *fields);

struct cli_later {
    struct usocket_urc urc;
    const char *name; /* "+QPING" */
    cli_later_fn on_line;
    void *ctx;
};

/*
 * Sends @p command; from now on @p on_line is called with each of its lines, until cli_later_end(). Returns an exit code,
 * having said what is wrong: "WHAT: REASON", with the module's own reason if it has one; @p what is "cannot ping HOST".
 */
int cli_later_begin(struct cli *cli, struct cli_later *later, const char *command, const char *what);
void cli_later_end(struct cli *cli, struct cli_later *later);

/* Says that @p what, by the number it told, and returns the exit code. */
int cli_later_fail(const char *what, int module_error);

#endif
