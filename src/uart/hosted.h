/*
 * What the ports for hosted systems share: a pipe that ends a wait, poll(), the clock, the lock on a terminal, and the
 * reading of errno. Not a public header.
 */
#ifndef USK_HOSTED_H
#define USK_HOSTED_H

#include <stdint.h>
#include <sys/types.h>

/* Makes the pipe that ends a wait; both ends are -1 after a failure. Returns 0 or -errno. */
int usk_wake_open(int wake[2]);

/* Safe when open failed, and twice. */
void usk_wake_close(int wake[2]);

void usk_wake(const int wake[2]);

/* usocket_port::wait for a line that is read at `in` and written at `out`; the two may be one descriptor. */
int usk_hosted_wait(int in, int out, const int wake[2], uint32_t timeout_ms, int for_write);

uint32_t usk_hosted_now_ms(void);

/* What a port answers after read() or write() failed with `error`: 0 (try again later), -ENODEV (line gone), -error. */
ssize_t usk_hosted_failure(int error);

/* Sets O_NONBLOCK. Returns 0 or -errno. */
int usk_set_nonblocking(int fd);

/*
 * Holding a terminal alone takes two locks, because neither does alone. lock is seen by whoever asks for it, root
 * included, and ends with the descriptor: 0, or -EBUSY when somebody else holds the terminal. exclude makes open() fail
 * for programs that ask for nothing, but not for root; unexclude, before close(), takes that back. On what is no
 * terminal all three do nothing.
 */
int usk_lock_tty(int fd);
int usk_exclude_others(int fd);
void usk_unexclude_others(int fd);

#endif
