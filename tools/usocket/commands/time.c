/*
 * usocket time: the time of a server, asked for by the module (AT+QNTP), as UTC and beside this machine's clock.
 */
#include "module/later.h"
#include "module/ntp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DEFAULT_SERVER "pool.ntp.org"

struct session {
    bool heard, good;
    struct ntp_time time;
    int64_t here; /* this machine's clock when the answer came */
};

static void on_line(void *ctx, const char *fields)
{
    struct session *t = ctx;
    t->heard = true;
    t->here = (int64_t)time(NULL);
    t->good = ntp_read(fields, &t->time);
}

static enum cli_step heard_step(void *ctx)
{
    return ((const struct session *)ctx)->heard ? CLI_DONE : CLI_WAIT;
}

/* Asks without setting the module's clock: the 0 at the end. Returns an exit code. */
static int ask(struct cli *cli, struct session *t, const char *address, const char *what)
{
    char command[100];
    struct cli_later later = {.name = "+QNTP", .on_line = on_line, .ctx = t};
    snprintf(command, sizeof(command), "AT+QNTP=1,\"%s\",123,0", address);
    int code = cli_later_begin(cli, &later, command, what);
    if (code != CLI_OK) {
        return code;
    }
    int error = cli_until(cli, heard_step, t, cli_deadline(cli));
    cli_later_end(cli, &later);
    return error ? cli_fail(cli, what, error) : CLI_OK;
}

static void print(struct cli *cli, const struct session *t, const char *server, const char *address)
{
    char text[80], from[400];
    int64_t ahead = t->here - t->time.unix_seconds;
    ntp_text(t->time.unix_seconds, text);
    cli_fact(cli, "utc", json_string(text), "UTC", text);
    if (cli->options.json) {
        cli_fact(cli, "unix", json_integer(t->time.unix_seconds), "", "");
        cli_fact(cli, "address", json_string(address), "", "");
    }
    ntp_difference(ahead, text);
    cli_fact(cli, "machine_ahead_s", json_integer(ahead), "difference", text);
    snprintf(from, sizeof(from), "%s (%s)", server, address);
    cli_fact(cli, "server", cli_json_text(server, strlen(server)), "server", from);
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    const char *server = cli_option(cli, "server") ? cli_option(cli, "server") : DEFAULT_SERVER;
    struct usocket_sockaddr list[USOCKET_MAX_ADDRESSES];
    struct session t = {0};
    int found = 0;
    int code = cli_resolve(cli, server, list, &found);
    code = code == CLI_OK ? cli_network(cli) : code;
    if (code != CLI_OK) {
        return code;
    }
    char address[USOCKET_ADDRSTRLEN], what[300];
    usocket_sockaddr_text(&list[0], address);
    snprintf(what, sizeof(what), "cannot get the time from %s", server);
    code = ask(cli, &t, address, what);
    if (code != CLI_OK) {
        return code;
    }
    if (!t.good) {
        cli_complain("%s: the module's answer can't be read (see --trace)", what);
        return CLI_FAILED;
    }
    if (t.time.code) {
        return cli_later_fail(what, t.time.code);
    }
    print(cli, &t, server, address);
    return CLI_OK;
}

static const struct cli_option options[] = {
    {"server", 0, "HOST", "the NTP server (" DEFAULT_SERVER ")"},
    {0},
};

const struct cli_command usk_cmd_time = {
    .name = "time",
    .args = "",
    .summary = "print the time of an NTP server (AT+QNTP)",
    .help = "Has the module ask an NTP server and prints the time as UTC, and how far this\n"
            "machine's clock is from it, to a second or two: the module tells whole seconds.\n"
            "No clock is set, neither the module's nor this machine's.\n"
            "\n"
            "Example:\n"
            "  usocket -p /dev/ttyUSB2 time --server time.example.com\n",
    .options = options,
    .run = run,
};
