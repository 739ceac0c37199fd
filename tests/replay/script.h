/*
 * A real module's transcript cut into exchanges: a command, and all that the module said until the host's next one.
 */
#ifndef TESTS_REPLAY_SCRIPT_H
#define TESTS_REPLAY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "uart/atlog.h"

enum { EXCHANGES = 64, COMMAND_TEXT = 160, KIND_TEXT = 32 };

/* What the module said in one turn: up to a prompt, or behind the payload. */
struct turn {
    size_t first, end; /* its records; those of the host are not among them */
    size_t skip;       /* bytes of an echo at its beginning */
    char *text;        /* all of it, without the echo, with a NUL */
    size_t len;
};

struct exchange {
    char command[COMMAND_TEXT]; /* "" for what was said before the first command */
    char kind[KIND_TEXT];
    bool echoed;
    bool used;
    bool told; /* what it holds of unsolicited codes has been passed on */
    size_t turns;
    struct turn turn[2];
};

struct script {
    struct usk_atlog log;
    struct exchange exchange[EXCHANGES];
    size_t count;
};

/** Loads, or aborts. */
void script_open(struct script *script, const char *path);
void script_close(struct script *script);

/**
 * What makes two commands alike: the name and the form. "AT+QIRD=0,1500" and "AT+QIRD=1" are both "AT+QIRD=", the
 * question for totals "AT+QIRD=0,0" is "AT+QIRD=0"; all forms of AT+QISTATE are one.
 */
void script_kind(char kind[KIND_TEXT], const char *command);

/** One line of a text: where it begins, its length, and how many bytes of payload stand behind it. */
struct script_line {
    const char *at;
    size_t len;
    size_t payload;
    const char *next; /* behind line, line end and payload */
};

/** The next line that is not empty; false at the end. */
bool script_line(struct script_line *line, const char *at, const char *end);

/** Has the turn a final result, or a prompt? Excerpts often end before it. */
bool script_is_final(const struct turn *turn);
bool script_is_prompt(const struct turn *turn);

/** Is it unsolicited, where it stands in the answer to this exchange's command? */
bool script_is_urc(const struct exchange *exchange, const struct script_line *line);

#endif
