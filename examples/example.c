/*
 * The example of QuecPython's usocket documentation, line by line in C: waits for the network, resolves a name, sends
 * a GET and prints the first 256 bytes that come back.
 *
 *     example PORT [HOST [HTTPPORT [PATH]]]
 *
 * USOCKET_APN sets the access point; USOCKET_RECORD names a file for a transcript of the AT conversation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usocket/uart.h>
#include <usocket/usocket.h>

static struct usocket_modem modem;
static struct usocket_serial_port serial;
static struct usocket_fd_port fd;
static struct usocket_record_port record;

static int fail(const char *what, int error)
{
    fprintf(stderr, "example: %s: %s\n", what, usocket_strerror(error));
    return 1;
}

/* A serial port, or, where that can't be (a pty, a UNIX socket), a descriptor. */
static int open_port(const char *name, const struct usocket_port **port, void **ctx)
{
    int error = usocket_serial_open(&serial, name, 115200, USOCKET_FLOW_NONE);
    *port = serial.port;
    *ctx = &serial;
    if (error) {
        int other = usocket_fd_open(&fd, name);
        error = error == -ENOTTY || error == -ENOSYS || strchr(name, ':') ? other : error;
        *port = fd.port;
        *ctx = &fd;
    }
    const char *file = getenv("USOCKET_RECORD");
    if (!error && file) {
        error = usocket_record_open(&record, *port, *ctx, file, "the usocket example");
        *port = record.port;
        *ctx = &record;
    }
    return error;
}

/* Everything between the socket's birth and its close. */
static int converse(struct usocket *sock, const char *host, uint16_t port, const char *path)
{
    /* Parses the name of domain */
    struct usocket_addrinfo info[1];
    int n = usocket_getaddrinfo(&modem, host, port, info, 1);
    if (n < 0) {
        return fail(host, n);
    }
    /* Establishes the connection */
    int error = usocket_connect(sock, &info[0].sockaddr);
    if (error) {
        return fail("connect", error);
    }
    /* Sends messages to the server */
    char request[512];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: deflate\r\nConnection: keep-alive\r\n\r\n",
                       path, host);
    if (len < 0 || (size_t)len >= sizeof(request)) {
        return fail("request", -EMSGSIZE);
    }
    ssize_t ret = usocket_send(sock, request, (size_t)len);
    if (ret < 0) {
        return fail("send", (int)ret);
    }
    printf("send %d bytes\n", (int)ret);
    /* Receives messages from the server */
    char data[256];
    ssize_t got = usocket_recv(sock, data, sizeof(data));
    if (got < 0) {
        return fail("recv", (int)got);
    }
    printf("recv %d bytes:\n", (int)got);
    fwrite(data, 1, (size_t)got, stdout);
    putchar('\n');
    return 0;
}

static int run(const char *host, uint16_t port, const char *path)
{
    int stagecode, subcode;
    usocket_wait_network(&modem, 30000, &stagecode, &subcode);
    if (stagecode != 3 || subcode != 1) {
        printf("Network connection failed! stagecode = %d, subcode = %d\n", stagecode, subcode);
        return 1;
    }
    printf("Network connection successful! stagecode = %d, subcode = %d\n", stagecode, subcode);
    /* Creates a socket instance */
    struct usocket *sock = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
    if (!sock) {
        return fail("socket", usocket_last_error(&modem));
    }
    usocket_settimeout(sock, 30000);
    int failed = converse(sock, host, port, path);
    /* Closes the connection */
    usocket_close(sock);
    int error = usocket_shutdown(&modem, 10000);
    return error ? fail("shutdown", error) : failed;
}

int main(int argc, char **argv)
{
    long port = argc > 3 ? strtol(argv[3], NULL, 10) : 80;
    if (argc < 2 || argc > 5 || port < 1 || port > 65535) {
        fprintf(stderr, "usage: example PORT [HOST [HTTPPORT [PATH]]]\n");
        return 2;
    }
    const char *host = argc > 2 ? argv[2] : "www.tongxinmao.com";
    const char *path = argc > 4 ? argv[4] : "/News";
    const struct usocket_port *line;
    void *ctx;
    int error = open_port(argv[1], &line, &ctx);
    /* The module prints its events only on the port named here. */
    bool usb = strncmp(argv[1], "/dev/ttyUSB", 11) == 0 || strncmp(argv[1], "/dev/ttyACM", 11) == 0;
    struct usocket_config config = {.apn = getenv("USOCKET_APN"), .urc_port = usb ? "usbat" : "uart1"};
    if (error) {
        fprintf(stderr, "example: cannot open %s: %s\n", argv[1], strerror(-error));
        return 1;
    }
    error = usocket_init(&modem, line, ctx, &config);
    int failed = error ? fail("init", error) : run(host, (uint16_t)port, path);
    if (record.port && (error = usocket_record_close(&record))) {
        failed = fail("recording", error);
    }
    if (serial.port) {
        usocket_serial_close(&serial);
    }
    if (fd.port) {
        usocket_fd_close(&fd);
    }
    return failed;
}
