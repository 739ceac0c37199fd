/*
 * A socket as a FILE. The C library buffers and calls back; its two functions are made of usocket's here, and negative
 * results become errno.
 */
#if defined(USK_HAVE_FOPENCOOKIE)
#define _GNU_SOURCE 1
#endif

#include "usocket/stdio.h"

#include <errno.h>
#include <stddef.h>

#include "usocket/usocket.h"

#if defined(USK_HAVE_FOPENCOOKIE) || defined(USK_HAVE_FUNOPEN)

static ssize_t get(struct usocket *s, void *buf, size_t len)
{
    ssize_t n = usocket_recv(s, buf, len);
    if (n < 0) {
        errno = (int)-n;
        return -1;
    }
    return n;
}

/* Why a send took a part only: the next one would tell, but it might wait for as long again. */
static int why_short(struct usocket *s)
{
    struct usocket_pollfd now = {.s = s};
    int error = 0;
    size_t size = sizeof error;

    usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &size);
    if (error)
        return error;
    usocket_poll(&now, 1, 0);
    if (now.revents & (USOCKET_POLLHUP | USOCKET_POLLNVAL))
        return now.revents & USOCKET_POLLNVAL ? EBADF : EPIPE;
    return s->timeout_ms == 0 ? EAGAIN : ETIMEDOUT;
}

/* Returns what was taken; errno says why it is not all. */
static size_t put(struct usocket *s, const char *bytes, size_t len)
{
    ssize_t n = usocket_send(s, bytes, len);
    if (n < 0) {
        errno = (int)-n;
        return 0;
    }
    if ((size_t)n < len)
        errno = why_short(s);
    return (size_t)n;
}

#endif

#if defined(USK_HAVE_FOPENCOOKIE)

static ssize_t cookie_read(void *socket, char *buf, size_t len)
{
    return get(socket, buf, len);
}

/* Nothing written is 0 to glibc, which takes a negative number for a very large one, and -1 to the others. */
static ssize_t cookie_write(void *socket, const char *buf, size_t len)
{
#ifdef __GLIBC__
    const ssize_t nothing = 0;
#else
    const ssize_t nothing = -1;
#endif
    size_t sent = put(socket, buf, len);
    return sent > 0 ? (ssize_t)sent : nothing;
}

static FILE *open_file(struct usocket *s, const char *mode)
{
    return fopencookie(s, mode, (cookie_io_functions_t){.read = cookie_read, .write = cookie_write});
}

#elif defined(USK_HAVE_FUNOPEN)

static int fun_read(void *socket, char *buf, int len)
{
    return (int)get(socket, buf, (size_t)len);
}

static int fun_write(void *socket, const char *buf, int len)
{
    size_t sent = put(socket, buf, (size_t)len);
    return sent > 0 ? (int)sent : -1;
}

static FILE *open_file(struct usocket *s, const char *mode)
{
    return mode[0] == 'r' ? funopen(s, fun_read, NULL, NULL, NULL) : funopen(s, NULL, fun_write, NULL, NULL);
}

#else

static FILE *open_file(struct usocket *s, const char *mode)
{
    (void)s;
    (void)mode;
    errno = ENOSYS;
    return NULL;
}

#endif

FILE *usocket_makefile(struct usocket *s, const char *mode)
{
    struct usocket_file file; /* only to have the socket and the mode looked at */
    int error = usocket_file_open(&file, s, mode);
    if (error) {
        errno = -error;
        return NULL;
    }
    return open_file(s, mode);
}
