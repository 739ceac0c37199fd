/*
 * Gives a pseudo-terminal the modem lines that it lacks, so that libserialport opens it. To be preloaded.
 * Lines that the host sets can be read back: TIOCMGET answers with what the last TIOCMSET, TIOCMBIS or TIOCMBIC left.
 */
#define _GNU_SOURCE 1

#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int lines;

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);

    if (!isatty(fd))
        return (int)syscall(SYS_ioctl, fd, request, arg);
    switch (request) {
    case TIOCMGET:
        *(int *)arg = lines;
        return 0;
    case TIOCMSET:
        lines = *(const int *)arg;
        return 0;
    case TIOCMBIS:
        lines |= *(const int *)arg;
        return 0;
    case TIOCMBIC:
        lines &= ~*(const int *)arg;
        return 0;
    default:
        return (int)syscall(SYS_ioctl, fd, request, arg);
    }
}
