/*
 * A command's dealings with the modem: blocking in the eyes of the command, non-blocking below, so that a signal ends
 * every wait and leaves the modem usable for the shutdown.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli.h"

/* What a step of cli_until() found. */
enum cli_step {
    CLI_WAIT, /* nothing to do now */
    CLI_MORE, /* something was done that may let the modem go on: look again before sleeping */
    CLI_DONE,
};

/*
 * Runs the modem and calls @p step until it says CLI_DONE. @p deadline_ms is on cli_now_ms()'s clock.
 * Returns 0, -ETIMEDOUT, -EINTR after a signal, or the errno of a line that is gone.
 */
int cli_until(struct cli *cli, enum cli_step (*step)(void *ctx), void *ctx, uint64_t deadline_ms);

/* The deadline of an operation that starts now: --timeout from here. */
uint64_t cli_deadline(const struct cli *cli);

/* Starts the modem by the options. Returns an exit code; has said what is wrong if it isn't CLI_OK. */
int cli_start(struct cli *cli);

/* Begins with the module by the options, anew if it is done again. Returns 0 or an errno of usocket_init(). */
int cli_modem_init(struct cli *cli);

/* Closes the sockets and leaves the module clean. Harmless when nothing was started. */
void cli_stop(struct cli *cli);

/* Waits for the network without a word. Returns an error of usocket_wait_network() or cli_until(). */
int cli_network_wait(struct cli *cli, int *stage, int *sub);

/* Says what is missing when the wait ended so, and what to do. Returns the exit code. */
int cli_network_fail(struct cli *cli, int stage, int sub, int error);

/* Both in one. Returns an exit code. */
int cli_network(struct cli *cli);

/* Resolves @p host to addresses, at most USOCKET_MAX_ADDRESSES. Returns an exit code, having said what is wrong. */
int cli_resolve(struct cli *cli, const char *host, struct usocket_sockaddr *list, int *count);

/* Network and name in one: where @p host is reached from now on. */
int cli_locate(struct cli *cli, const char *host, struct usocket_sockaddr *list, int *count);

/* Network, name and connection in one: *s is connected and non-blocking when CLI_OK is returned. */
int cli_dial(struct cli *cli, const char *host, uint16_t port, struct usocket **s);

/* As the library's calls, waiting up to --timeout; -EINTR after a signal. */
ssize_t cli_recv(struct cli *cli, struct usocket *s, void *buf, size_t len);
int cli_sendall(struct cli *cli, struct usocket *s, const void *buf, size_t len);

/*
 * Says that @p what failed with @p error, a negative errno, and returns the exit code for it.
 * @p what is "cannot connect to example.com port 80" or the like.
 */
int cli_fail(struct cli *cli, const char *what, int error);

/*
 * Sends an AT command; finds out first, in a few seconds, whether the module answers at all.
 * Returns 0 or an errno of usocket_at_command(); -EINTR after a signal.
 */
int cli_at_lines(struct cli *cli, const char *command, usocket_line_fn on_line, void *ctx);

/* Says that @p command failed with @p error, when it is not ERROR from the module; returns the exit code. */
int cli_at_fail(struct cli *cli, const char *command, int error);

/* An answer gathered, for those who read values out of it. What is beyond the buffer is dropped: `cut`. */
struct cli_answer {
    char text[4096]; /* the information lines, each ended by a NUL */
    size_t len;
    char final[128];
    bool cut;
};

/* As cli_at_lines(). */
int cli_at(struct cli *cli, const char *command, struct cli_answer *answer);

/* The line after @p line, the first one for NULL; NULL at the end. */
const char *cli_answer_next(const struct cli_answer *answer, const char *line);

/* What follows @p prefix and blanks on the first line that starts with it; NULL if there is none. */
const char *cli_answer_find(const struct cli_answer *answer, const char *prefix);

/* Copies what stands between the first quotes of @p line. Returns false if there are none. */
bool cli_quoted(const char *line, char *text, size_t size);

#endif
