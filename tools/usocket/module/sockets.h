/*
 * The module's sockets as AT+QISTATE? lists them.
 */
#ifndef CLI_SOCKETS_H
#define CLI_SOCKETS_H

#include "session.h"

/* The fields of a row, in their order. */
enum cli_socket_field {
    CLI_SOCKET_ID,
    CLI_SOCKET_SERVICE,
    CLI_SOCKET_PEER_IP,
    CLI_SOCKET_PEER_PORT,
    CLI_SOCKET_LOCAL_PORT,
    CLI_SOCKET_STATE,
    CLI_SOCKET_CONTEXT,
    CLI_SOCKET_SERVER,
    CLI_SOCKET_ACCESS,
    CLI_SOCKET_FIELDS
};

struct cli_socket_row {
    char text[256];
    const char *field[CLI_SOCKET_FIELDS]; /* what is missing is "": some firmware leaves the last fields out */
};

/* Reads the row after @p line of the answer, the first one for NULL. Returns its line; NULL at the end. */
const char *cli_socket_next(const struct cli_answer *answer, const char *line, struct cli_socket_row *row);

/* The peer as "192.0.2.1:80" or "[2001:db8::1]:80". */
void cli_socket_peer(const struct cli_socket_row *row, char text[64]);

/* A field as a JSON number, null when it is missing. */
json_t *cli_socket_number(const struct cli_socket_row *row, enum cli_socket_field field);

#endif
