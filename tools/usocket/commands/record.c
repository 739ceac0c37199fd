/*
 * usocket record: another command with the recording on.
 */
#include "session.h"

static int run(struct cli *cli, int argc, char **argv)
{
    const char *file = argv[0];
    /* The rest is a command line of its own, whose program's name is the file's place. */
    int code = cli_options_read(cli, &argc, &argv);
    if (code >= 0) {
        return code;
    }
    cli->options.record = file;
    code = cli->command->offline ? CLI_OK : cli_start(cli);
    code = code == CLI_OK ? cli->command->run(cli, argc, argv) : code;
    if (code == CLI_OK && !cli->line.recording) {
        cli_complain("nothing was recorded: usocket %s has not used a modem", cli->command->name);
        return CLI_USAGE;
    }
    return code;
}

const struct cli_command usk_cmd_record = {
    .name = "record",
    .args = "FILE -- COMMAND [arguments]",
    .summary = "run a command and write its AT conversation to FILE",
    .help = "Runs the usocket command behind -- as it would run alone, with its options and\n"
            "those before record, and writes what passes on the modem's line to FILE, a\n"
            "transcript (.atlog) of text lines: > the host, < the module, @ milliseconds.\n"
            "--record FILE with any command does the same. replay and trace show FILE.\n"
            "\n"
            "FILE has all that was sent: passwords, addresses, numbers of the SIM card. Look\n"
            "at it before you give it away.\n"
            "\n"
            "Example:\n"
            "  usocket -p /dev/ttyUSB2 record page.atlog -- get http://example.com/ -o page\n"
            "  usocket replay page.atlog\n",
    .min_args = 2,
    .max_args = 100,
    .offline = true,
    .run = run,
};
