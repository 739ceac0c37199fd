/*
 * usocket shell: a terminal for AT commands. One loop waits for what is typed and for what the module says unasked.
 */
#include "module/atlist.h"
#include "module/numbers.h"
#include "module/urcs.h"
#include "prompt.h"
#include "session.h"
#include "trace.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct shell {
    struct cli *cli;
    struct cli_urcs urcs;
    struct cli_prompt prompt;
    bool colour;
    char final[128];
    int code; /* of the last command */
};

/* --- what is printed ---------------------------------------------------------------------------------------------- */

static void print_urc(void *ctx, const char *line, size_t len)
{
    struct shell *shell = ctx;
    char words[CLI_URC_WORDS];
    cli_urc_words(line, len, words);
    cli_prompt_hide(&shell->prompt);
    fputs(shell->colour ? "\033[33m" : "", stdout);
    cli_put_text(stdout, line, len);
    if (words[0]) {
        fputs(shell->colour ? "\033[0;2m   " : "   ", stdout);
        cli_put_text(stdout, words, strlen(words));
    }
    puts(shell->colour ? "\033[0m" : "");
    cli_prompt_show(&shell->prompt);
}

static void print_line(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct shell *shell = ctx;
    if (kind == USOCKET_LINE_FINAL) {
        snprintf(shell->final, sizeof(shell->final), "%.*s", (int)len, line);
        return;
    }
    cli_put_text(stdout, line, len);
    if (kind == USOCKET_LINE) {
        putchar('\n');
    }
}

static void print_final(const struct shell *shell, bool good)
{
    struct usk_text final = {shell->final, strlen(shell->final)};
    struct usk_fields fields;
    int code;
    const char *colour = good ? "\033[32m" : "\033[31m";
    fputs(shell->colour ? colour : "", stdout);
    cli_put_text(stdout, final.at, final.len);
    fputs(shell->colour ? "\033[0m" : "", stdout);
    if (usk_fields_of(&fields, final, "+CME ERROR") && cli_field_int(&fields, 0, INT_MAX, &code)) {
        printf("   %s", usocket_module_strerror(code));
    }
    putchar('\n');
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static void help(const char *word)
{
    if (!*word) {
        puts("An AT command is sent when you press Enter; TAB completes it. Besides:\n"
             "  help WORD   AT commands with WORD in name or meaning; help AT lists all\n"
             "  quit        ends, as ctrl-D does; ctrl-C gives up a line or a command\n"
             "Lines between are what the module says unasked, with their meaning.");
        return;
    }
    bool any = false;
    for (const struct cli_at_entry *e = cli_at_list; e->command; e++) {
        if (strcasestr(e->command, word) || strcasestr(e->meaning, word)) {
            printf("  %-14s %s\n", e->command, e->meaning);
            any = true;
        }
    }
    if (!any) {
        printf("nothing is known about '%s'; the module's manual of AT commands has the rest\n", word);
    }
}

/* The driver begins anew with the module, so that a command that was given up holds nobody. */
static void start_over(struct shell *shell)
{
    shell->cli->line.signal = 0;
    shell->cli->line.signal_count = 0;
    cli_modem_init(shell->cli);
    cli_urcs_listen(&shell->urcs, &shell->cli->modem, print_urc, shell);
    puts("given up; the module may still be busy with it");
}

static int failure(struct shell *shell, const char *command, int error)
{
    switch (error) {
    case -EINVAL:
        cli_complain("'%s' is not an AT command; try help", command);
        return CLI_USAGE;
    case -EMSGSIZE:
        cli_complain("the command is longer than %d characters", USOCKET_COMMAND_SIZE);
        return CLI_USAGE;
    case -EOPNOTSUPP:
        cli_complain("%s: the module asked for data with a prompt, which was cancelled; use usocket connect or send",
                     command);
        return CLI_FAILED;
    default:
        return cli_at_fail(shell->cli, command, error);
    }
}

static int send_command(struct shell *shell, const char *command)
{
    shell->final[0] = '\0';
    int error = cli_at_lines(shell->cli, command, print_line, shell);
    if (error == 0 || error == -EIO) {
        print_final(shell, error == 0);
        return error ? CLI_FAILED : CLI_OK;
    }
    if (error == -EINTR && shell->cli->line.signal == SIGINT && shell->prompt.interactive) {
        start_over(shell);
        return 128 + SIGINT;
    }
    return failure(shell, command, error);
}

/* Returns false when it was the last line. */
static bool run_line(struct shell *shell, char *line)
{
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && strchr(" \t\r", line[len - 1])) {
        line[--len] = '\0';
    }
    if (strcasecmp(line, "quit") == 0 || strcasecmp(line, "exit") == 0) {
        return false;
    }
    if (strncasecmp(line, "help", 4) == 0 && (!line[4] || line[4] == ' ')) {
        help(line + 4 + strspn(line + 4, " "));
    } else if (*line && *line != '#') {
        shell->code = send_command(shell, line);
    }
    fflush(stdout);
    return !shell->cli->line.signal;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static enum cli_step step(void *ctx)
{
    struct shell *shell = ctx;
    struct cli_line *line = &shell->cli->line;
    if (line->signal == SIGINT && shell->prompt.interactive) {
        line->signal = 0;
        line->signal_count = 0;
        cli_prompt_abort(&shell->prompt);
    }
    return cli_prompt_read(&shell->prompt) ? CLI_DONE : CLI_WAIT;
}

static int serve(struct shell *shell)
{
    int error = 0;
    while (!error && !shell->prompt.ended) {
        cli_prompt_begin(&shell->prompt);
        error = cli_until(shell->cli, step, shell, UINT64_MAX);
        if (error && shell->prompt.interactive) {
            putchar('\n');
        }
        cli_prompt_end(&shell->prompt);
        if (!error && shell->prompt.line && !run_line(shell, shell->prompt.line)) {
            break;
        }
    }
    if (shell->cli->line.signal) {
        return 128 + shell->cli->line.signal;
    }
    return error ? cli_fail(shell->cli, "shell", error) : shell->code;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    static struct shell shell;
    shell.cli = cli;
    shell.colour = cli_trace_colour() && isatty(STDOUT_FILENO);
    cli_urcs_listen(&shell.urcs, &cli->modem, print_urc, &shell);
    /* Set up at once: the module is asked to send its events here. */
    int error = cli_at_lines(cli, "AT", NULL, NULL);
    if (error) {
        return cli_at_fail(cli, "AT", error);
    }
    cli_prompt_open(&shell.prompt, &cli->line.loop);
    if (shell.prompt.interactive) {
        printf("AT commands for %s; help, or ctrl-D to end\n", cli->options.port);
    }
    int code = serve(&shell);
    cli_prompt_close(&shell.prompt);
    return code;
}

const struct cli_command usk_cmd_shell = {
    .name = "shell",
    .args = "",
    .summary = "a terminal for AT commands, with history and completion",
    .help = "Sends what is typed and prints the answers. What the module says unasked is\n"
            "shown as it comes, with its meaning. TAB completes AT commands, the arrow keys\n"
            "bring back earlier ones (kept in ~/.local/state/usocket/history, without PINs\n"
            "and passwords). Ctrl-C gives up the line or the command that waits, ctrl-D\n"
            "ends. `help' there says more. A command that asks for data with a prompt is\n"
            "cancelled.\n"
            "\n"
            "Without a terminal it reads commands, one a line, to the end of its input;\n"
            "lines that begin with # are comments. The exit code is that of the last\n"
            "command: 0 OK, 1 an error, 3 no answer.\n"
            "\n"
            "Examples:\n"
            "  usocket --port /dev/ttyUSB2 shell\n"
            "  printf 'AT+CSQ\\nAT+COPS?\\n' | usocket --port /dev/ttyUSB2 shell\n",
    .run = run,
};
