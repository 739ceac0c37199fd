/*
 * usocket forward: ports of this computer that lead through the module, as `ssh -L`, and ports of the module that lead
 * to services here, as `ssh -R`. What any tunnel does is in tunnel.c.
 */
#include "net/tunnel.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SPECS = 16 };

struct local {
    struct spec spec;
    struct tunnel_listener listener;
};

/* A listener of the module and the service that its clients get. */
struct remote {
    struct spec spec;
    struct usocket *listener;
    struct addrinfo *service;
    bool said;
};

struct forward {
    struct tunnels all;
    struct local local[MAX_SPECS];
    struct remote remote[MAX_SPECS];
    int locals, remotes;
};

/* --- a port of this computer -------------------------------------------------------------------------------------- */

static void local_begin(struct tunnel *t, void *ctx)
{
    const struct local *local = ctx;
    t->host = local->spec.host;
    t->port = local->spec.port;
    spec_service_text(t->host, t->port, t->target);
    tunnel_dial(t);
}

static void local_dialled(struct tunnel *t, int error)
{
    if (error) {
        tunnel_abort(t, error == -EBUSY ? "no connection came free in time (see --max)" : usocket_strerror(error));
    } else {
        tunnel_relay(t);
    }
}

static const struct tunnel_front local_front = {
    .size = sizeof(struct tunnel),
    .begin = local_begin,
    .dialled = local_dialled,
};

/* --- a port of the module ----------------------------------------------------------------------------------------- */

/* The way from a client of the module to one address of the service. */
struct incoming {
    struct tunnel tunnel;
    const struct addrinfo *next; /* to try if this one fails */
    uv_connect_t connect;
    bool connecting;
    int error;
};

static const struct tunnel_front incoming_front;

static void on_connected(uv_connect_t *connect, int status)
{
    struct incoming *in = connect->data;
    in->connecting = false;
    in->error = status;
}

/* @p like: the tunnel of the address before, or NULL. Takes the socket of the module over. */
static void connect_service(struct tunnels *all, struct usocket *s, const struct addrinfo *to,
                            const struct tunnel *like)
{
    struct incoming *in = (struct incoming *)tunnel_new(all, &incoming_front);
    if (!in) {
        usocket_close(s);
        return;
    }
    struct tunnel *t = &in->tunnel;
    t->s = s;
    t->places = 1;
    if (like) {
        memcpy(t->client, like->client, sizeof(t->client));
        memcpy(t->target, like->target, sizeof(t->target));
        t->began_ms = like->began_ms;
    }
    in->next = to->ai_next;
    in->connect.data = in;
    in->error = uv_tcp_connect(&in->connect, &t->tcp, to->ai_addr, on_connected);
    in->connecting = !in->error;
}

static bool incoming_step(struct tunnel *t)
{
    struct incoming *in = (struct incoming *)t;
    if (in->connecting) {
        return false;
    }
    if (in->error && in->next) {
        struct usocket *s = t->s;
        t->s = NULL;
        connect_service(t->all, s, in->next, t);
        tunnel_drop(t);
    } else if (in->error) {
        tunnel_abort(t, uv_strerror(in->error));
    } else {
        tunnel_connected(t);
        tunnel_relay(t);
    }
    return true;
}

static const struct tunnel_front incoming_front = {
    .size = sizeof(struct incoming),
    .step = incoming_step,
};

static int socket_error(struct usocket *s)
{
    int error = 0;
    size_t len = sizeof(error);
    usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &len);
    return -error;
}

static int remote_listen(struct tunnels *all, struct remote *remote)
{
    static const int on = 1;
    struct usocket_sockaddr at = {.port = remote->spec.listen_port};
    remote->listener = usocket_socket(&all->cli->modem, 0, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    if (!remote->listener) {
        return usocket_last_error(&all->cli->modem);
    }
    all->cli->dialled = true;
    usocket_setblocking(remote->listener, false);
    usocket_setsockopt(remote->listener, USOCKET_SOL_SOCKET, USOCKET_SO_REOPEN, &on, sizeof(on));
    int error = usocket_bind(remote->listener, &at);
    error = error ? error : usocket_listen(remote->listener, (int)all->places);
    return error == -EINPROGRESS ? 0 : error;
}

static void address_text(const struct usocket_sockaddr *at, char text[SPEC_ADDRESS_MAX])
{
    char ip[USOCKET_ADDRSTRLEN];
    usocket_sockaddr_text(at, ip);
    snprintf(text, SPEC_ADDRESS_MAX, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, at->port);
}

/* Returns 0, or why it can't listen. */
static int say_once(struct tunnels *all, struct remote *remote)
{
    struct usocket_sockaddr at = {0};
    char where[SPEC_ADDRESS_MAX], what_for[SPEC_SERVICE_MAX];
    if (usocket_getsocketsta(remote->listener) != USOCKET_LISTEN) {
        return socket_error(remote->listener);
    }
    usocket_getsockname(remote->listener, &at);
    address_text(&at, where);
    spec_service_text(remote->spec.host, remote->spec.port, what_for);
    tunnels_say_listening(all, where, what_for);
    remote->said = true;
    return 0;
}

/* Returns whether there was a client, or why there will be none. */
static int accept_remote(struct tunnels *all, struct remote *remote)
{
    struct usocket *s;
    struct usocket_sockaddr peer;
    struct tunnel like = {.began_ms = cli_now_ms()};
    if (!tunnels_free_place(all)) {
        return 0;
    }
    int error = usocket_accept(remote->listener, &s, &peer);
    if (error == -EAGAIN) {
        return 0;
    }
    if (error) { /* it is reopened after a reset; what ended otherwise begins anew */
        error = usocket_listen(remote->listener, (int)all->places);
        return error == -EINPROGRESS ? 0 : error;
    }
    usocket_setblocking(s, false);
    address_text(&peer, like.client);
    spec_service_text(remote->spec.host, remote->spec.port, like.target);
    connect_service(all, s, remote->service, &like);
    return 1;
}

static int step_remotes(struct tunnels *all, bool *moved)
{
    struct forward *forward = all->ctx;
    for (int i = 0; i < forward->remotes; i++) {
        struct remote *remote = &forward->remote[i];
        int result = remote->said ? accept_remote(all, remote) : say_once(all, remote);
        if (result < 0) {
            cli_complain("the module cannot listen on port %u: %s", remote->spec.listen_port, usocket_strerror(result));
            return result;
        }
        *moved = *moved || result > 0;
    }
    return 0;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static bool read_specs(struct forward *forward, struct cli *cli, int argc, char **argv)
{
    const char *text;
    for (; forward->locals < argc; forward->locals++) {
        if (!spec_read_forward(&forward->local[forward->locals].spec, argv[forward->locals])) {
            return false;
        }
    }
    for (; (text = cli_option_nth(cli, "remote", forward->remotes)); forward->remotes++) {
        if (!spec_read_remote(&forward->remote[forward->remotes].spec, text)) {
            return false;
        }
    }
    if (argc == 0 && forward->remotes == 0) {
        cli_complain("nothing to forward: [BIND:]LPORT:HOST:PORT, or -R MPORT:HOST:PORT");
        return false;
    }
    return true;
}

/* A service is of this computer or its neighbours: their names are known before the first client comes. */
static int find_services(struct forward *forward)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    for (int i = 0; i < forward->remotes; i++) {
        struct remote *remote = &forward->remote[i];
        char port[6];
        snprintf(port, sizeof(port), "%u", remote->spec.port);
        int error = getaddrinfo(remote->spec.host, port, &hints, &remote->service);
        if (error) {
            cli_complain("cannot resolve %s: %s", remote->spec.host, gai_strerror(error));
            return CLI_FAILED;
        }
    }
    return CLI_OK;
}

static int listen_locals(struct forward *forward)
{
    for (int i = 0; i < forward->locals; i++) {
        struct local *local = &forward->local[i];
        char what_for[SPEC_SERVICE_MAX];
        spec_service_text(local->spec.host, local->spec.port, what_for);
        int code = tunnels_listen(&forward->all, &local->listener, &local->spec.listen, &local_front, local, what_for);
        if (code != CLI_OK) {
            return code;
        }
    }
    return CLI_OK;
}

static int serve(struct forward *forward)
{
    struct tunnels *all = &forward->all;
    int code = find_services(forward);
    code = code == CLI_OK ? cli_network(all->cli) : code;
    code = code == CLI_OK ? listen_locals(forward) : code;
    for (int i = 0; i < forward->remotes && code == CLI_OK; i++) {
        int error = remote_listen(all, &forward->remote[i]);
        if (error) {
            cli_complain("the module cannot listen: %s", usocket_strerror(error));
            code = CLI_FAILED;
        }
    }
    if (code != CLI_OK) {
        return code;
    }
    tunnels_say_limits(all, sizeof(struct incoming));
    return tunnels_run(all);
}

static void close_remotes(struct forward *forward)
{
    for (int i = 0; i < forward->remotes; i++) {
        if (forward->remote[i].listener) {
            usocket_close(forward->remote[i].listener);
        }
        if (forward->remote[i].service) {
            freeaddrinfo(forward->remote[i].service);
        }
    }
}

static int run(struct cli *cli, int argc, char **argv)
{
    static struct forward forward;
    if (!read_specs(&forward, cli, argc, argv)) {
        return CLI_USAGE;
    }
    int code = tunnels_init(&forward.all, cli, cli_option(cli, "max"));
    if (code != CLI_OK) {
        return code;
    }
    if ((int)forward.all.places <= forward.remotes) {
        cli_complain("each -R needs a connection for itself and there are %u: see --max", forward.all.places);
        code = CLI_USAGE;
    } else {
        forward.all.places -= (unsigned)forward.remotes;
        forward.all.step = step_remotes;
        forward.all.ctx = &forward;
        code = serve(&forward);
    }
    tunnels_close(&forward.all);
    close_remotes(&forward);
    return code;
}

static const struct cli_option options[] = {
    {"remote", 'R', "M:HOST:PORT", "port M of the modem leads to HOST:PORT here"},
    {"max", 0, "N", "connections at once, 1 to 12 (11)"},
    {"verbose", 'v', NULL, "a line on standard error for each connection"},
    {NULL, 0, NULL, NULL},
};

const struct cli_command usk_cmd_forward = {
    .name = "forward",
    .args = "[[BIND:]LPORT:HOST:PORT ...]",
    .summary = "lead ports through the modem, as ssh -L and -R",
    .help = "Until ctrl-C a connection to LPORT of this computer, or of its address BIND,\n"
            "leads through the modem to HOST:PORT. With -R, which may be given several\n"
            "times, one to port MPORT of the modem leads to HOST:PORT as this computer sees\n"
            "it. An IPv6 address stands in brackets. Port 0 is a free one; it is printed.\n"
            "More clients than --max wait, at most --timeout seconds.\n"
            "\n"
            "Examples:\n"
            "  usocket -p /dev/ttyUSB2 forward 8080:example.com:80 [::1]:2222:10.0.0.7:22\n"
            "  usocket -p /dev/ttyUSB2 forward -R 8022:localhost:22\n",
    .options = options,
    .max_args = MAX_SPECS,
    .run = run,
};
