/*
 * usocket proxy: a SOCKS5 proxy whose connections are the module's. The protocol is in socks.c, datagrams are in
 * associate.c, and what any tunnel does in tunnel.c; here is what each request sets going.
 */
#include "net/associate.h"
#include "net/tunnel.h"

#include <stdio.h>
#include <string.h>

enum { SILENCE_MS = 10000 /* for a client to say what it wants */ };

enum business {
    HANDSHAKE,
    ANSWERED,       /* the reply is on its way; behind it the relay begins */
    WANTS_LISTENER, /* BIND, until there are places for it */
    OPENS_LISTENER,
    ACCEPTS,
    WANTS_ASSOCIATION, /* UDP ASSOCIATE */
    OPENS_ASSOCIATION,
    ASSOCIATED,
};

struct session {
    struct tunnel tunnel;
    struct socks socks;
    size_t told; /* bytes of socks.out that are written */
    enum business business;
    struct usocket *listener;
    struct associate *associate;
    char why[TUNNEL_TEXT];
};

struct proxy {
    struct tunnels all;
    struct tunnel_listener listener;
    char credentials[2 * SOCKS_TEXT_MAX + 2];
    const char *user, *password;
};

/* --- replies ------------------------------------------------------------------------------------------------------ */

static void refuse(struct session *x, int error)
{
    snprintf(x->why, sizeof(x->why), "%s",
             error == -EBUSY ? "no connection came free in time (see --max)" : usocket_strerror(error));
    x->socks.why = x->why;
    socks_reply(&x->socks, socks_code_of(error), NULL);
}

static void accept_request(struct session *x, const struct usocket_sockaddr *bound, enum business next)
{
    socks_reply(&x->socks, SOCKS_OK, bound);
    x->business = next;
}

/* Says what is to be said. Returns 0 when all of it is, -EAGAIN, or a negative errno. */
static int flush(struct session *x)
{
    struct relay_end client = relay_stream_end(&x->tunnel.local);
    while (x->told < x->socks.out_len) {
        ssize_t n = client.write(client.ctx, x->socks.out + x->told, x->socks.out_len - x->told);
        if (n < 0) {
            return (int)n;
        }
        x->told += (size_t)n;
    }
    x->told = x->socks.out_len = 0;
    return 0;
}

/* --- CONNECT ------------------------------------------------------------------------------------------------------ */

static void begin_request(struct session *x)
{
    static const enum business first[] = {
        [SOCKS_BIND] = WANTS_LISTENER,
        [SOCKS_ASSOCIATE] = WANTS_ASSOCIATION,
    };
    struct tunnel *t = &x->tunnel;
    char service[SPEC_SERVICE_MAX];
    spec_service_text(x->socks.target.host, x->socks.target.port, service);
    if (x->socks.command == SOCKS_ASSOCIATE) {
        snprintf(t->target, sizeof(t->target), "UDP");
    } else {
        snprintf(t->target, sizeof(t->target), "%s%s", x->socks.command == SOCKS_BIND ? "a listener for " : "",
                 service);
    }
    t->host = x->socks.target.host;
    t->port = x->socks.target.port;
    if (x->socks.command == SOCKS_CONNECT) {
        tunnel_dial(t);
    } else {
        x->business = first[x->socks.command];
        t->deadline_ms = cli_deadline(t->all->cli);
    }
}

static void on_dialled(struct tunnel *t, int error)
{
    struct session *x = (struct session *)t;
    struct usocket_sockaddr bound = {0};
    t->stage = TUNNEL_FRONT;
    t->deadline_ms = cli_now_ms() + SILENCE_MS;
    if (error) {
        refuse(x, error);
        return;
    }
    usocket_getsockname(t->s, &bound);
    accept_request(x, &bound, ANSWERED);
}

static bool handshake(struct session *x)
{
    struct relay_end client = relay_stream_end(&x->tunnel.local);
    bool moved = false;
    uint8_t byte;
    while (x->socks.state == SOCKS_READING && x->socks.out_len == 0 && client.read(client.ctx, &byte, 1) == 1) {
        socks_byte(&x->socks, byte);
        moved = true;
    }
    if (x->socks.state == SOCKS_REQUESTED && x->socks.out_len == 0) {
        begin_request(x);
        moved = true;
    }
    return moved;
}

/* --- BIND --------------------------------------------------------------------------------------------------------- */

static void close_listener(struct session *x)
{
    if (x->listener) {
        usocket_close(x->listener);
        x->listener = NULL;
    }
}

/* A socket for the listener and one for its client. */
static int open_listener(struct session *x)
{
    struct tunnel *t = &x->tunnel;
    struct usocket_sockaddr peer = {0};
    if (t->all->places < 2) {
        return -EOPNOTSUPP;
    }
    if (t->places == 0 && !tunnel_take_places(t, 2)) {
        return -EAGAIN;
    }
    usocket_sockaddr_set(&peer, t->host, 0);
    x->listener = usocket_socket(&t->all->cli->modem, peer.family, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    if (!x->listener) {
        int error = usocket_last_error(&t->all->cli->modem);
        return error == -EMFILE ? -EAGAIN : error;
    }
    t->all->cli->dialled = true;
    usocket_setblocking(x->listener, false);
    int error = usocket_listen(x->listener, 1);
    return error == -EINPROGRESS ? 0 : error;
}

static int socket_error(struct usocket *s)
{
    int error = 0;
    size_t len = sizeof(error);
    usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &len);
    return -error;
}

/* The client has said whom it expects; only a numeric address can be compared, and 0.0.0.0 is anybody. */
static bool is_expected(const struct session *x, const struct usocket_sockaddr *peer)
{
    static const uint8_t anybody[16];
    struct usocket_sockaddr wanted;
    if (usocket_sockaddr_set(&wanted, x->tunnel.host, 0) != 0 || memcmp(wanted.addr, anybody, sizeof(anybody)) == 0) {
        return true;
    }
    return wanted.family == peer->family && memcmp(wanted.addr, peer->addr, sizeof(wanted.addr)) == 0;
}

/* Returns -EAGAIN, or why nobody can be accepted any more. */
static int accept_peer(struct session *x)
{
    struct usocket_sockaddr peer;
    struct usocket *s;
    int error = usocket_accept(x->listener, &s, &peer);
    if (error) {
        return error;
    }
    if (!is_expected(x, &peer)) {
        usocket_close(s);
        return -EAGAIN;
    }
    usocket_setblocking(s, false);
    close_listener(x);
    x->tunnel.s = s;
    x->tunnel.places = 1;
    accept_request(x, &peer, ANSWERED);
    return 0;
}

/* --- the business of a session ------------------------------------------------------------------------------------ */

/* Takes the next step of BIND or UDP ASSOCIATE. Returns -EAGAIN when it can't yet. */
static int advance(struct session *x)
{
    struct tunnel *t = &x->tunnel;
    struct usocket_sockaddr at = {0};
    int error;
    switch (x->business) {
    case WANTS_LISTENER:
        error = open_listener(x);
        x->business = error ? x->business : OPENS_LISTENER;
        return error;
    case OPENS_LISTENER:
        if (usocket_getsocketsta(x->listener) != USOCKET_LISTEN) {
            error = socket_error(x->listener);
            return error ? error : -EAGAIN;
        }
        usocket_getsockname(x->listener, &at);
        accept_request(x, &at, ACCEPTS);
        t->deadline_ms = cli_deadline(t->all->cli);
        return 0;
    case ACCEPTS:
        return accept_peer(x);
    case WANTS_ASSOCIATION:
        if (t->places == 0 && !tunnel_take_places(t, 1)) {
            return -EAGAIN;
        }
        x->associate = associate_open(t->all->cli, &t->tcp, &x->socks.target, &error);
        x->business = error ? x->business : OPENS_ASSOCIATION;
        return error == -EMFILE ? -EAGAIN : error;
    case OPENS_ASSOCIATION:
        error = associate_ready(x->associate, &at);
        if (!error) {
            accept_request(x, &at, ASSOCIATED);
            t->deadline_ms = UINT64_MAX;
        }
        return error == -EINPROGRESS ? -EAGAIN : error;
    default:
        return -EAGAIN;
    }
}

/* It lasts as long as the client's connection, on which nothing more is said. */
static bool associated(struct session *x)
{
    struct tunnel *t = &x->tunnel;
    struct relay_end client = relay_stream_end(&t->local);
    char rest[RELAY_BLOCK];
    ssize_t n = client.read(client.ctx, rest, sizeof(rest));
    bool moved = associate_step(x->associate);
    t->relay.way[RELAY_TO_B].bytes = x->associate->sent;
    t->relay.way[RELAY_TO_A].bytes = x->associate->received;
    if (n == 0 || (n < 0 && n != -EAGAIN)) {
        snprintf(t->target, sizeof(t->target), "UDP, %llu datagrams dropped",
                 (unsigned long long)x->associate->dropped);
        tunnel_end(t, NULL);
        return true;
    }
    return moved || n > 0;
}

static bool on_time(struct session *x)
{
    bool late = cli_now_ms() >= x->tunnel.deadline_ms;
    if (late && x->business == HANDSHAKE) {
        tunnel_end(&x->tunnel, "the client did not say what it wants");
    } else if (late) {
        x->tunnel.deadline_ms = UINT64_MAX;
        refuse(x, x->tunnel.places == 0 ? -EBUSY : -ETIMEDOUT);
    }
    return !late;
}

static bool step(struct tunnel *t)
{
    struct session *x = (struct session *)t;
    int error = flush(x);
    if (error == 0 && x->socks.state == SOCKS_FAILED) {
        tunnel_end(t, x->socks.why);
        return true;
    }
    if ((error && error != -EAGAIN) || (tunnel_client_gone(t) && x->business != ASSOCIATED)) {
        tunnel_abort(t, "the client has gone");
        return true;
    }
    if (error) {
        return false;
    }
    if (x->business == ANSWERED) {
        tunnel_relay(t);
        return true;
    }
    if (x->business == ASSOCIATED) {
        return associated(x);
    }
    if (!on_time(x)) {
        return true;
    }
    if (x->business == HANDSHAKE) {
        return handshake(x);
    }
    error = advance(x);
    if (error && error != -EAGAIN) {
        refuse(x, error);
    }
    return error != -EAGAIN;
}

static void begin(struct tunnel *t, void *ctx)
{
    struct session *x = (struct session *)t;
    const struct proxy *proxy = ctx;
    socks_init(&x->socks, proxy->user, proxy->password);
    t->deadline_ms = cli_now_ms() + SILENCE_MS;
}

static void gone(struct tunnel *t)
{
    struct session *x = (struct session *)t;
    close_listener(x);
    if (x->associate) {
        associate_close(x->associate);
        x->associate = NULL;
    }
}

static const struct tunnel_front front = {
    .size = sizeof(struct session),
    .begin = begin,
    .step = step,
    .dialled = on_dialled,
    .gone = gone,
    .end_means_gone = true,
};

/* --- the command -------------------------------------------------------------------------------------------------- */

static bool read_credentials(struct proxy *proxy, char *text)
{
    char *colon = text ? strchr(text, ':') : NULL;
    if (!text) {
        return true;
    }
    if (colon && colon > text && colon - text <= SOCKS_TEXT_MAX && colon[1] && strlen(colon + 1) <= SOCKS_TEXT_MAX) {
        size_t len = strlen(text) + 1;
        memcpy(proxy->credentials, text, len);
        proxy->credentials[colon - text] = '\0';
        proxy->user = proxy->credentials;
        proxy->password = proxy->credentials + (colon - text) + 1;
        memset(colon + 1, '*', strlen(colon + 1)); /* anybody can list the processes with their arguments */
        return true;
    }
    cli_complain("--user wants USER:PASSWORD, each of 1 to %d bytes", SOCKS_TEXT_MAX);
    return false;
}

static int serve(struct proxy *proxy, const struct sockaddr_storage *at)
{
    int code = cli_network(proxy->all.cli);
    if (code != CLI_OK) {
        return code;
    }
    if (!spec_is_loopback(at) && !proxy->user) {
        cli_complain("without --user anybody who reaches this address may use the modem; 127.0.0.1 is this computer");
    }
    code = tunnels_listen(&proxy->all, &proxy->listener, at, &front, proxy, "");
    if (code != CLI_OK) {
        return code;
    }
    tunnels_say_limits(&proxy->all, sizeof(struct session) + sizeof(struct associate));
    return tunnels_run(&proxy->all);
}

static int run(struct cli *cli, int argc, char **argv)
{
    static struct proxy proxy;
    struct sockaddr_storage at;
    const char *listen = cli_option(cli, "listen");
    (void)argc;
    (void)argv;
    if (!spec_read_listen(&at, listen ? listen : "127.0.0.1:1080") ||
        !read_credentials(&proxy, (char *)cli_option(cli, "user"))) {
        return CLI_USAGE;
    }
    int code = tunnels_init(&proxy.all, cli, cli_option(cli, "max"));
    if (code == CLI_OK) {
        code = serve(&proxy, &at);
        tunnels_close(&proxy.all);
    }
    return code;
}

static const struct cli_option options[] = {
    {"listen", 0, "[A:]PORT", "address and port (127.0.0.1:1080)"},
    {"user", 0, "U:P", "ask clients for this user and password"},
    {"max", 0, "N", "connections at once, 1 to 12 (11)"},
    {"verbose", 'v', NULL, "a line on standard error for each connection"},
    {NULL, 0, NULL, NULL},
};

const struct cli_command usk_cmd_proxy = {
    .name = "proxy",
    .args = "",
    .summary = "a SOCKS5 proxy through the modem",
    .help = "Serves SOCKS5 clients of this computer until ctrl-C: CONNECT, BIND and UDP\n"
            "ASSOCIATE, names resolved by the module. More clients than --max wait, at most\n"
            "--timeout seconds. Port 0 lets the system choose; the port is printed.\n"
            "\n"
            "Example:\n"
            "  usocket -p /dev/ttyUSB2 proxy & curl -x socks5h://127.0.0.1:1080 example.com\n",
    .options = options,
    .run = run,
};
