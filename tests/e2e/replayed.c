/*
 * One small session, done twice: over a port with a recording, and from that recording alone, which must fit it byte
 * for byte. Usage: replayed record PORT FILE TCPPORT | replayed replay FILE TCPPORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usocket/uart.h>
#include <usocket/usocket.h>

enum { LIMIT_MS = 20000 };

static struct usocket_modem modem;

static int fail(const char *what, int error)
{
    fprintf(stderr, "replayed: %s: %s\n", what, usocket_strerror(error));
    return 1;
}

static int session(const struct usocket_port *port, void *ctx, const char *tcp_port)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    struct usocket_sockaddr address;
    char buf[1000];
    ssize_t n;

    int error = usocket_init(&modem, port, ctx, NULL);
    error = error ? error : usocket_wait_network(&modem, LIMIT_MS, NULL, NULL);
    if (error) {
        return fail("network", error);
    }
    struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
    usocket_settimeout(s, LIMIT_MS);
    usocket_sockaddr_set(&address, "127.0.0.1", (uint16_t)strtoul(tcp_port, NULL, 10));
    error = usocket_connect(s, &address);
    error = error ? error : usocket_sendall(s, request, sizeof(request) - 1);
    if (error) {
        return fail("request", error);
    }
    while ((n = usocket_recv(s, buf, sizeof(buf))) > 0) {
    }
    usocket_close(s);
    error = usocket_shutdown(&modem, LIMIT_MS);
    return n < 0 ? fail("recv", (int)n) : error ? fail("shutdown", error) : 0;
}

static int record(const char *name, const char *file, const char *tcp_port)
{
    static struct usocket_fd_port line;
    static struct usocket_record_port recording;
    int error = usocket_fd_open(&line, name);
    error = error ? error : usocket_record_open(&recording, line.port, &line, file, "a session to be replayed");
    int failed = error ? fail(name, error) : session(recording.port, &recording, tcp_port);
    int closed = usocket_record_close(&recording);
    usocket_fd_close(&line);
    return closed ? fail("recording", closed) : failed;
}

static int replay(const char *file, const char *tcp_port)
{
    static struct usocket_replay_port player;
    int error = usocket_replay_open(&player, file);
    int failed = error ? fail(file, error) : session(player.port, &player, tcp_port);
    if (player.mismatch[0]) {
        fprintf(stderr, "replayed: %s\n", player.mismatch);
        failed = 1;
    } else if (!failed && !usocket_replay_done(&player)) {
        fprintf(stderr, "replayed: %s was not played to its end\n", file);
        failed = 1;
    }
    usocket_replay_close(&player);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "record") == 0) {
        return record(argv[2], argv[3], argv[4]);
    }
    if (argc == 4 && strcmp(argv[1], "replay") == 0) {
        return replay(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: replayed record PORT FILE TCPPORT | replayed replay FILE TCPPORT\n");
    return 2;
}
