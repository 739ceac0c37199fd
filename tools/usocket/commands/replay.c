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

static int run(struct cli *cli, int argc, char **argv)
{
    static struct events events;
    struct usk_atlog_error error;
    struct usk_atlog log;

    (void)argc;
    if (!cli_option(cli, "events")) {
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

static const struct cli_option options[] = {
    {"events", 0, NULL, "one event of the driver a line"},
    {0},
};

const struct cli_command usk_cmd_replay = {
    .name = "replay",
    .args = "FILE --events",
    .summary = "show a transcript as the events of the driver",
    .help = "Runs the transcript FILE (.atlog, see --record) through the driver's reading\n"
            "of the line and prints one event a line:\n"
            "\n"
            "  > COMMAND   echo   response TEXT   final TEXT   prompt   data N\n"
            "  urc TEXT    unknown TEXT\n"
            "\n"
            "No modem is needed.\n"
            "\n"
            "Example:\n"
            "  usocket replay session.atlog --events\n",
    .min_args = 1,
    .max_args = 1,
    .offline = true,
    .options = options,
    .run = run,
};
