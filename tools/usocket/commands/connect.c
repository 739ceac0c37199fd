/*
 * usocket connect: standard input and output joined to a TCP port, or to a UDP one, like nc.
 */
#include "net/datagram.h"

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    static struct cli_stdio stdio;
    uint16_t port;
    long wait_s = 3;
    bool udp = cli_option(cli, "udp");
    if (!cli_read_tcp_port(argv[1], &port) || !cli_read_count(cli, "wait", 0, 3600, &wait_s)) {
        return CLI_USAGE;
    }
    struct usocket *s;
    int code = udp ? cli_datagram_dial(cli, argv[0], port, &s) : cli_dial(cli, argv[0], port, &s);
    if (code != CLI_OK) {
        return code;
    }
    cli_stdio_open(&stdio, &cli->line.loop);
    code = udp ? cli_datagram_join(cli, &stdio, s, (int32_t)wait_s * 1000) : cli_stdio_join(cli, &stdio, s);
    cli_stdio_close(&stdio);
    usocket_close(s);
    return code;
}

static const struct cli_option options[] = {
    {"udp", 'u', NULL, "send each block that is read, or typed line, by UDP"},
    {"wait", 'w', "S", "with -u: seconds of quiet behind the end of input (3)"},
    {0},
};

const struct cli_command usk_cmd_connect = {
    .name = "connect",
    .args = "HOST PORT",
    .summary = "connect standard input and output to a TCP or UDP port",
    .help = "Sends standard input to HOST PORT and writes what comes back to standard\n"
            "output, like nc. Any byte may pass. It ends when the peer closes. After the\n"
            "end of standard input it goes on receiving until then; the module can't close\n"
            "one direction alone, so the peer does not see that end: a protocol that waits\n"
            "for it needs ctrl-C (exit code 130). With -u nobody closes: it ends when input\n"
            "has ended and then for -w seconds nothing has come.\n"
            "\n"
            "--timeout limits the network's coming up and the connecting only.\n"
            "\n"
            "Examples:\n"
            "  usocket -p /dev/ttyUSB2 connect example.com 7\n"
            "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | usocket -p sim connect 127.0.0.1 80\n"
            "  echo hello | usocket -p /dev/ttyUSB2 connect -u -w 5 example.com 7\n"
            "  ssh -o ProxyCommand='usocket -p /dev/ttyUSB2 connect %h %p' me@example.com\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
