/*
 * usocket replay: a transcript as the events that lexer and channel make of it.
 */
#include <stdio.h>

#include "cli.h"
#include "events.h"

static void print(void *ctx, const char *text)
{
    (void)ctx;
    puts(text);
}

int usk_cmd_replay(struct cli *cli, int argc, char **argv)
{
    static struct events events;
    struct usk_atlog_error error;
    struct usk_atlog log;

    (void)argc;
    if (!cli->options.events) {
        cli_complain("replay: say what to show: --events");
        return CLI_USAGE;
    }
    if (usk_atlog_load(&log, argv[0], &error) != 0) {
        if (error.line > 0) {
            cli_complain("%s:%u: %s", argv[0], error.line, error.reason);
        } else {
            cli_complain("%s: %s", argv[0], error.reason);
        }
        return CLI_FAILED;
    }
    events_init(&events, print, NULL);
    events_play(&events, &log);
    usk_atlog_free(&log);
    return cli_flush_output(CLI_OK);
}
