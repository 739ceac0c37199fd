/*
 * usocket at: one AT command and its answer.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

struct print {
    bool json;
    json_t *lines;
    bool goes_on; /* the next piece belongs to the last line */
    char final[256];
};

static void add(struct print *p, const char *line, size_t len)
{
    size_t last = json_array_size(p->lines) - 1;
    json_t *text = cli_json_text(line, len);
    if (p->goes_on) {
        json_array_set_new(
            p->lines, last,
            json_sprintf("%s%s", json_string_value(json_array_get(p->lines, last)), json_string_value(text)));
        json_decref(text);
    } else {
        json_array_append_new(p->lines, text);
    }
}

static void print_line(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct print *p = ctx;
    if (kind == USOCKET_LINE_FINAL) {
        snprintf(p->final, sizeof(p->final), "%.*s", (int)len, line);
    } else if (p->json) {
        add(p, line, len);
    } else {
        fwrite(line, 1, len, stdout);
        if (kind == USOCKET_LINE) {
            putchar('\n');
        }
    }
    p->goes_on = kind == USOCKET_LINE_PIECE;
}

static int failure(struct cli *cli, const char *command, const char *final, int error)
{
    switch (error) {
    case -EIO:
        cli_complain("%s: %s", command, final);
        return CLI_FAILED;
    case -EINVAL:
        cli_complain("'%s' is not an AT command", command);
        return CLI_USAGE;
    case -EMSGSIZE:
        cli_complain("the command is longer than %d characters", USOCKET_COMMAND_SIZE);
        return CLI_USAGE;
    default:
        return cli_at_fail(cli, command, error);
    }
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    struct print p = {.json = cli->options.json, .lines = json_array()};
    int error = cli_at_lines(cli, argv[0], print_line, &p);
    if (p.json && (error == 0 || error == -EIO)) {
        cli_print_json(json_pack("{s:s, s:O, s:o, s:b}", "command", argv[0], "lines", p.lines, "final",
                                 cli_json_text(p.final, strlen(p.final)), "ok", error == 0));
    }
    json_decref(p.lines);
    return error ? failure(cli, argv[0], p.final, error) : CLI_OK;
}

const struct cli_command usk_cmd_at = {
    .name = "at",
    .args = "COMMAND",
    .summary = "send one AT command and print the answer",
    .help = "Sends COMMAND between those of the driver and prints the lines of the answer.\n"
            "The final result is printed only when it is not OK; the exit code is 1 then. A\n"
            "command that asks for data with a prompt is cancelled.\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 at AT+CSQ\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
