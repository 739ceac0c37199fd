/*
 * How module and network stand at one moment, asked by AT commands alone: nothing is brought up, nothing is closed.
 */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include "module/radio.h"
#include "module/sockets.h"

enum { CLI_SNAPSHOT_SOCKETS = 12 };

/* A socket of the module, and its bytes so far: AT+QIRD=id,0 and AT+QISEND=id,0. */
struct cli_socket_now {
    struct cli_socket_row row;
    bool counted; /* the module tells the counts below */
    unsigned long received, unread, sent, unacked;
};

struct cli_snapshot {
    uint64_t at_ms;
    int stage, sub; /* as of usocket_wait_network() */
    struct radio radio;
    char operator_name[64];
    char address[64];
    struct cli_socket_now socket[CLI_SNAPSHOT_SOCKETS];
    size_t sockets;
};

/* Returns 0, or an errno of cli_at(): the module does not answer, or a signal came. */
int cli_snapshot_take(struct cli *cli, struct cli_snapshot *now);

#endif
