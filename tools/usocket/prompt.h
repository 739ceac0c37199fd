/*
 * Lines from standard input for `shell`: edited at a prompt on a terminal, read plainly from anything else. Both wait in
 * the line's loop.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <uv.h>

enum { CLI_PROMPT_LINE = 1024 };

struct cli_prompt {
    bool interactive;
    bool ended;              /* of the input */
    char *line;              /* what was read: until the next begin; NULL: nothing */
    bool shown;              /* the prompt is on the screen */
    struct termios terminal; /* as it was */
    uv_poll_t poll;          /* of standard input */
    bool pollable;           /* a regular file is not, and is always ready */
    bool ready;
    char text[CLI_PROMPT_LINE]; /* of the line */
    char rest[CLI_PROMPT_LINE]; /* read, but not yet given: without a terminal */
    size_t rest_len;
};

/* There is one prompt in a program: the editor has global state. */
void cli_prompt_open(struct cli_prompt *prompt, uv_loop_t *loop);
void cli_prompt_close(struct cli_prompt *prompt);

/* Between these two a line may be typed. */
void cli_prompt_begin(struct cli_prompt *prompt);
void cli_prompt_end(struct cli_prompt *prompt);

/* Takes what has been typed. Returns true when there is a line, or the input has ended. */
bool cli_prompt_read(struct cli_prompt *prompt);

/* Forgets the line that is being typed. */
void cli_prompt_abort(struct cli_prompt *prompt);

/* Round the printing of something while a line may be typed: the prompt comes again below it. */
void cli_prompt_hide(struct cli_prompt *prompt);
void cli_prompt_show(struct cli_prompt *prompt);

#endif
