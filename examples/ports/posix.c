/* A port for a POSIX system; see posix.h. */
#define _DEFAULT_SOURCE 1 /* cfmakeraw(), CRTSCTS */

#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* CLOCK_MONOTONIC, so that nobody who sets the time of day ends a time-out. The cast makes it wrap at 2^32. */
static uint32_t now_ms(void *ctx)
{
    struct timespec now;
    (void)ctx;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* Nothing to read is 0. Only what does not pass by itself is an error: a terminal that hung up, a cable pulled. */
static ssize_t result_of(ssize_t n)
{
    if (n >= 0) {
        return n;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -ENODEV;
}

static ssize_t take(void *ctx, void *buf, size_t len)
{
    const struct posix_line *line = ctx;
    ssize_t n = read(line->fd, buf, len);

    return n == 0 ? -ENODEV : result_of(n); /* as VMIN is 1, read() answers 0 at a hang-up only */
}

static ssize_t give(void *ctx, const void *buf, size_t len)
{
    const struct posix_line *line = ctx;

    return result_of(write(line->fd, buf, len));
}

static int wait_line(void *ctx, uint32_t timeout_ms, int for_write)
{
    const struct posix_line *line = ctx;
    struct pollfd polled[] = {
        {.fd = line->fd, .events = (short)(for_write ? POLLIN | POLLOUT : POLLIN)},
        {.fd = line->wake[0], .events = POLLIN},
    };
    int limit = timeout_ms == UINT32_MAX ? -1 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    char sink[16];

    if (poll(polled, 2, limit) < 0) {
        return errno == EINTR ? 0 : -ENODEV;
    }
    while (polled[1].revents != 0 && read(line->wake[0], sink, sizeof(sink)) > 0) {
    }
    /* With POLLIN there may be bytes from before the hang-up: read() tells. */
    return polled[0].revents != 0 && (polled[0].revents & (POLLIN | POLLOUT)) == 0 ? -ENODEV : 0;
}

static void wake(void *ctx)
{
    const struct posix_line *line = ctx;
    ssize_t written = write(line->wake[1], "", 1);

    (void)written; /* a full pipe wakes as well */
}

const struct usocket_port posix_port = {.read = take, .write = give, .wait = wait_line, .now_ms = now_ms, .wake = wake};

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int make_raw(int fd, speed_t speed, bool rtscts)
{
    struct termios t;

    if (tcgetattr(fd, &t) != 0) {
        return -errno;
    }
    cfmakeraw(&t); /* 8 bits, no parity, no echo, no XON/XOFF, CR stays CR */
    t.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    t.c_cflag |= CREAD | CLOCAL | (rtscts ? (tcflag_t)CRTSCTS : 0);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    cfsetispeed(&t, speed);
    cfsetospeed(&t, speed);
    return tcsetattr(fd, TCSAFLUSH, &t) == 0 ? 0 : -errno;
}

int posix_open(struct posix_line *line, const char *path, speed_t speed, bool rtscts)
{
    int error;

    line->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (line->fd < 0) {
        return -errno;
    }
    error = make_raw(line->fd, speed, rtscts);
    if (error == 0 && (pipe(line->wake) != 0 || fcntl(line->wake[0], F_SETFL, O_NONBLOCK) != 0 ||
                       fcntl(line->wake[1], F_SETFL, O_NONBLOCK) != 0)) {
        error = -errno;
    }
    if (error != 0) {
        close(line->fd);
    }
    return error;
}

void posix_close(const struct posix_line *line)
{
    close(line->fd);
    close(line->wake[0]);
    close(line->wake[1]);
}
