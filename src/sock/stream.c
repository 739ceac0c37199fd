/*
 * Reading a stream by amounts and by lines, and a socket as a file.
 */
#include <string.h>

#include "sock/internal.h"

/* --- amounts ------------------------------------------------------------------------------------------------------ */

/* Until @p len bytes are there. An error behind a part is kept for the next call. */
static ssize_t read_all(struct usocket *s, uint8_t *buf, size_t len)
{
    uint32_t since_ms = s->modem->now_ms;
    uint16_t life = s->life;
    size_t got = 0;
    ssize_t n = 1;

    while (n > 0 && got < len && s->life == life) {
        n = usk_recv(s, buf + got, len - got, since_ms, NULL, NULL);
        got += n > 0 ? (size_t)n : 0;
    }
    if (got > 0 && n < 0 && s->life == life && !usk_conn_busy(s)) {
        s->error = (int16_t)n;
    }
    return got > 0 ? (ssize_t)got : n < 0 ? n : 0;
}

ssize_t usocket_read(struct usocket *s, void *buf, size_t len)
{
    ssize_t result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    result = usk_is_datagram(s) ? usk_recv(s, buf, len, s->modem->now_ms, NULL, NULL) : read_all(s, buf, len);
    usk_leave(s);
    return result;
}

ssize_t usocket_readall(struct usocket *s, void *buf, size_t len)
{
    return usocket_read(s, buf, len);
}

ssize_t usocket_readinto(struct usocket *s, void *buf, size_t len)
{
    return usocket_recvfrom(s, buf, len, NULL, NULL);
}

ssize_t usocket_write(struct usocket *s, const void *buf, size_t len)
{
    return usocket_send(s, buf, len);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* Bytes of the ring up to and with the first line feed, at most @p most; 0: there is none among them. */
static size_t find_line(const struct usocket *s, size_t most)
{
    size_t n = s->rx_len < most ? s->rx_len : most;

    for (size_t i = 0; i < n; i++) {
        if (s->rx[(s->rx_at + i) & (USOCKET_RX_SIZE - 1)] == '\n') {
            return i + 1;
        }
    }
    return 0;
}

static bool line_ready(const struct usocket *s, size_t most)
{
    return s->state != USK_CONN_OPEN || s->error != 0 || s->rx_len >= most || find_line(s, most) > 0;
}

static ssize_t read_line(struct usocket *s, char *buf, size_t most)
{
    int error = 0;
    size_t n;

    if (!line_ready(s, most)) {
        s->hungry = true;
        error = usk_wait_socket(s, s->modem->now_ms, line_ready, most);
        if (error == -EBADF) {
            return error;
        }
        s->hungry = false;
    }
    n = find_line(s, most);
    if (n == 0 && error != 0) {
        return error;
    }
    if (n == 0) {
        n = s->rx_len < most ? s->rx_len : most;
    }
    return n > 0 ? usk_stream_take(s, buf, n) : usk_take_error(s);
}

ssize_t usocket_readline(struct usocket *s, char *buf, size_t size)
{
    ssize_t result;

    if (!usk_enter(s)) {
        return -EBADF;
    }
    if (usk_is_datagram(s)) {
        result = -EOPNOTSUPP;
    } else if (size < 2) {
        result = -EINVAL;
    } else {
        result = read_line(s, buf, size - 1 < USOCKET_RX_SIZE ? size - 1 : USOCKET_RX_SIZE);
    }
    if (result >= 0) {
        buf[result] = '\0';
    }
    usk_leave(s);
    return result;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

int usocket_file_open(struct usocket_file *file, struct usocket *s, const char *mode)
{
    bool writes = strcmp(mode, "wb") == 0;
    bool datagram;

    if (!writes && strcmp(mode, "rb") != 0) {
        return -EINVAL;
    }
    if (!usk_enter(s)) {
        return -EBADF;
    }
    datagram = usk_is_datagram(s);
    usk_leave(s);
    if (datagram) {
        return -EOPNOTSUPP;
    }
    *file = (struct usocket_file){s, writes};
    return 0;
}

ssize_t usocket_file_read(struct usocket_file *file, void *buf, size_t len)
{
    return file->writes ? -EBADF : usocket_read(file->s, buf, len);
}

ssize_t usocket_file_readline(struct usocket_file *file, char *buf, size_t size)
{
    return file->writes ? -EBADF : usocket_readline(file->s, buf, size);
}

ssize_t usocket_file_write(struct usocket_file *file, const void *buf, size_t len)
{
    return file->writes ? usocket_write(file->s, buf, len) : -EBADF;
}
