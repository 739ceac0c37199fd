/*
 * usocket state: the sockets that the module holds, AT+QISTATE? as a table.
 */
#include "session.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID, SERVICE, PEER_IP, PEER_PORT, LOCAL_PORT, STATE, CONTEXT, SERVER, ACCESS, FIELDS };

/* Cuts a line into its fields in place, quotes off. What is missing is "": some firmware leaves the last fields out. */
static void split(char *line, const char *fields[FIELDS])
{
    static const char nothing[] = "";
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = nothing;
    }
    for (int i = 0; i < FIELDS && line; i++) {
        char *start = line;
        if (*line == '"') {
            start++;
            line = strchr(start, '"');
            if (line) {
                *line++ = '\0';
            }
        }
        fields[i] = start;
        line = line ? strchr(line, ',') : NULL;
        if (line) {
            *line++ = '\0';
        }
    }
}

static json_t *number(const char *field)
{
    return *field ? json_integer(atoi(field)) : json_null();
}

static json_t *row_json(const char *const f[FIELDS])
{
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:s}", "id", number(f[ID]), "service", f[SERVICE],
                     "peer", f[PEER_IP], "peer_port", number(f[PEER_PORT]), "local_port", number(f[LOCAL_PORT]),
                     "state_code", number(f[STATE]), "state", cli_connection_state(atoi(f[STATE])), "context",
                     number(f[CONTEXT]), "server", number(f[SERVER]), "access", cli_access_mode(atoi(f[ACCESS])));
}

static void print_row(const char *id, const char *service, const char *state, const char *peer, const char *local,
                      const char *context, const char *server, const char *access)
{
    printf("%-3s %-13s %-10s %-22s %-6s %-4s %-7s %s\n", id, service, state, peer, local, context, server, access);
}

static void print_text(const char *const f[FIELDS])
{
    char peer[64];
    bool ipv6 = strchr(f[PEER_IP], ':') != NULL;
    snprintf(peer, sizeof(peer), "%s%s%s:%s", ipv6 ? "[" : "", f[PEER_IP], ipv6 ? "]" : "", f[PEER_PORT]);
    print_row(f[ID], f[SERVICE], cli_connection_state(atoi(f[STATE])), peer, f[LOCAL_PORT], f[CONTEXT],
              f[SERVER][0] ? f[SERVER] : "-", cli_access_mode(atoi(f[ACCESS])));
}

static void print_table(const struct cli_answer *answer, json_t *rows)
{
    static const char prefix[] = "+QISTATE:";
    bool any = false;
    for (const char *line = NULL; (line = cli_answer_next(answer, line));) {
        if (strncmp(line, prefix, sizeof(prefix) - 1) != 0) {
            continue;
        }
        char copy[256];
        const char *fields[FIELDS];
        line += sizeof(prefix) - 1;
        snprintf(copy, sizeof(copy), "%s", line + strspn(line, " "));
        split(copy, fields);
        if (rows) {
            json_array_append_new(rows, row_json(fields));
            continue;
        }
        if (!any) {
            print_row("id", "service", "state", "peer", "local", "ctx", "server", "access");
        }
        any = true;
        print_text(fields);
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
