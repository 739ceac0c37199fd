/*
 * The module's sockets as AT+QISTATE? lists them.
 */
#include "module/sockets.h"

#include "module/numbers.h"

#include <stdio.h>
#include <string.h>

/* Cuts a line into its fields in place, quotes off. */
static void split(char *line, const char *field[CLI_SOCKET_FIELDS])
{
    for (int i = 0; i < CLI_SOCKET_FIELDS; i++) {
        field[i] = "";
    }
    for (int i = 0; i < CLI_SOCKET_FIELDS && line; i++) {
        char *start = line;
        if (*line == '"') {
            start++;
            line = strchr(start, '"');
            if (line) {
                *line++ = '\0';
            }
        }
        field[i] = start;
        line = line ? strchr(line, ',') : NULL;
        if (line) {
            *line++ = '\0';
        }
    }
}

const char *cli_socket_next(const struct cli_answer *answer, const char *line, struct cli_socket_row *row)
{
    static const char prefix[] = "+QISTATE:";
    while ((line = cli_answer_next(answer, line))) {
        if (strncmp(line, prefix, sizeof(prefix) - 1) == 0) {
            const char *fields = line + sizeof(prefix) - 1;
            snprintf(row->text, sizeof(row->text), "%s", fields + strspn(fields, " "));
            split(row->text, row->field);
            return line;
        }
    }
    return NULL;
}

void cli_socket_peer(const struct cli_socket_row *row, char text[64])
{
    const char *ip = row->field[CLI_SOCKET_PEER_IP];
    bool ipv6 = strchr(ip, ':') != NULL;
    snprintf(text, 64, "%s%s%s:%s", ipv6 ? "[" : "", ip, ipv6 ? "]" : "", row->field[CLI_SOCKET_PEER_PORT]);
}

json_t *cli_socket_number(const struct cli_socket_row *row, enum cli_socket_field field)
{
    int value = cli_number(row->field[field], -1);
    return value >= 0 ? json_integer(value) : json_null();
}
