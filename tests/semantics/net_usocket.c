/*
 * usocket, towards the program modemsim as a child process on a Unix socket. The module's listeners and UDP services
 * are on this machine's loopback, with the same port numbers. One module and one driver serve all cases; only after a
 * case that failed both are made anew, so that it can't spoil the next.
 */
#include "net.h"

#include <usocket/uart.h>
#include <usocket/usocket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 10000 };

const bool net_is_usocket = true;

static struct usocket_modem modem;
static struct usocket_fd_port line;
static pid_t module; /* 0: none runs */
static char directory[64], path[96], line_name[104], report[96];
static int wrong; /* what net_end() finds wrong */

static struct usocket *of(net_socket s)
{
    return (struct usocket *)s;
}

static struct usocket_sockaddr to_usocket(const struct net_address *a)
{
    struct usocket_sockaddr sa = {.port = a->port};
    sa.family = a->family == AF_INET6 ? USOCKET_AF_INET6 : USOCKET_AF_INET;
    memcpy(sa.addr, a->addr, sizeof sa.addr);
    return sa;
}

static void from_usocket(struct net_address *a, const struct usocket_sockaddr *sa)
{
    if (a) {
        *a = (struct net_address){.port = sa->port};
        a->family = sa->family == USOCKET_AF_INET6 ? AF_INET6 : sa->family == USOCKET_AF_INET ? AF_INET : 0;
        memcpy(a->addr, sa->addr, sizeof a->addr);
    }
}

/* ---- the module ---- */

static int complain(const char *what, int error)
{
    fprintf(stderr, "semantics: %s: %s\n", what, usocket_strerror(error));
    return -1;
}

/*
 * The child. Its address is this machine's, so that bind() to it is right on both sides of the suite. It says "closed"
 * at once: that what came before the end is read before the end is then the driver's work.
 */
static void become_module(const char *program, int ready)
{
    int file = open(report, O_WRONLY | O_CREAT | O_APPEND, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ready, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execl(program, program, "--unix", path, "--running", "--address", "127.0.0.1", "--address6", "::1", "--host",
          "localhost=127.0.0.1", "--host", "localhost=::1", "--fault", "close-policy=deliver-then-close", (char *)NULL);
    _exit(127);
}

static int start_module(const char *program)
{
    int ready[2];
    char c;
    if (!directory[0]) {
        strcpy(directory, "/tmp/usocket-semantics-XXXXXX");
        if (!mkdtemp(directory)) {
            return complain(directory, -errno);
        }
        snprintf(path, sizeof path, "%s/modem", directory);
        snprintf(line_name, sizeof line_name, "unix:%s", path);
        snprintf(report, sizeof report, "%s/report", directory);
    }
    if (pipe(ready) != 0) {
        return complain("pipe", -errno);
    }
    module = fork();
    if (module == 0) {
        become_module(program, ready[1]);
    }
    close(ready[1]);
    bool said = read(ready[0], &c, 1) == 1;
    close(ready[0]);
    return module > 0 && said ? 0 : complain(program, -ECHILD);
}

static void end_module(void)
{
    int status = 0;
    usocket_fd_close(&line);
    if (module > 0) {
        kill(module, SIGTERM);
        waitpid(module, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "semantics: the simulated module ended with status %x\n", (unsigned)status);
            wrong = -1;
        }
    }
    module = 0;
}

/* What the modules said at their ends. A use against the manual is a failure. */
static void check_report(void)
{
    char text[4096];
    FILE *f = fopen(report, "r");
    size_t len = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[len] = '\0';
    if (wrong || len == 0 || strstr(text, "wrong use") || strstr(text, "ERROR: ")) {
        fprintf(stderr, "semantics: the simulated module says\n%s", text);
        wrong = -1;
    }
    if (f) {
        fclose(f);
    }
}

/* ---- the run ---- */

int net_begin(const char *program)
{
    if (module > 0) {
        return 0;
    }
    if (start_module(program) != 0) {
        return -1;
    }
    const struct usocket_config config = {.apn = "internet", .pdp = USOCKET_PDP_IPV4V6};
    int error = usocket_fd_open(&line, line_name);
    error = error ? error : usocket_init(&modem, line.port, &line, &config);
    error = error ? error : usocket_wait_network(&modem, LIMIT_MS, NULL, NULL);
    if (error) {
        end_module();
        return complain("network", error);
    }
    return 0;
}

int net_clean(bool failed)
{
    int error = module > 0 ? usocket_shutdown(&modem, LIMIT_MS) : 0;
    if (error || failed) {
        end_module();
    }
    return error ? complain("shutdown", error) : 0;
}

int net_end(void)
{
    end_module();
    if (directory[0]) {
        check_report();
        unlink(report);
        unlink(path);
        rmdir(directory);
    }
    return wrong;
}

void net_turn(int fd, short events, int ms)
{
    uint32_t next = usocket_process(&modem);
    struct pollfd fds[] = {
        {.fd = line.fd, .events = (short)(POLLIN | (usocket_wants_write(&modem) ? POLLOUT : 0))},
        {.fd = fd, .events = events},
    };
    poll(fds, 2, next < (uint32_t)ms ? (int)next : ms);
    usocket_process(&modem);
}

/* ---- the calls ---- */

net_socket net_open(int family, enum net_kind kind)
{
    static const int protocols[] = {
        [NET_CLIENT] = 0,
        [NET_BOUND_CLIENT] = USOCKET_TCP_CUSTOMIZE_PORT,
        [NET_SERVER] = USOCKET_IPPROTO_TCP_SER,
        [NET_UDP] = 0,
    };
    int af = family == AF_INET6 ? USOCKET_AF_INET6 : USOCKET_AF_INET;
    int type = kind == NET_UDP ? USOCKET_SOCK_DGRAM : USOCKET_SOCK_STREAM;
    struct usocket *s = usocket_socket(&modem, af, type, protocols[kind]);
    return s ? (net_socket)s : usocket_last_error(&modem);
}

int net_bind(net_socket s, const struct net_address *address)
{
    struct usocket_sockaddr sa = to_usocket(address);
    return usocket_bind(of(s), &sa);
}

int net_listen(net_socket s, int backlog)
{
    return usocket_listen(of(s), backlog);
}

net_socket net_accept(net_socket s, struct net_address *peer)
{
    struct usocket_sockaddr sa = {0};
    struct usocket *conn = NULL;
    int error = usocket_accept(of(s), &conn, &sa);
    if (error) {
        return error;
    }
    from_usocket(peer, &sa);
    return (net_socket)conn;
}

int net_connect(net_socket s, const struct net_address *address)
{
    struct usocket_sockaddr sa = to_usocket(address);
    return usocket_connect(of(s), &sa);
}

int net_disconnect(net_socket s)
{
    struct usocket_sockaddr local = {0};
    usocket_getsockname(of(s), &local);
    return usocket_connect(of(s), &(struct usocket_sockaddr){.family = local.family});
}

ssize_t net_send(net_socket s, const void *buf, size_t len)
{
    return usocket_send(of(s), buf, len);
}

ssize_t net_sendto(net_socket s, const void *buf, size_t len, const struct net_address *to)
{
    struct usocket_sockaddr sa = to_usocket(to);
    return usocket_sendto(of(s), buf, len, &sa);
}

ssize_t net_recv(net_socket s, void *buf, size_t len)
{
    return usocket_recv(of(s), buf, len);
}

ssize_t net_recvfrom(net_socket s, void *buf, size_t len, struct net_address *from, bool *truncated)
{
    struct usocket_sockaddr sa = {0};
    unsigned flags = 0;
    ssize_t n = usocket_recvfrom(of(s), buf, len, &sa, &flags);
    if (n >= 0) {
        from_usocket(from, &sa);
    }
    if (truncated) {
        *truncated = n >= 0 && (flags & USOCKET_MSG_TRUNC);
    }
    return n;
}

int net_close(net_socket s)
{
    return usocket_close(of(s));
}

int net_settimeout(net_socket s, int ms)
{
    return usocket_settimeout(of(s), ms);
}

/* ---- options ---- */

static const int options[] = {
    [NET_REUSEADDR] = USOCKET_SO_REUSEADDR,
    [NET_ERROR] = USOCKET_SO_ERROR,
    [NET_TYPE] = USOCKET_SO_TYPE,
    [NET_NREAD] = USOCKET_SO_NREAD,
    [NET_NWRITE] = USOCKET_SO_NWRITE,
    [NET_KEEPALIVE] = USOCKET_TCP_KEEPALIVE,
    [NET_USER_TIMEOUT] = USOCKET_TCP_USER_TIMEOUT,
    [NET_NO_SUCH] = 0x7abc,
};

int net_setsockopt(net_socket s, enum net_option name, const void *value, size_t len)
{
    return usocket_setsockopt(of(s), USOCKET_SOL_SOCKET, options[name], value, len);
}

int net_getsockopt(net_socket s, enum net_option name)
{
    int value = 0;
    size_t len = sizeof value;
    int error = usocket_getsockopt(of(s), USOCKET_SOL_SOCKET, options[name], &value, &len);
    return error ? error : value;
}

int net_getsockname(net_socket s, struct net_address *address)
{
    struct usocket_sockaddr sa = {0};
    int error = usocket_getsockname(of(s), &sa);
    from_usocket(address, &sa);
    return error;
}

int net_getpeername(net_socket s, struct net_address *address)
{
    struct usocket_sockaddr sa = {0};
    int error = usocket_getpeername(of(s), &sa);
    from_usocket(address, &sa);
    return error;
}

/* ---- readiness, names ---- */

int net_poll(struct net_pollfd *fds, size_t n, int ms)
{
    struct usocket_pollfd list[16];
    for (size_t i = 0; i < n; i++) {
        list[i] = (struct usocket_pollfd){.s = fds[i].s == NET_NONE ? NULL : of(fds[i].s), .events = fds[i].events};
    }
    int ready = usocket_poll(list, n, ms);
    for (size_t i = 0; i < n; i++) {
        fds[i].revents = list[i].revents;
    }
    return ready;
}

int net_resolve(const char *name, uint16_t port, struct net_address *list, size_t max)
{
    struct usocket_addrinfo found[USOCKET_MAX_ADDRESSES];
    int n = usocket_getaddrinfo(&modem, name, port, found, max < USOCKET_MAX_ADDRESSES ? max : USOCKET_MAX_ADDRESSES);
    for (int i = 0; i < n; i++) {
        from_usocket(&list[i], &found[i].sockaddr);
    }
    return n;
}
