/*
 * Lines from standard input for `shell`: libedit in its callback form on a terminal, read() from anything else.
 */
#include "prompt.h"

#include "cli.h"
#include "module/atlist.h"

#include <editline/readline.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_MAX = 1000, PATH_SIZE = 512 };

static const char prompt_text[] = "at> ";

/* libedit's functions have no context. */
static struct cli_prompt *the_prompt;

/* --- history ------------------------------------------------------------------------------------------------------ */

/* Makes the folders of @p path, for this user alone. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static bool history_path(char path[PATH_SIZE])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool named = state && state[0] == '/';
    if (!named && !(home && home[0])) {
        return false;
    }
    int len = snprintf(path, PATH_SIZE, "%s%s/usocket/history", named ? state : home, named ? "" : "/.local/state");
    return len < PATH_SIZE;
}

static void load_history(void)
{
    char path[PATH_SIZE];
    using_history();
    stifle_history(HISTORY_MAX);
    if (history_path(path)) {
        read_history(path);
    }
}

static void save_history(void)
{
    char path[PATH_SIZE];
    if (!history_path(path)) {
        return;
    }
    make_folders(path);
    write_history(path); /* for this user alone: libedit sets the mode */
}

/* PINs and passwords are not for a file. */
static bool is_secret(const char *line)
{
    static const char *const commands[] = {"+CPIN=", "+CLCK=", "+CPWD=", "+QICSGP=", "+CGAUTH=", "+QMTCONN="};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcasestr(line, commands[i])) {
            return true;
        }
    }
    return false;
}

/* --- completion --------------------------------------------------------------------------------------------------- */

/* How many characters @p a and @p b have in common from the start. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n]) {
        n++;
    }
    return n;
}

/* Inserts what all commands that begin like the line have in common; when that is nothing, lists them. */
static int complete(int count, int key)
{
    const struct cli_at_entry *first = NULL;
    size_t len = (size_t)rl_point, shared = 0;
    (void)count;
    (void)key;
    cli_prompt_hide(the_prompt);
    for (const struct cli_at_entry *e = cli_at_list; e->command; e++) {
        if (strncasecmp(e->command, rl_line_buffer, len) == 0) {
            size_t with_first = first ? common(first->command, e->command) : strlen(e->command);
            shared = !first || with_first < shared ? with_first : shared;
            first = first ? first : e;
        }
    }
    if (first && shared > len) {
        char more[64];
        snprintf(more, sizeof(more), "%.*s", (int)(shared - len), first->command + len);
        rl_insert_text(more);
    } else if (first) {
        printf("%s%s\n", prompt_text, rl_line_buffer);
        for (const struct cli_at_entry *e = first; e->command; e++) {
            if (strncasecmp(e->command, rl_line_buffer, len) == 0) {
                printf("  %-14s %s\n", e->command, e->meaning);
            }
        }
    }
    cli_prompt_show(the_prompt);
    return 0;
}

/* --- the editor --------------------------------------------------------------------------------------------------- */

static void on_line(char *line)
{
    struct cli_prompt *prompt = the_prompt;
    prompt->ended = !line;
    if (line) {
        snprintf(prompt->text, sizeof(prompt->text), "%s", line);
        prompt->line = prompt->text;
    } else {
        putchar('\n');
    }
    if (line && line[0] && !is_secret(line)) {
        add_history(line);
    }
    free(line);
    cli_prompt_end(prompt);
}

/* What is typed while a command runs is for the next line: it is not echoed, and a ctrl-D is not lost in a line. */
static void keep_quiet(const struct cli_prompt *prompt)
{
    struct termios quiet = prompt->terminal;
    quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

void cli_prompt_begin(struct cli_prompt *prompt)
{
    prompt->line = NULL;
    if (prompt->interactive && !prompt->shown) {
        rl_callback_handler_install(prompt_text, on_line);
        prompt->shown = true;
    }
}

void cli_prompt_end(struct cli_prompt *prompt)
{
    if (prompt->shown) {
        rl_callback_handler_remove();
        prompt->shown = false;
        keep_quiet(prompt);
    }
}

void cli_prompt_abort(struct cli_prompt *prompt)
{
    puts("^C");
    cli_prompt_end(prompt);
    cli_prompt_begin(prompt);
}

void cli_prompt_hide(struct cli_prompt *prompt)
{
    if (prompt->shown) {
        fputs("\r\033[J", stdout);
    }
}

void cli_prompt_show(struct cli_prompt *prompt)
{
    fflush(stdout);
    if (prompt->shown) {
        rl_forced_update_display();
    }
}

/* --- plain lines -------------------------------------------------------------------------------------------------- */

/* Gives the first line of what was read, if a whole one is there; at the end of the input also a part of one. */
static bool give_line(struct cli_prompt *prompt)
{
    char *end = memchr(prompt->rest, '\n', prompt->rest_len);
    bool full = prompt->rest_len == sizeof(prompt->rest) - 1;
    if (!end && !full && !(prompt->ended && prompt->rest_len)) {
        return false;
    }
    size_t len = end ? (size_t)(end - prompt->rest) : prompt->rest_len;
    size_t used = len + (end != NULL);
    snprintf(prompt->text, sizeof(prompt->text), "%.*s", (int)len, prompt->rest);
    memmove(prompt->rest, prompt->rest + used, prompt->rest_len - used);
    prompt->rest_len -= used;
    prompt->line = prompt->text;
    return true;
}

static void read_more(struct cli_prompt *prompt)
{
    ssize_t n = read(STDIN_FILENO, prompt->rest + prompt->rest_len, sizeof(prompt->rest) - 1 - prompt->rest_len);
    if (n > 0) {
        prompt->rest_len += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        prompt->ended = true;
    }
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct cli_prompt *prompt = poll->data;
    (void)status; /* an error is told by the read that follows */
    (void)events;
    prompt->ready = true;
    uv_poll_stop(poll);
}

static void take(struct cli_prompt *prompt)
{
    prompt->ready = !prompt->pollable;
    if (prompt->interactive) {
        rl_callback_read_char();
    } else {
        read_more(prompt);
        give_line(prompt);
    }
}

bool cli_prompt_read(struct cli_prompt *prompt)
{
    if (!prompt->interactive && give_line(prompt)) {
        return true;
    }
    if (prompt->ready) {
        take(prompt);
    }
    if (!prompt->ready && !uv_is_active((uv_handle_t *)&prompt->poll)) {
        uv_poll_start(&prompt->poll, UV_READABLE | UV_DISCONNECT, on_ready);
    }
    return prompt->line || prompt->ended;
}

void cli_prompt_open(struct cli_prompt *prompt, uv_loop_t *loop)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    the_prompt = prompt;
    prompt->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    prompt->pollable = uv_poll_init(loop, &prompt->poll, STDIN_FILENO) == 0;
    fcntl(STDIN_FILENO, F_SETFL, flags); /* libuv has made it non-blocking, which others that have it would notice */
    prompt->poll.data = prompt;
    prompt->ready = !prompt->pollable;
    if (prompt->interactive) {
        tcgetattr(STDIN_FILENO, &prompt->terminal);
        rl_readline_name = "usocket";
        rl_initialize();
        load_history();
        rl_add_defun("usocket-complete", complete, '\t');
    }
}

void cli_prompt_close(struct cli_prompt *prompt)
{
    cli_prompt_end(prompt);
    if (prompt->interactive) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &prompt->terminal);
        save_history();
    }
    if (prompt->pollable) {
        uv_close((uv_handle_t *)&prompt->poll, NULL);
    }
}
