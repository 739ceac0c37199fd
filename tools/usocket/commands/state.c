/*
 * usocket state: the sockets that the module holds, AT+QISTATE? as a table.
 */
#include "module/numbers.h"
#include "module/sockets.h"
#include "words.h"

#include <stdio.h>

static json_t *row_json(const struct cli_socket_row *row)
{
    const char *const *f = row->field;
    return json_pack(
        "{s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:s}", "id", cli_socket_number(row, CLI_SOCKET_ID), "service",
        f[CLI_SOCKET_SERVICE], "peer", f[CLI_SOCKET_PEER_IP], "peer_port", cli_socket_number(row, CLI_SOCKET_PEER_PORT),
        "local_port", cli_socket_number(row, CLI_SOCKET_LOCAL_PORT), "state_code",
        cli_socket_number(row, CLI_SOCKET_STATE), "state", cli_connection_state(cli_number(f[CLI_SOCKET_STATE], -1)),
        "context", cli_socket_number(row, CLI_SOCKET_CONTEXT), "server", cli_socket_number(row, CLI_SOCKET_SERVER),
        "access", cli_access_mode(cli_number(f[CLI_SOCKET_ACCESS], -1)));
}

static void print_row(const char *id, const char *service, const char *state, const char *peer, const char *local,
                      const char *context, const char *server, const char *access)
{
    printf("%-3s %-13s %-10s %-22s %-6s %-4s %-7s %s\n", id, service, state, peer, local, context, server, access);
}

static void print_text(const struct cli_socket_row *row)
{
    const char *const *f = row->field;
    char peer[64];
    cli_socket_peer(row, peer);
    print_row(f[CLI_SOCKET_ID], f[CLI_SOCKET_SERVICE], cli_connection_state(cli_number(f[CLI_SOCKET_STATE], -1)), peer,
              f[CLI_SOCKET_LOCAL_PORT], f[CLI_SOCKET_CONTEXT], f[CLI_SOCKET_SERVER][0] ? f[CLI_SOCKET_SERVER] : "-",
              cli_access_mode(cli_number(f[CLI_SOCKET_ACCESS], -1)));
}

static void print_table(const struct cli_answer *answer, json_t *rows)
{
    struct cli_socket_row row;
    bool any = false;
    for (const char *line = NULL; (line = cli_socket_next(answer, line, &row));) {
        if (rows) {
            json_array_append_new(rows, row_json(&row));
            continue;
        }
        if (!any) {
            print_row("id", "service", "state", "peer", "local", "ctx", "server", "access");
        }
        any = true;
        print_text(&row);
    }
    if (!rows && !any) {
        puts("no sockets");
    }
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct cli_answer answer;
    int error = cli_at(cli, "AT+QISTATE?", &answer);
    if (error == -EIO) {
        cli_complain("the module does not list its sockets: %s", answer.final);
        return CLI_FAILED;
    }
    if (error) {
        return cli_at_fail(cli, "AT+QISTATE?", error);
    }
    json_t *rows = cli->options.json ? json_array() : NULL;
    print_table(&answer, rows);
    if (rows) {
        cli_print_json(rows);
    }
    return CLI_OK;
}

const struct cli_command usk_cmd_state = {
    .name = "state",
    .args = "",
    .summary = "list the sockets that the module holds",
    .help = "Prints the module's sockets as AT+QISTATE? lists them: id, service, state,\n"
            "peer, local port, PDP context, id of the server it came from, and access mode.\n"
            "Also those that another program left behind; the other commands close them.\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 state\n",
    .run = run,
};
