/*
 * usocket listen: a TCP or UDP port of the module joined to standard input and output, like nc -l.
 */
#include "net/datagram.h"

#include <stdio.h>

enum { BACKLOG = 4 };

static int listen_failure(struct cli *cli, uint16_t port, int error)
{
    char what[40];
    snprintf(what, sizeof(what), "cannot listen on port %u", port);
    return cli_fail(cli, what, error);
}

/* Who waits for it, a script or a user, may send the first client now. */
static void announce(struct usocket *s, uint16_t port)
{
    struct usocket_sockaddr address;
    char text[USOCKET_ADDRSTRLEN];
    usocket_getsockname(s, &address);
    usocket_sockaddr_text(&address, text);
    fprintf(stderr, "listening on %s port %u\n", text, port);
}

static int open_port(struct cli *cli, int type, int proto, uint16_t port, struct usocket **s)
{
    struct usocket_sockaddr any = {.port = port};
    *s = usocket_socket(&cli->modem, USOCKET_AF_INET, type, proto);
    if (!*s) {
        return usocket_last_error(&cli->modem);
    }
    cli->dialled = true;
    usocket_setblocking(*s, false);
    return usocket_bind(*s, &any);
}

/* --- TCP ---------------------------------------------------------------------------------------------------------- */

static enum cli_step listen_step(void *ctx)
{
    struct usocket_pollfd fd = {.s = ctx};
    return usocket_getsocketsta(ctx) == USOCKET_LISTEN || usocket_poll(&fd, 1, 0) > 0 ? CLI_DONE : CLI_WAIT;
}

static int start_listening(struct cli *cli, struct usocket *s)
{
    int error = usocket_listen(s, BACKLOG), value = 0;
    size_t len = sizeof(value);
    error = error == -EINPROGRESS ? cli_until(cli, listen_step, s, cli_deadline(cli)) : error;
    if (!error) {
        usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &value, &len);
    }
    return error ? error : -value;
}

struct door {
    struct usocket *listener, *client;
    int result;
};

static enum cli_step accept_step(void *ctx)
{
    struct door *door = ctx;
    door->result = usocket_accept(door->listener, &door->client, NULL);
    return door->result == -EAGAIN ? CLI_WAIT : CLI_DONE;
}

/* One client, or one after the other. A client that ends badly is told, and the next may come. */
static int serve(struct cli *cli, struct door *door, uint16_t port, bool keep)
{
    static struct cli_stdio stdio;
    cli_stdio_open(&stdio, &cli->line.loop);
    int code;
    do {
        int error = cli_until(cli, accept_step, door, UINT64_MAX);
        error = error ? error : door->result;
        if (error) {
            code = listen_failure(cli, port, error);
            break;
        }
        if (!keep) {
            usocket_close(door->listener);
        }
        usocket_setblocking(door->client, false);
        code = cli_stdio_join(cli, &stdio, door->client);
        usocket_close(door->client);
    } while (keep && (code == CLI_OK || code == CLI_FAILED));
    cli_stdio_close(&stdio);
    return code;
}

static int listen_tcp(struct cli *cli, uint16_t port, bool keep)
{
    struct door door = {0};
    int on = keep;
    int error = open_port(cli, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER, port, &door.listener);
    if (!error) {
        usocket_setsockopt(door.listener, USOCKET_SOL_SOCKET, USOCKET_SO_REOPEN, &on, sizeof(on));
        error = start_listening(cli, door.listener);
    }
    if (error) {
        return listen_failure(cli, port, error);
    }
    announce(door.listener, port);
    return serve(cli, &door, port, keep);
}

/* --- UDP ---------------------------------------------------------------------------------------------------------- */

static int listen_udp(struct cli *cli, uint16_t port)
{
    static struct cli_stdio stdio;
    struct usocket *s;
    int error = open_port(cli, USOCKET_SOCK_DGRAM, 0, port, &s);
    error = error == -EINPROGRESS ? cli_datagram_wait_open(cli, s) : error;
    if (error) {
        return listen_failure(cli, port, error);
    }
    announce(s, port);
    cli_stdio_open(&stdio, &cli->line.loop);
    int code = cli_datagram_join(cli, &stdio, s, -1);
    cli_stdio_close(&stdio);
    return code;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    uint16_t port;
    bool udp = cli_option(cli, "udp"), keep = cli_option(cli, "keep");
    if (!cli_read_tcp_port(argv[0], &port)) {
        return CLI_USAGE;
    }
    int code = cli_network(cli);
    return code != CLI_OK ? code : udp ? listen_udp(cli, port) : listen_tcp(cli, port, keep);
}

static const struct cli_option options[] = {
    {"udp", 'u', NULL, "datagrams; what is sent goes to the last sender"},
    {"keep", 'k', NULL, "after a client wait for the next"},
    {0},
};

const struct cli_command usk_cmd_listen = {
    .name = "listen",
    .args = "PORT",
    .summary = "wait on a TCP or UDP port, like nc -l",
    .help = "Opens PORT on the module and says \"listening on ADDRESS port PORT\" on standard\n"
            "error when clients may come. The first one is joined to standard input and\n"
            "output; it ends when the client closes. With -u datagrams are written as they\n"
            "come and each block that is read, a line of a terminal, is one for the last\n"
            "sender; it ends with ctrl-C (exit code 130).\n"
            "\n"
            "Most operators give a module a private address: only who is inside of their\n"
            "network, or in a VPN with it, can reach ADDRESS.\n"
            "\n"
            "Examples:\n"
            "  usocket -p /dev/ttyUSB2 listen 7000 > received\n"
            "  usocket -p /dev/ttyUSB2 listen -k 7000 >> log\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
