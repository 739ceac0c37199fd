#include <stdio.h>
#include <stdlib.h>
#include <usocket/uart.h>
#include <usocket/usocket.h>

static struct usocket_modem modem; /* all memory of one modem */

static void check(const char *what, ssize_t result)
{
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", what, usocket_strerror((int)result));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const char request[] = "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n";
    struct usocket_fd_port line;
    check("open", usocket_fd_open(&line, argc > 1 ? argv[1] : "/dev/ttyS0"));
    check("init", usocket_init(&modem, line.port, &line, &(struct usocket_config){.apn = "internet"}));
    check("network", usocket_wait_network(&modem, 60000, NULL, NULL));

    struct usocket_addrinfo address;
    check("resolve", usocket_getaddrinfo(&modem, "example.com", 80, &address, 1));
    struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
    check("connect", usocket_connect(s, &address.sockaddr));
    check("send", usocket_sendall(s, request, sizeof(request) - 1));

    char buf[1024];
    ssize_t n;
    while ((n = usocket_recv(s, buf, sizeof(buf))) > 0) {
        fwrite(buf, 1, (size_t)n, stdout);
    }
    check("receive", n);
    usocket_close(s);
    check("shutdown", usocket_shutdown(&modem, 10000));
    usocket_fd_close(&line);
}
