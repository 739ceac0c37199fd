/*
 * A port on a file descriptor: pty, terminal, pair of FIFOs, UNIX or TCP stream socket. Opens and prepares it; the
 * reading and waiting is a few system calls whose errors are made into those of the port.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "uart/hosted.h"
#include "usocket/uart.h"

/* ---- the port's functions ---- */

static ssize_t fd_read(void *ctx, void *buf, size_t len)
{
    struct usocket_fd_port *p = ctx;
    ssize_t n = read(p->fd, buf, len);
    if (n > 0)
        return n;
    return n == 0 ? -ENODEV : usk_hosted_failure(errno);
}

static ssize_t fd_write(void *ctx, const void *buf, size_t len)
{
    struct usocket_fd_port *p = ctx;
    ssize_t n = p->is_socket ? send(p->out_fd, buf, len, MSG_NOSIGNAL) : write(p->out_fd, buf, len);
    return n >= 0 ? n : usk_hosted_failure(errno);
}

static int fd_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_fd_port *p = ctx;
    return usk_hosted_wait(p->fd, p->out_fd, p->wake, timeout_ms, for_write);
}

static uint32_t fd_now_ms(void *ctx)
{
    (void)ctx;
    return usk_hosted_now_ms();
}

static void fd_wake(void *ctx)
{
    struct usocket_fd_port *p = ctx;
    usk_wake(p->wake);
}

static void fd_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct usocket_fd_port *p = ctx;
    if (p->log)
        p->log(p->log_ctx, what, text, len);
}

static const struct usocket_port fd_functions = {
    .read = fd_read,
    .write = fd_write,
    .wait = fd_wait,
    .now_ms = fd_now_ms,
    .wake = fd_wake,
    .log = fd_log,
};

/* ---- opening: each function fills in fd and out_fd, or answers -errno ---- */

static int make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return -errno;
    cfmakeraw(&t);
    t.c_iflag &= ~(tcflag_t)(IXOFF | INPCK);
    t.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB);
    t.c_cflag |= CS8 | CREAD | CLOCAL;
    t.c_cc[VMIN] = 1; /* with 0, "nothing arrived" would look like the end of the line */
    t.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSANOW, &t) == 0 ? 0 : -errno;
}

static int open_device(struct usocket_fd_port *p, const char *path)
{
    struct stat st;
    p->fd = p->out_fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->fd < 0 || fstat(p->fd, &st) != 0)
        return -errno;
    if (!S_ISCHR(st.st_mode))
        return -ENOTTY;
    int err = usk_lock_tty(p->fd);
    if (!err)
        err = usk_exclude_others(p->fd);
    return err || !isatty(p->fd) ? err : make_raw(p->fd);
}

/* Both FIFOs are opened for reading and writing: then neither open waits for the peer, and its absence is no end. */
static int open_fifo(const char *path, size_t len)
{
    char name[PATH_MAX];
    if (len == 0 || len >= sizeof name)
        return -EINVAL;
    memcpy(name, path, len);
    name[len] = '\0';

    int fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
        return fd;
    close(fd);
    return -EINVAL;
}

static int open_fifos(struct usocket_fd_port *p, const char *names)
{
    const char *comma = strchr(names, ',');
    if (!comma)
        return -EINVAL;
    p->fd = open_fifo(names, (size_t)(comma - names));
    if (p->fd < 0)
        return p->fd;
    p->out_fd = open_fifo(comma + 1, strlen(comma + 1));
    return p->out_fd < 0 ? p->out_fd : 0;
}

static int connect_to(struct usocket_fd_port *p, const struct sockaddr *address, socklen_t len)
{
    p->fd = p->out_fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        return -errno;
    p->is_socket = true;

    const struct timeval patience = {.tv_sec = 10};
    setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(p->fd, address, len) != 0)
        return errno == EINPROGRESS || errno == EAGAIN ? -ETIMEDOUT : -errno;
    return usk_set_nonblocking(p->fd);
}

static int open_unix(struct usocket_fd_port *p, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0)
        return -EINVAL;
    if (len >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, len);
    return connect_to(p, (const struct sockaddr *)&address, sizeof address);
}

/* HOST:PORT, where an IPv6 host may stand in brackets. */
static int split_host(char *host, size_t size, const char *text, const char **port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text)
        return -EINVAL;
    const char *end = colon;
    if (*text == '[' && end[-1] == ']') {
        text++;
        end--;
    }
    size_t len = (size_t)(end - text);
    if (len >= size)
        return -EINVAL;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static int open_tcp(struct usocket_fd_port *p, const char *text)
{
    char host[64];
    const char *port;
    int err = split_host(host, sizeof host, text, &port);
    if (err)
        return err;

    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    if (*host == '\0' || *port == '\0' || getaddrinfo(host, port, &hints, &found) != 0)
        return -EINVAL;
    err = connect_to(p, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);

    const int on = 1;
    if (!err)
        setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a command is short and waits for its answer */
    return err;
}

static const struct {
    const char *prefix;
    int (*open)(struct usocket_fd_port *p, const char *rest);
} ways[] = {
    {"unix:", open_unix},
    {"tcp:", open_tcp},
    {"fifo:", open_fifos},
    {"", open_device},
};

static int open_by_prefix(struct usocket_fd_port *p, const char *path)
{
    size_t i = 0;
    while (strncmp(path, ways[i].prefix, strlen(ways[i].prefix)) != 0)
        i++;
    return ways[i].open(p, path + strlen(ways[i].prefix));
}

static void clear(struct usocket_fd_port *p)
{
    *p = (struct usocket_fd_port){.port = &fd_functions, .fd = -1, .out_fd = -1, .wake = {-1, -1}};
}

int usocket_fd_open(struct usocket_fd_port *p, const char *path)
{
    clear(p);
    p->owns_fd = true;
    int err = open_by_prefix(p, path);
    if (!err)
        err = usk_wake_open(p->wake);
    if (err)
        usocket_fd_close(p);
    return err;
}

int usocket_fd_attach(struct usocket_fd_port *p, int fd)
{
    clear(p);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    int err = usk_set_nonblocking(fd);
    if (!err)
        err = usk_wake_open(p->wake);
    if (err)
        return err;
    p->fd = p->out_fd = fd;
    p->is_socket = S_ISSOCK(st.st_mode);
    return 0;
}

void usocket_fd_close(struct usocket_fd_port *p)
{
    if (p->owns_fd && p->out_fd >= 0 && p->out_fd != p->fd)
        close(p->out_fd);
    if (p->owns_fd && p->fd >= 0) {
        usk_unexclude_others(p->fd);
        close(p->fd);
    }
    p->fd = p->out_fd = -1;
    usk_wake_close(p->wake);
}
