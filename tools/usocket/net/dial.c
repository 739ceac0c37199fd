/*
 * A connection of the module to a name or address, made without waiting.
 */
#include "net/dial.h"

#include "session.h"

static void next_address(struct dial *dial, int error)
{
    usocket_close(dial->s);
    dial->s = NULL;
    dial->error = error;
    dial->next++;
}

void dial_start(struct dial *dial, struct cli *cli, const char *host, uint16_t port)
{
    *dial = (struct dial){.cli = cli, .port = port, .end_ms = cli_deadline(cli)};
    dial->deadline_ms = dial->end_ms;
    dial->error = usocket_resolve(&cli->modem, &dial->query, host);
    dial->asking = dial->error == 0;
}

/* Begins with the address that is next. Without a socket, because closed ones still send, it waits for one. */
static void try_address(struct dial *dial)
{
    struct usocket_sockaddr *to = &dial->query.addr[dial->next];
    uint64_t now = cli_now_ms();
    dial->s = usocket_socket(&dial->cli->modem, to->family, USOCKET_SOCK_STREAM, 0);
    if (!dial->s) {
        dial->error = usocket_last_error(&dial->cli->modem);
        dial->next += dial->error != -EMFILE;
        return;
    }
    dial->cli->dialled = true;
    dial->deadline_ms = now + (dial->end_ms - now) / (uint64_t)(dial->query.result - dial->next);
    to->port = dial->port;
    usocket_setblocking(dial->s, false);
    int error = usocket_connect(dial->s, to);
    if (error && error != -EINPROGRESS) {
        next_address(dial, error);
    }
}

/* Returns -EINPROGRESS, 0, or why this address failed. */
static int look_at_socket(struct dial *dial)
{
    if (usocket_getsocketsta(dial->s) == USOCKET_SYN_SENT) {
        return cli_now_ms() < dial->deadline_ms ? -EINPROGRESS : -ETIMEDOUT;
    }
    /* Nothing to tell although it is over: the peer has accepted and closed already. */
    int error = 0;
    size_t len = sizeof(error);
    usocket_getsockopt(dial->s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &len);
    return -error;
}

static int connect_step(struct dial *dial)
{
    while (dial->next < dial->query.result) {
        if (!dial->s) {
            if (cli_now_ms() >= dial->end_ms) {
                return dial->error ? dial->error : -ETIMEDOUT;
            }
            try_address(dial);
            if (!dial->s && dial->error == -EMFILE) {
                return -EINPROGRESS;
            }
            continue;
        }
        int error = look_at_socket(dial);
        if (error == -EINPROGRESS || error == 0) {
            return error;
        }
        next_address(dial, error);
    }
    return dial->error;
}

int dial_step(struct dial *dial)
{
    if (!dial->asking) {
        return dial->error;
    }
    if (dial->query.result != -EINPROGRESS) {
        return dial->query.result < 0 ? dial->query.result : connect_step(dial);
    }
    return cli_now_ms() < dial->end_ms ? -EINPROGRESS : -ETIMEDOUT;
}

void dial_cancel(struct dial *dial)
{
    if (dial->asking) {
        usocket_resolve_cancel(&dial->cli->modem, &dial->query);
        dial->asking = false;
    }
    if (dial->s) {
        usocket_close(dial->s);
        dial->s = NULL;
    }
}
