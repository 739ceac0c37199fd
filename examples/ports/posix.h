/*
 * A port for a POSIX system, to be read: how the four functions and wake() are written. usocket_fd_open() is the one to
 * use: it also takes sockets and FIFOs, locks the terminal, and tells why it could not.
 *
 *     static struct posix_line line;
 *     posix_open(&line, "/dev/ttyS0", B115200, true);
 *     usocket_init(&modem, &posix_port, &line, &config);
 *
 * For several threads: usocket_threads_open(&threads, &posix_port, &line) adds the lock.
 */
#ifndef POSIX_PORT_H
#define POSIX_PORT_H

#include <stdbool.h>
#include <termios.h>
#include <usocket/port.h>

struct posix_line {
    int fd;
    int wake[2]; /* a pipe: a byte in it ends a wait */
};

extern const struct usocket_port posix_port;

/** Opens a terminal raw, 8N1. @return 0 or a negative errno */
int posix_open(struct posix_line *line, const char *path, speed_t speed, bool rtscts);

void posix_close(const struct posix_line *line);

#endif
