/*
 * A port on a real serial port, opened and set up by libserialport. A build without that library has the two functions
 * too: open answers -ENOSYS.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <string.h>

#include "usocket/uart.h"

#ifndef USK_HAVE_LIBSERIALPORT

int usocket_serial_open(struct usocket_serial_port *p, const char *name, unsigned baud, enum usocket_flow flow)
{
    (void)name, (void)baud, (void)flow;
    *p = (struct usocket_serial_port){.fd = -1, .guard = -1, .wake = {-1, -1}};
    return -ENOSYS;
}

void usocket_serial_close(struct usocket_serial_port *p)
{
    (void)p;
}

#else

#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "uart/hosted.h"

/* ---- the port's functions: system calls on libserialport's descriptor, whose own calls hide a hangup ---- */

static bool hung_up(int fd)
{
    struct pollfd polled = {.fd = fd};
    return poll(&polled, 1, 0) > 0 && polled.revents; /* without events asked for: POLLHUP, POLLERR, POLLNVAL */
}

static ssize_t serial_read(void *ctx, void *buf, size_t len)
{
    struct usocket_serial_port *p = ctx;
    ssize_t n = read(p->fd, buf, len);
    if (n > 0)
        return n;
    if (n < 0)
        return usk_hosted_failure(errno);
    return hung_up(p->fd) ? -ENODEV : 0; /* libserialport sets VMIN = 0: 0 bytes is both "nothing yet" and "gone" */
}

static ssize_t serial_write(void *ctx, const void *buf, size_t len)
{
    struct usocket_serial_port *p = ctx;
    ssize_t n = write(p->fd, buf, len);
    return n >= 0 ? n : usk_hosted_failure(errno);
}

static int serial_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_serial_port *p = ctx;
    return usk_hosted_wait(p->fd, p->fd, p->wake, timeout_ms, for_write);
}

static uint32_t serial_now_ms(void *ctx)
{
    (void)ctx;
    return usk_hosted_now_ms();
}

static void serial_wake(void *ctx)
{
    struct usocket_serial_port *p = ctx;
    usk_wake(p->wake);
}

static void serial_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct usocket_serial_port *p = ctx;
    if (p->log)
        p->log(p->log_ctx, what, text, len);
}

static const struct usocket_port serial_functions = {
    .read = serial_read,
    .write = serial_write,
    .wait = serial_wait,
    .now_ms = serial_now_ms,
    .wake = serial_wake,
    .log = serial_log,
};

/* ---- opening ---- */

/* Must follow the failed call directly: libserialport's system error is that of the last system call. */
static int error_of(enum sp_return result)
{
    int code = sp_last_error_code();
    switch (result) {
    case SP_OK:
        return 0;
    case SP_ERR_MEM:
        return -ENOMEM;
    case SP_ERR_SUPP:
        return -EOPNOTSUPP;
    case SP_ERR_FAIL:
        return code > 0 ? -code : -EIO;
    default:
        return -EINVAL;
    }
}

/* libserialport knows the names of /sys/class/tty only; a link to one is looked up here. */
static int find(struct usocket_serial_port *p, const char *name)
{
    enum sp_return result = sp_get_port_by_name(name, &p->sp);
    if (result != SP_ERR_ARG)
        return error_of(result);

    char *target = realpath(name, NULL);
    if (!target)
        return -errno;
    result = strcmp(target, name) == 0 ? SP_ERR_ARG : sp_get_port_by_name(target, &p->sp);
    int err = result == SP_ERR_ARG ? -ENOTTY : error_of(result);
    free(target);
    return err;
}

/* A rate that the system made into another one by more than a UART bears is no rate of the port. */
static int check_rate(struct sp_port *sp, unsigned baud)
{
    struct sp_port_config *config;
    int actual = 0;
    int err = error_of(sp_new_config(&config));
    if (err)
        return err;
    err = error_of(sp_get_config(sp, config));
    if (!err)
        err = error_of(sp_get_config_baudrate(config, &actual));
    sp_free_config(config);
    if (err)
        return err;
    unsigned tolerance = baud / 40; /* 2.5 % */
    return (unsigned)actual + tolerance < baud || (unsigned)actual > baud + tolerance ? -EINVAL : 0;
}

/*
 * libserialport 0.1.1 sets CRTSCTS in c_iflag instead of c_cflag: it reports success, and nothing controls the flow.
 * So the bit is put where it belongs, and read back, for tcsetattr() succeeds if it could do any part.
 */
static int set_crtscts(int fd, bool on)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return -errno;
    t.c_iflag &= ~(tcflag_t)CRTSCTS;
    t.c_cflag = on ? t.c_cflag | CRTSCTS : t.c_cflag & ~(tcflag_t)CRTSCTS;
    if (tcsetattr(fd, TCSANOW, &t) != 0 || tcgetattr(fd, &t) != 0)
        return -errno;
    return !(t.c_cflag & CRTSCTS) == !on ? 0 : -EOPNOTSUPP;
}

static int set_up(struct usocket_serial_port *p, unsigned baud, enum usocket_flow flow)
{
    bool rtscts = flow == USOCKET_FLOW_RTSCTS;
    int err = error_of(sp_set_baudrate(p->sp, (int)baud));
    if (!err)
        err = error_of(sp_set_bits(p->sp, 8));
    if (!err)
        err = error_of(sp_set_parity(p->sp, SP_PARITY_NONE));
    if (!err)
        err = error_of(sp_set_stopbits(p->sp, 1));
    if (!err)
        err = error_of(sp_set_flowcontrol(p->sp, rtscts ? SP_FLOWCONTROL_RTSCTS : SP_FLOWCONTROL_NONE));
    if (!err)
        err = set_crtscts(p->fd, rtscts);
    if (!err && !rtscts)
        err = error_of(sp_set_rts(p->sp, SP_RTS_ON));
    if (!err)
        err = error_of(sp_set_dtr(p->sp, SP_DTR_ON));
    if (!err)
        err = check_rate(p->sp, baud);
    return err;
}

/* sp_open() changes the settings of a port at once, so the lock is taken before it, on a descriptor of its own. */
static int guard(struct usocket_serial_port *p, const char *name)
{
    p->guard = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->guard < 0)
        return -errno;
    return isatty(p->guard) ? usk_lock_tty(p->guard) : -ENOTTY;
}

static int open_port(struct usocket_serial_port *p, const char *name)
{
    int err = find(p, name);
    if (!err)
        err = guard(p, name);
    if (!err)
        err = error_of(sp_open(p->sp, SP_MODE_READ_WRITE));
    if (!err)
        err = error_of(sp_get_port_handle(p->sp, &p->fd));
    if (!err)
        err = usk_exclude_others(p->fd);
    if (!err && fcntl(p->fd, F_SETFD, FD_CLOEXEC) != 0)
        err = -errno;
    return err;
}

int usocket_serial_open(struct usocket_serial_port *p, const char *name, unsigned baud, enum usocket_flow flow)
{
    *p = (struct usocket_serial_port){.port = &serial_functions, .fd = -1, .guard = -1, .wake = {-1, -1}};
    if (baud == 0 || baud > INT_MAX)
        return -EINVAL;
    int err = open_port(p, name);
    if (!err)
        err = set_up(p, baud, flow);
    if (!err)
        err = usk_wake_open(p->wake);
    if (err)
        usocket_serial_close(p);
    return err;
}

void usocket_serial_close(struct usocket_serial_port *p)
{
    if (p->fd >= 0) {
        usk_unexclude_others(p->fd);
        sp_close(p->sp);
    }
    if (p->sp)
        sp_free_port(p->sp);
    if (p->guard >= 0)
        close(p->guard);
    p->sp = NULL;
    p->fd = p->guard = -1;
    usk_wake_close(p->wake);
}

#endif
