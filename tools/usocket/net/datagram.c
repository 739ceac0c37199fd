/*
 * Datagrams between the module and standard input and output: a block read is a datagram, a datagram is written whole.
 */
#include "net/datagram.h"

#include <string.h>

enum { RECEIVE_MAX = 2048 }; /* more than a module gives */

struct exchange {
    struct usocket *s;
    struct cli_stdio *stdio;
    bool to_sender;
    struct usocket_sockaddr sender; /* the last one; port 0: none yet */
    bool in_ended;
    int error;       /* of the socket */
    int local_error; /* of standard input or output */
    uint64_t quiet_since_ms;
    size_t in_len;             /* read and not yet sent */
    char in[USOCKET_TX_SIZE];  /* what usocket_send() takes */
    size_t out_start, out_end; /* received and not yet written */
    char out[RECEIVE_MAX];
};

/* --- opening ------------------------------------------------------------------------------------------------------ */

static enum cli_step open_step(void *ctx)
{
    struct usocket_pollfd fd = {.s = ctx, .events = USOCKET_POLLOUT};
    return usocket_poll(&fd, 1, 0) > 0 ? CLI_DONE : CLI_WAIT;
}

int cli_datagram_wait_open(struct cli *cli, struct usocket *s)
{
    int value = 0;
    size_t len = sizeof(value);
    int error = cli_until(cli, open_step, s, cli_deadline(cli));
    if (!error) {
        usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &value, &len);
    }
    return error ? error : -value;
}

int cli_datagram_dial(struct cli *cli, const char *host, uint16_t port, struct usocket **s)
{
    struct usocket_sockaddr list[USOCKET_MAX_ADDRESSES];
    int count = 0;
    int code = cli_locate(cli, host, list, &count);
    if (code != CLI_OK) {
        return code;
    }
    list[0].port = port;
    *s = usocket_socket(&cli->modem, list[0].family, USOCKET_SOCK_DGRAM, 0);
    int error = *s ? 0 : usocket_last_error(&cli->modem);
    if (!error) {
        cli->dialled = true;
        usocket_setblocking(*s, false);
        error = usocket_connect(*s, &list[0]);
        error = error == -EINPROGRESS ? cli_datagram_wait_open(cli, *s) : error;
    }
    char what[300];
    snprintf(what, sizeof(what), "cannot send to %s port %u", host, port);
    return error ? cli_fail(cli, what, error) : CLI_OK;
}

/* --- moving ------------------------------------------------------------------------------------------------------- */

/* Standard input to the socket. Returns whether something moved. */
static bool pump_in(struct exchange *x)
{
    bool addressed = !x->to_sender || x->sender.port != 0;
    if (x->in_len == 0 && !x->in_ended && addressed) {
        ssize_t n = cli_stdio_read(x->stdio, x->in, sizeof(x->in));
        x->local_error = n < 0 && n != -EAGAIN ? (int)n : 0;
        x->in_ended = n == 0;
        x->in_len = n > 0 ? (size_t)n : 0;
    }
    if (x->in_len == 0) {
        return false;
    }
    ssize_t n =
        x->to_sender ? usocket_sendto(x->s, x->in, x->in_len, &x->sender) : usocket_send(x->s, x->in, x->in_len);
    if (n == -EAGAIN) {
        return false;
    }
    x->error = n < 0 ? (int)n : 0;
    x->in_len = 0;
    x->quiet_since_ms = cli_now_ms();
    return true;
}

/* The socket to standard output. */
static bool pump_out(struct exchange *x)
{
    if (x->out_start == x->out_end) {
        ssize_t n = usocket_recvfrom(x->s, x->out, sizeof(x->out), &x->sender, NULL);
        if (n == -EAGAIN) {
            return false;
        }
        x->error = n < 0 ? (int)n : x->error;
        x->out_start = 0;
        x->out_end = n > 0 ? (size_t)n : 0;
        return true;
    }
    ssize_t n = cli_stdio_write(x->stdio, x->out + x->out_start, x->out_end - x->out_start);
    x->local_error = n < 0 && n != -EAGAIN ? (int)n : x->local_error;
    x->out_start += n > 0 ? (size_t)n : 0;
    x->quiet_since_ms = cli_now_ms(); /* tried again and again, so a slow reader is waited for */
    return n > 0;
}

/* The last datagram is with the module. */
static bool all_sent(struct exchange *x)
{
    struct usocket_pollfd fd = {.s = x->s, .events = USOCKET_POLLOUT};
    return x->in_ended && x->in_len == 0 && usocket_poll(&fd, 1, 0) > 0;
}

static bool failed(const struct exchange *x)
{
    return x->error || x->local_error;
}

static bool pump(struct exchange *x)
{
    bool moved = pump_out(x);
    return (!failed(x) && pump_in(x)) || moved;
}

static enum cli_step step(void *ctx)
{
    struct exchange *x = ctx;
    bool moved = pump(x);
    return failed(x) || (!x->to_sender && all_sent(x)) ? CLI_DONE : moved ? CLI_MORE : CLI_WAIT;
}

static enum cli_step last_step(void *ctx)
{
    bool moved = pump(ctx);
    return failed(ctx) ? CLI_DONE : moved ? CLI_MORE : CLI_WAIT;
}

/* Everything is sent: for answers. */
static int wait_for_quiet(struct cli *cli, struct exchange *x, uint32_t wait_ms)
{
    x->quiet_since_ms = cli_now_ms();
    int error = -ETIMEDOUT;
    while (error == -ETIMEDOUT && cli_now_ms() < x->quiet_since_ms + wait_ms) {
        error = cli_until(cli, last_step, x, x->quiet_since_ms + wait_ms);
    }
    return error == -ETIMEDOUT ? 0 : error;
}

int cli_datagram_join(struct cli *cli, struct cli_stdio *stdio, struct usocket *s, int32_t wait_ms)
{
    static struct exchange x;
    x = (struct exchange){.s = s, .stdio = stdio, .to_sender = wait_ms < 0};
    int error = cli_until(cli, step, &x, UINT64_MAX);
    if (!error && !failed(&x)) {
        error = wait_for_quiet(cli, &x, (uint32_t)wait_ms);
    }
    if (x.local_error) {
        return cli_stdio_fail(x.local_error);
    }
    error = error ? error : x.error;
    return error ? cli_fail(cli, "the exchange of datagrams broke", error) : CLI_OK;
}
