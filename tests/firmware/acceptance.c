/*
 * The acceptance image: acceptance suite|losses|figures [SOURCE SINK ECHO UDP LISTEN], the ports of its server.
 * It ends with exit code 0 when all was as it must be; else it says what was not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memnet.h"
#include "suite.h"

struct usocket_modem modem;
struct baremetal line;
struct usocket_sockaddr server;
uint16_t source_port = PORT_SOURCE, sink_port = PORT_SINK, echo_port = PORT_ECHO, udp_port = PORT_ECHO,
         listen_port = PORT_LISTEN;
uint8_t block[BLOCK];

_Noreturn void fail(const char *what, int error)
{
    printf("FAILED: %s: %s\n", what, usocket_strerror(error));
    board_exit(1);
}

int check(const char *what, ssize_t result)
{
    if (result < 0) {
        fail(what, (int)result);
    }
    return (int)result;
}

void demand(const char *what, bool holds)
{
    if (!holds) {
        printf("FAILED: %s\n", what);
        board_exit(1);
    }
}

/* --- connections ------------------------------------------------------------------------------------------------- */

void suite_start(const struct usocket_port *port)
{
    struct usocket_addrinfo info;

    check("init", usocket_init(&modem, port, &line, &(struct usocket_config){.apn = "internet"}));
    check("network", usocket_wait_network(&modem, 60000, NULL, NULL));
    check("resolve " MODULE_HOST, usocket_getaddrinfo(&modem, MODULE_HOST, 0, &info, 1));
    server = info.sockaddr;
}

struct usocket *make_socket(int type, int proto)
{
    struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, type, proto);

    if (s == NULL) {
        fail("socket", usocket_last_error(&modem));
    }
    usocket_settimeout(s, TIMEOUT_MS);
    return s;
}

int try_connect(struct usocket **s, uint16_t port)
{
    struct usocket_sockaddr address = server;

    address.port = port;
    *s = make_socket(USOCKET_SOCK_STREAM, 0);
    return usocket_connect(*s, &address);
}

struct usocket *connect_to(uint16_t port)
{
    struct usocket *s;

    check("connect", try_connect(&s, port));
    return s;
}

int receive_pattern(struct usocket *s, uint32_t bytes)
{
    static uint8_t expected[BLOCK];

    for (uint32_t got = 0; got < bytes;) {
        ssize_t n = usocket_recv(s, block, bytes - got < BLOCK ? bytes - got : BLOCK);
        if (n < 0) {
            return (int)n;
        }
        demand("the source sends all", n > 0);
        memnet_pattern(MODULE_SEED, got, expected, (size_t)n);
        demand("the bytes received are those that were sent", memcmp(block, expected, (size_t)n) == 0);
        got += (uint32_t)n;
    }
    return 0;
}

int send_pattern(struct usocket *s, uint32_t bytes)
{
    const uint8_t head[4] = {(uint8_t)bytes, (uint8_t)(bytes >> 8), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 24)};
    uint64_t hash = MEMNET_HASH_START;
    uint64_t told = 0;
    int error = usocket_sendall(s, head, sizeof(head));

    for (uint32_t sent = 0; sent < bytes && error == 0;) {
        uint32_t n = bytes - sent < BLOCK ? bytes - sent : BLOCK;
        memnet_pattern(MODULE_SEED, sent, block, n);
        hash = memnet_hash_bytes(hash, block, n);
        error = usocket_sendall(s, block, n);
        sent += n;
    }
    ssize_t n = error != 0 ? error : usocket_read(s, &told, sizeof(told));
    if (n < 0) {
        return (int)n;
    }
    demand("the sink has got the bytes that were sent", n == sizeof(told) && told == hash);
    return 0;
}

/* --- the suite --------------------------------------------------------------------------------------------------- */

static void download(void)
{
    struct usocket *s = connect_to(source_port);
    char end;

    check("download", receive_pattern(s, SOURCE_BYTES));
    demand("the stream ends behind them", usocket_recv(s, &end, 1) == 0);
    usocket_close(s);
}

static void upload(void)
{
    struct usocket *s = connect_to(sink_port);

    check("upload", send_pattern(s, SOURCE_BYTES));
    usocket_close(s);
}

static void udp_echo(void)
{
    static const size_t sizes[] = {1, 2, 100, 511, 512};
    struct usocket *s = make_socket(USOCKET_SOCK_DGRAM, 0);
    struct usocket_sockaddr to = server;
    struct usocket_sockaddr from;
    static uint8_t sent[BLOCK];

    to.port = udp_port;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memnet_pattern(i, 0, sent, sizes[i]);
        check("sendto", usocket_sendto(s, sent, sizes[i], &to));
        size_t got = (size_t)check("recvfrom", usocket_recvfrom(s, block, BLOCK, &from, NULL));
        demand("the datagram comes back", got == sizes[i] && memcmp(block, sent, got) == 0 && from.port == udp_port);
    }
    usocket_close(s);
}

static void listener(void)
{
    struct usocket *s = make_socket(USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    struct usocket *client[2];
    struct usocket_sockaddr any;
    char said[32];

    usocket_sockaddr_set(&any, "", listen_port);
    check("bind", usocket_bind(s, &any));
    check("listen", usocket_listen(s, 2));
    module_clients(listen_port);
    for (int i = 0; i < 2; i++) {
        check("accept", usocket_accept(s, &client[i], NULL));
        usocket_settimeout(client[i], TIMEOUT_MS);
    }
    for (int i = 1; i >= 0; i--) {
        demand("a client says a line", check("readline", usocket_readline(client[i], said, sizeof(said))) > 0);
        check("answer", usocket_sendall(client[i], "hello ", 6));
        check("answer", usocket_sendall(client[i], said, strlen(said)));
        usocket_close(client[i]);
    }
    usocket_close(s);
    check("shutdown", usocket_shutdown(&modem, TIMEOUT_MS));
    demand("each client gets its own answer", module_clients_content());
}

static void unknown_name(void)
{
    struct usocket_addrinfo info;

    demand("a name that is not there is -EHOSTUNREACH",
           usocket_getaddrinfo(&modem, "nowhere.invalid", 80, &info, 1) == -EHOSTUNREACH);
}

enum { CONVERSATION = 3000 };

static struct conversation {
    struct usocket *s;
    uint32_t sent, received;
} conversations[USOCKET_MAX_SOCKETS];

static void converse(uint64_t seed, struct conversation *c, short ready)
{
    static uint8_t expected[BLOCK];
    uint32_t left = CONVERSATION - c->sent;

    if (ready & USOCKET_POLLOUT && left > 0) {
        memnet_pattern(seed, c->sent, block, BLOCK);
        c->sent +=
            (uint32_t)check("send on one of all sockets", usocket_send(c->s, block, left < BLOCK ? left : BLOCK));
    }
    if (ready & (USOCKET_POLLIN | USOCKET_POLLERR)) {
        size_t n = (size_t)check("recv on one of all sockets", usocket_recv(c->s, block, BLOCK));
        memnet_pattern(seed, c->received, expected, n);
        demand("each socket gets back what it sent", n > 0 && memcmp(block, expected, n) == 0);
        c->received += n;
    }
}

static void all_sockets(void)
{
    struct usocket_pollfd fds[USOCKET_MAX_SOCKETS];
    size_t talking;

    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        conversations[i] = (struct conversation){.s = connect_to(echo_port)};
        usocket_setblocking(conversations[i].s, false);
    }
    demand("there is no socket more", usocket_socket(&modem, 0, 0, 0) == NULL);
    do {
        talking = 0;
        for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
            const struct conversation *c = &conversations[i];
            short events = c->sent < CONVERSATION ? USOCKET_POLLIN | USOCKET_POLLOUT : USOCKET_POLLIN;
            fds[i] = (struct usocket_pollfd){.s = c->received < CONVERSATION ? c->s : NULL, .events = events};
            talking += fds[i].s != NULL;
        }
        demand("the conversations go on", talking == 0 || usocket_poll(fds, USOCKET_MAX_SOCKETS, TIMEOUT_MS) > 0);
        for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
            converse(i, &conversations[i], fds[i].s != NULL ? fds[i].revents : 0);
        }
    } while (talking > 0);
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        usocket_close(conversations[i].s);
    }
    check("shutdown", usocket_shutdown(&modem, TIMEOUT_MS));
}

static void module_reset(void)
{
    struct usocket *s = connect_to(source_port);
    struct usocket_stats stats;

    check("before the reset", receive_pattern(s, 10000));
    check("AT+CFUN=1,1", usocket_at_command(&modem, "AT+CFUN=1,1", NULL, NULL, TIMEOUT_MS));
    int error;
    while ((error = (int)usocket_recv(s, block, BLOCK)) > 0) {
    }
    demand("the socket fails once with -ENETRESET", error == -ENETRESET && usocket_recv(s, block, BLOCK) == -ENOTCONN);
    usocket_close(s);
    check("the network after the reset", usocket_wait_network(&modem, 60000, NULL, NULL));
    s = connect_to(source_port);
    check("after the reset", receive_pattern(s, 10000));
    usocket_close(s);
    usocket_get_stats(&modem, &stats);
    demand("the restart was counted", stats.module_resets == 1);
}

static void suite(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"the port by itself", port_test},        {"256 KiB down, each byte compared", download},
        {"256 KiB up, hash compared", upload},    {"UDP echo", udp_echo},
        {"a listener and two clients", listener}, {"a name that is not there", unknown_name},
        {"all sockets at once", all_sockets},     {"a reset of the module in the middle", module_reset},
    };
    bool wrapped = false;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t start = board_now_ms();
        parts[i].run();
        uint32_t end = board_now_ms();
        printf("ok: %s (%lu ms%s)\n", parts[i].name, (unsigned long)(end - start),
               end < start ? "; the clock has wrapped" : "");
        wrapped = wrapped || end < start;
    }
    demand("the clock wraps in the middle of it", wrapped);
    check("shutdown", usocket_shutdown(&modem, TIMEOUT_MS));
    printf("deepest stack of the suite, with main, printf and an interrupt's frame: %lu bytes\n",
           (unsigned long)board_stack_used());
}

static uint16_t port_argument(int argc, char **argv, int i, uint16_t otherwise)
{
    return i < argc ? (uint16_t)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    source_port = port_argument(argc, argv, 2, PORT_SOURCE);
    sink_port = port_argument(argc, argv, 3, PORT_SINK);
    echo_port = port_argument(argc, argv, 4, PORT_ECHO);
    udp_port = port_argument(argc, argv, 5, PORT_ECHO);
    listen_port = port_argument(argc, argv, 6, PORT_LISTEN);
    if (strcmp(what, "suite") == 0) {
        module_start(&line, 115200, 8);
        suite_start(&baremetal_port);
        suite();
    } else if (strcmp(what, "losses") == 0) {
        module_start(&line, 115200, 8);
        suite_start(&baremetal_port);
        losses();
    } else if (strcmp(what, "figures") == 0 && module_linked) {
        instructions();
        idle_minutes();
        driver_stack();
    } else {
        printf("FAILED: the command line names no program: \"%s\"\n", what);
        return 2;
    }
    puts("passed");
    return 0;
}
