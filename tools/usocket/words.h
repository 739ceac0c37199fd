/*
 * Codes of the modem in words, and what to do about them: const tables with a lookup each.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

struct cli_words {
    const char *text;
    const char *advice; /* "" when there is nothing to do */
};

/* The name of a stage of usocket_wait_network(), and what a stage's sub-code means. Never NULL. */
const char *cli_stage_name(int stage);
struct cli_words cli_stage_words(int stage, int sub);

/* Why a port could not be opened, by errno. `text` is NULL for an errno without words of its own. */
struct cli_words cli_open_words(int error);

/* What to do about a program that holds the port. Never NULL. */
const char *cli_holder_advice(const char *program);

/* Fields of AT+QISTATE. Never NULL. */
const char *cli_connection_state(int state);
const char *cli_access_mode(int mode);

#endif
