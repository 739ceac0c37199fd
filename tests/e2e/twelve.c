/*
 * Twelve connections at once over one port: each sends a text of its own to an echo server and compares what comes
 * back, all from one loop on usocket_poll(). Usage: twelve PORT TCPPORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usocket/uart.h>
#include <usocket/usocket.h>

enum { SOCKETS = USOCKET_MAX_SOCKETS, BYTES = 20000, STALL_MS = 20000 };

static struct usocket_modem modem;
static struct usocket_fd_port line;

struct conversation {
    struct usocket *s;
    unsigned number;
    size_t sent, received;
};

static int fail(const char *what, int error)
{
    fprintf(stderr, "twelve: %s: %s\n", what, usocket_strerror(error));
    return 1;
}

/* What conversation @p number says at place @p at: all values, another order in each. */
static unsigned char byte_at(unsigned number, size_t at)
{
    return (unsigned char)(at * (2 * number + 1) + (at >> 8) + number);
}

static int send_some(struct conversation *c)
{
    unsigned char block[512];
    size_t len = BYTES - c->sent < sizeof(block) ? BYTES - c->sent : sizeof(block);
    for (size_t i = 0; i < len; i++) {
        block[i] = byte_at(c->number, c->sent + i);
    }
    ssize_t n = usocket_send(c->s, block, len);
    if (n < 0) {
        return fail("send", (int)n);
    }
    c->sent += (size_t)n;
    return 0;
}

static int receive_some(struct conversation *c)
{
    unsigned char block[512];
    ssize_t n = usocket_recv(c->s, block, sizeof(block));
    if (n <= 0) {
        return fail("recv", (int)n);
    }
    for (ssize_t i = 0; i < n; i++, c->received++) {
        if (block[i] != byte_at(c->number, c->received)) {
            fprintf(stderr, "twelve: connection %u: byte %zu is wrong\n", c->number, c->received);
            return 1;
        }
    }
    return 0;
}

static int open_all(struct conversation *all, const char *port)
{
    struct usocket_sockaddr address;
    usocket_sockaddr_set(&address, "127.0.0.1", (uint16_t)strtoul(port, NULL, 10));
    for (unsigned i = 0; i < SOCKETS; i++) {
        all[i] =
            (struct conversation){.s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0), .number = i};
        if (!all[i].s) {
            return fail("socket", usocket_last_error(&modem));
        }
        usocket_setblocking(all[i].s, false);
        int error = usocket_connect(all[i].s, &address);
        if (error != -EINPROGRESS) {
            return fail("connect", error);
        }
    }
    return 0;
}

static int converse(struct conversation *all)
{
    for (;;) {
        struct usocket_pollfd fds[SOCKETS];
        size_t unfinished = 0;
        for (size_t i = 0; i < SOCKETS; i++) {
            bool wants_in = all[i].received < BYTES, wants_out = all[i].sent < BYTES;
            fds[i].s = wants_in ? all[i].s : NULL;
            fds[i].events = (short)((wants_in ? USOCKET_POLLIN : 0) | (wants_out ? USOCKET_POLLOUT : 0));
            unfinished += wants_in;
        }
        if (unfinished == 0) {
            return 0;
        }
        int ready = usocket_poll(fds, SOCKETS, STALL_MS);
        if (ready <= 0) {
            return fail("poll", ready ? ready : -ETIMEDOUT);
        }
        for (size_t i = 0; i < SOCKETS; i++) {
            bool failed = fds[i].s && (fds[i].revents & (USOCKET_POLLERR | USOCKET_POLLHUP | USOCKET_POLLIN)) &&
                          receive_some(&all[i]);
            failed = failed || (fds[i].s && (fds[i].revents & USOCKET_POLLOUT) && send_some(&all[i]));
            if (failed) {
                return 1;
            }
        }
    }
}

static int run(const char *port)
{
    struct conversation all[SOCKETS];
    int error = usocket_wait_network(&modem, STALL_MS, NULL, NULL);
    if (error) {
        return fail("network", error);
    }
    int failed = open_all(all, port) || converse(all);
    for (size_t i = 0; i < SOCKETS && !failed; i++) {
        usocket_close(all[i].s);
    }
    error = usocket_shutdown(&modem, STALL_MS);
    return error ? fail("shutdown", error) : failed;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: twelve PORT TCPPORT\n");
        return 2;
    }
    int error = usocket_fd_open(&line, argv[1]);
    error = error ? error : usocket_init(&modem, line.port, &line, NULL);
    int failed = error ? fail(argv[1], error) : run(argv[2]);
    usocket_fd_close(&line);
    return failed;
}
