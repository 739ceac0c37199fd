/*
 * The system calls that the ports for hosted systems have in common; see hosted.h.
 */
#define _GNU_SOURCE 1

#include "uart/hosted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

int usk_set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -errno;
}

int usk_wake_open(int wake[2])
{
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0)
        return 0;
    wake[0] = wake[1] = -1;
    return -errno;
}

void usk_wake_close(int wake[2])
{
    for (int end = 0; end < 2; end++) {
        if (wake[end] >= 0)
            close(wake[end]);
        wake[end] = -1;
    }
}

void usk_wake(const int wake[2])
{
    ssize_t written = write(wake[1], "", 1);
    (void)written; /* a full pipe holds enough reasons to wake up */
}

static void drain(int fd)
{
    char sink[64];
    while (read(fd, sink, sizeof sink) > 0)
        continue;
}

static int poll_timeout(uint32_t timeout_ms)
{
    if (timeout_ms == UINT32_MAX)
        return -1;
    return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms; /* a wait may end early */
}

int usk_hosted_wait(int in, int out, const int wake[2], uint32_t timeout_ms, int for_write)
{
    enum { IN, WAKE, OUT };
    struct pollfd polled[] = {
        [IN] = {.fd = in, .events = POLLIN},
        [WAKE] = {.fd = wake[0], .events = POLLIN},
        [OUT] = {.fd = for_write ? out : -1, .events = POLLOUT}, /* poll() skips -1 */
    };
    if (poll(polled, 3, poll_timeout(timeout_ms)) < 0)
        return errno == EINTR ? 0 : -errno;
    if (polled[WAKE].revents)
        drain(wake[0]);

    /* With POLLIN there may be bytes left that arrived before the end: read() tells. */
    if (polled[IN].revents && !(polled[IN].revents & POLLIN))
        return -ENODEV;
    if (polled[OUT].revents & (POLLERR | POLLNVAL) && !(polled[IN].revents & POLLIN))
        return -ENODEV;
    return 0;
}

uint32_t usk_hosted_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U);
}

ssize_t usk_hosted_failure(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
        return 0;
    case EIO:   /* a terminal that hung up, a USB adapter that is gone */
    case ENXIO: /* the same, on other systems */
    case ENODEV:
    case EPIPE:
    case ECONNRESET:
        return -ENODEV;
    default:
        return -error;
    }
}

/*
 * On a pseudo-terminal TIOCEXCL outlives a killed process for as long as the other end is open. A terminal that has no
 * modem lines is therefore locked with flock() only.
 */
static bool has_modem_lines(int fd)
{
    int lines;
    return ioctl(fd, TIOCMGET, &lines) == 0;
}

int usk_lock_tty(int fd)
{
    if (!isatty(fd))
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return -EBUSY;
#ifdef TIOCGEXCL
    int held = 0;
    if (has_modem_lines(fd) && ioctl(fd, TIOCGEXCL, &held) == 0 && held)
        return -EBUSY;
#endif
    return 0;
}

int usk_exclude_others(int fd)
{
    if (!has_modem_lines(fd))
        return 0;
    return ioctl(fd, TIOCEXCL) == 0 ? 0 : -errno;
}

void usk_unexclude_others(int fd)
{
    ioctl(fd, TIOCNXCL);
}
