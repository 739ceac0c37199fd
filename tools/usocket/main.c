/*
 * usocket: the command-line tool. Reads the options, opens the modem for the command, and leaves it clean.
 */
#include "cli.h"
#include "session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run(struct cli *cli, int argc, char **argv)
{
    int code = cli->command->offline ? CLI_OK : cli_start(cli);
    if (code == CLI_OK) {
        code = cli->command->run(cli, argc, argv);
    }
    if (cli->facts) {
        cli_print_json(cli->facts);
    }
    cli_stop(cli);
    int error = cli_line_close(&cli->line);
    if (error) {
        cli_complain("the recording %s is not complete: %s", cli->options.record, strerror(-error));
        code = code == CLI_OK ? CLI_FAILED : code;
    }
    return cli_flush_output(code);
}

/* Who starts us with a standard descriptor closed must not have the modem's line take its number. */
static void fill_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

int main(int argc, char **argv)
{
    static struct cli cli = {.options = {.baud = 115200, .timeout_ms = 60000}};
    fill_standard_descriptors();
    /* A reader that goes away is an error of write() like any other, so that the sockets are closed before we end. */
    signal(SIGPIPE, SIG_IGN);
    int code = cli_options_read(&cli, &argc, &argv);
    if (code < 0 && cli.command) {
        code = run(&cli, argc, argv);
    }
    free(cli.options.apn);
    return code;
}
