/*
 * Local TCP streams joined with sockets of the module: the stages of each, and the loop over all.
 */
#include "net/tunnel.h"

#include "net/halfclose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENDING_MS = 5000,  /* for a client to take its last bytes and close */
    LINGER_MS = 10000, /* after a client's end, of silence from the peer */
    LOOK_MS = 2000,    /* how often a client that has ended its half is looked for */
    BACKLOG = 64,
};

/* --- life --------------------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* it has woken the loop */
}

int tunnels_init(struct tunnels *all, struct cli *cli, const char *places)
{
    char *end = "";
    long count = places ? strtol(places, &end, 10) : USOCKET_MAX_SOCKETS > 1 ? USOCKET_MAX_SOCKETS - 1 : 1;
    if (*end || count < 1 || count > USOCKET_MAX_SOCKETS) {
        cli_complain("--max wants a number of 1 to %d, not '%s'", USOCKET_MAX_SOCKETS, places);
        return CLI_USAGE;
    }
    *all = (struct tunnels){.cli = cli, .places = (unsigned)count, .verbose = cli_option(cli, "verbose") != NULL};
    uv_timer_init(&cli->line.loop, &all->timer);
    return CLI_OK;
}

struct tunnel *tunnel_new(struct tunnels *all, const struct tunnel_front *front)
{
    struct tunnel *t = calloc(1, front->size);
    if (!t) {
        return NULL;
    }
    t->all = all;
    t->front = front;
    t->deadline_ms = UINT64_MAX;
    t->began_ms = cli_now_ms();
    uv_tcp_init(&all->cli->line.loop, &t->tcp);
    t->link = &all->first;
    while (*t->link) { /* at the end: who came first is served first */
        t->link = &(*t->link)->next;
    }
    *t->link = t;
    all->clients++;
    return t;
}

void tunnel_connected(struct tunnel *t)
{
    uv_tcp_nodelay(&t->tcp, 1);
    relay_stream_init(&t->local, (uv_stream_t *)&t->tcp);
}

static void on_closed(uv_handle_t *handle)
{
    free((char *)handle - offsetof(struct tunnel, tcp));
}

/* The module's side: the socket, and what was to become one. What it was given is still sent. */
static void release(struct tunnel *t)
{
    dial_cancel(&t->dial);
    if (t->s) {
        usocket_close(t->s);
        t->s = NULL;
    }
    t->places = 0;
    if (t->front->gone) {
        t->front->gone(t);
    }
}

static void destroy(struct tunnel *t, bool reset)
{
    release(t);
    t->stage = TUNNEL_CLOSED;
    *t->link = t->next;
    if (t->next) {
        t->next->link = t->link;
    }
    t->all->clients--;
    if (!uv_is_closing((uv_handle_t *)&t->tcp) && (!reset || uv_tcp_close_reset(&t->tcp, on_closed))) {
        uv_close((uv_handle_t *)&t->tcp, on_closed);
    }
}

/* --- log ---------------------------------------------------------------------------------------------------------- */

static void print_line(FILE *out, json_t *value)
{
    json_dumpf(value, out, JSON_COMPACT | JSON_ENSURE_ASCII);
    fputc('\n', out);
    fflush(out);
    json_decref(value);
}

static void log_end(const struct tunnel *t, const char *why)
{
    if (!t->all->verbose) {
        return;
    }
    uint64_t up = t->relay.way[RELAY_TO_B].bytes, down = t->relay.way[RELAY_TO_A].bytes;
    uint64_t ms = cli_now_ms() - t->began_ms;
    if (t->all->cli->options.json) {
        print_line(stderr, json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:s?}", "event", "connection", "client", t->client,
                                     "target", cli_json_text(t->target, strlen(t->target)), "sent", (json_int_t)up,
                                     "received", (json_int_t)down, "ms", (json_int_t)ms, "error", why));
    } else {
        cli_complain("%s to %s: %llu bytes sent, %llu received, %.1f s%s%s", t->client,
                     t->target[0] ? t->target : "nowhere", (unsigned long long)up, (unsigned long long)down,
                     (double)ms / 1000, why ? ": " : "", why ? why : "");
    }
}

void tunnels_say_listening(const struct tunnels *all, const char *where, const char *what_for)
{
    if (all->cli->options.json) {
        print_line(stdout, json_pack("{s:s, s:s, s:s*}", "event", "listening", "address", where, "for",
                                     what_for[0] ? what_for : NULL));
    } else {
        printf("listening on %s%s%s\n", where, what_for[0] ? " for " : "", what_for);
        fflush(stdout);
    }
}

void tunnels_say_limits(const struct tunnels *all, size_t size)
{
    unsigned bytes = (unsigned)(size + sizeof(struct usocket));
    if (all->cli->options.json) {
        print_line(stdout, json_pack("{s:s, s:i, s:i, s:i}", "event", "limits", "connections", (int)all->places,
                                     "clients", TUNNEL_CLIENTS, "bytes_a_connection", (int)bytes));
    } else {
        printf("%u connections at once, %u bytes each; %d clients with those that wait\n", all->places, bytes,
               TUNNEL_CLIENTS);
        fflush(stdout);
    }
}

/* --- the end of one ----------------------------------------------------------------------------------------------- */

void tunnel_end(struct tunnel *t, const char *why)
{
    log_end(t, why);
    release(t);
    t->stage = TUNNEL_ENDING;
    t->deadline_ms = cli_now_ms() + ENDING_MS;
}

void tunnel_drop(struct tunnel *t)
{
    destroy(t, true);
}

void tunnel_abort(struct tunnel *t, const char *why)
{
    log_end(t, why);
    destroy(t, true);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status;
}

/* A close with bytes unread would be a reset, which may overtake what the client has not read yet. */
static bool end_step(struct tunnel *t)
{
    struct relay_end local = relay_stream_end(&t->local);
    char rest[RELAY_BLOCK];
    if (!t->local.writing && !t->shut) {
        t->shut = true;
        uv_shutdown(&t->shutdown, t->local.stream, on_shutdown);
    }
    ssize_t n = local.read(local.ctx, rest, sizeof(rest));
    if ((n <= 0 && n != -EAGAIN && (t->shut || n < 0)) || t->local.out_error || cli_now_ms() >= t->deadline_ms) {
        destroy(t, false);
        return true;
    }
    return n > 0;
}

bool tunnel_client_gone(const struct tunnel *t)
{
    int error = t->local.in_error;
    bool unread = t->local.in_start < t->local.in_end;
    return error && (error != UV_EOF || (t->front->end_means_gone && !unread));
}

/* --- dialling ----------------------------------------------------------------------------------------------------- */

static bool are_free(const struct tunnels *all, unsigned count)
{
    for (const struct tunnel *t = all->first; t; t = t->next) {
        count += t->places;
    }
    return count <= all->places && !all->blocked;
}

bool tunnels_free_place(const struct tunnels *all)
{
    return are_free(all, 1);
}

bool tunnel_take_places(struct tunnel *t, unsigned count)
{
    t->all->blocked = !are_free(t->all, count);
    t->places += t->all->blocked ? 0 : count;
    return !t->all->blocked;
}

void tunnel_dial(struct tunnel *t)
{
    t->stage = TUNNEL_WAITING;
    t->deadline_ms = cli_deadline(t->all->cli);
}

static bool wait_step(struct tunnel *t)
{
    if (tunnel_take_places(t, 1)) {
        dial_start(&t->dial, t->all->cli, t->host, t->port);
        t->stage = TUNNEL_DIALLING;
        return true;
    }
    if (cli_now_ms() < t->deadline_ms) {
        return false;
    }
    t->front->dialled(t, -EBUSY);
    return true;
}

static bool dial_step_of(struct tunnel *t)
{
    int error = dial_step(&t->dial);
    if (error == -EINPROGRESS) {
        t->deadline_ms = t->dial.deadline_ms;
        return false;
    }
    t->deadline_ms = UINT64_MAX;
    t->s = error ? NULL : t->dial.s;
    t->dial.s = error ? t->dial.s : NULL;
    dial_cancel(&t->dial);
    t->front->dialled(t, error);
    return true;
}

/* --- relaying ----------------------------------------------------------------------------------------------------- */

void tunnel_relay(struct tunnel *t)
{
    relay_init(&t->relay, relay_stream_end(&t->local), relay_socket_end(t->s));
    t->stage = TUNNEL_RELAYING;
    t->deadline_ms = UINT64_MAX;
}

/*
 * The client has sent its last byte. The peer can't be told, for the module closes both directions or none: it is
 * closed when the client is, and left open while the client may wait for an answer.
 */
static bool linger(struct tunnel *t)
{
    uint64_t now = cli_now_ms(), bytes = t->relay.way[RELAY_TO_A].bytes;
    bool first = t->deadline_ms == UINT64_MAX;
    if (first || bytes != t->bytes_down) {
        t->silent_since_ms = now;
        t->bytes_down = bytes;
    }
    if (first || now >= t->deadline_ms) {
        enum half_close found = half_close_look(&t->tcp);
        if (found == HALF_CLOSE_CLOSED || (found == HALF_CLOSE_UNKNOWN && now - t->silent_since_ms >= LINGER_MS)) {
            return false;
        }
        t->deadline_ms = now + LOOK_MS;
    }
    return true;
}

/* Why the connection is broken, or NULL. Its last bytes are passed on before that. */
static const char *find_break(const struct relay_way *up, const struct relay_way *down)
{
    if (down->done && !down->refused) {
        int error = up->refused && up->error != -EPIPE ? up->error : down->error;
        return error ? usocket_strerror(error) : NULL;
    }
    return up->done && (down->refused || (up->error && !up->refused)) ? "the client has broken off" : NULL;
}

static bool relay_step_of(struct tunnel *t)
{
    const struct relay_way *up = &t->relay.way[RELAY_TO_B], *down = &t->relay.way[RELAY_TO_A];
    bool moved = relay_step(&t->relay);
    const char *why = find_break(up, down);
    if (why) {
        tunnel_abort(t, why);
    } else if ((down->done && !down->refused) || (up->done && !up->refused && !linger(t))) {
        tunnel_end(t, NULL);
    } else {
        return moved;
    }
    return true;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static bool step_of(struct tunnel *t)
{
    bool waits = t->stage == TUNNEL_WAITING || t->stage == TUNNEL_DIALLING;
    if (waits && tunnel_client_gone(t)) {
        tunnel_abort(t, "the client has gone");
        return true;
    }
    switch (t->stage) {
    case TUNNEL_FRONT:
        return t->front->step(t);
    case TUNNEL_WAITING:
        return wait_step(t);
    case TUNNEL_DIALLING:
        return dial_step_of(t);
    case TUNNEL_RELAYING:
        return relay_step_of(t);
    case TUNNEL_ENDING:
        return end_step(t);
    case TUNNEL_CLOSED:
        break;
    }
    return false;
}

static bool step_all(struct tunnels *all)
{
    bool moved = false;
    all->blocked = false;
    all->look_at_ms = UINT64_MAX;
    for (struct tunnel *t = all->first, *next; t; t = next) {
        next = t->next;
        moved = step_of(t) || moved;
    }
    for (const struct tunnel *t = all->first; t; t = t->next) {
        if (t->deadline_ms < all->look_at_ms) {
            all->look_at_ms = t->deadline_ms;
        }
    }
    return moved;
}

static void accept_client(struct tunnel_listener *l)
{
    struct tunnel *t = tunnel_new(l->all, l->front);
    if (!t) {
        return;
    }
    struct sockaddr_storage from = {0};
    int len = sizeof(from);
    l->client_waits = false;
    if (uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)&t->tcp)) {
        destroy(t, false);
        return;
    }
    uv_tcp_getpeername(&t->tcp, (struct sockaddr *)&from, &len);
    spec_address_text(&from, t->client);
    tunnel_connected(t);
    l->front->begin(t, l->ctx);
}

/* Until it is accepted libuv keeps it, and the system the others. */
static void on_client(uv_stream_t *server, int status)
{
    struct tunnel_listener *l = server->data;
    l->client_waits = status == 0;
}

static enum cli_step step(void *ctx)
{
    struct tunnels *all = ctx;
    bool moved = step_all(all);
    all->error = all->step ? all->step(all, &moved) : 0;
    if (all->error) {
        return CLI_DONE;
    }
    for (struct tunnel_listener *l = all->listeners; l; l = l->next) {
        if (l->client_waits && all->clients < TUNNEL_CLIENTS) {
            accept_client(l);
            moved = true;
        }
    }
    if (!moved && all->look_at_ms != UINT64_MAX) {
        uint64_t now = cli_now_ms();
        uv_update_time(&all->cli->line.loop);
        uv_timer_start(&all->timer, on_timer, all->look_at_ms > now ? all->look_at_ms - now : 0, 0);
    }
    return moved ? CLI_MORE : CLI_WAIT;
}

int tunnels_listen(struct tunnels *all, struct tunnel_listener *listener, const struct sockaddr_storage *at,
                   const struct tunnel_front *front, void *ctx, const char *what_for)
{
    char text[SPEC_ADDRESS_MAX];
    struct sockaddr_storage is = *at;
    int len = sizeof(is);
    *listener = (struct tunnel_listener){.all = all, .front = front, .ctx = ctx, .next = all->listeners};
    all->listeners = listener;
    uv_tcp_init(&all->cli->line.loop, &listener->tcp);
    listener->tcp.data = listener;
    int error = uv_tcp_bind(&listener->tcp, (const struct sockaddr *)at, 0);
    error = error ? error : uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_client);
    if (!error) {
        uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&is, &len);
    }
    spec_address_text(&is, text);
    if (error) {
        cli_complain("cannot listen on %s: %s", text, uv_strerror(error));
        return CLI_FAILED;
    }
    tunnels_say_listening(all, text, what_for);
    return CLI_OK;
}

/* Twelve that wait a second each for their peer's FIN would outlast the user's patience. */
static void close_at_once(struct usocket *s)
{
    static const int seconds = 0;
    usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_LINGER, &seconds, sizeof(seconds));
}

void tunnels_close(struct tunnels *all)
{
    for (struct tunnel *t = all->first, *next; t; t = next) {
        next = t->next;
        close_at_once(t->s);
        tunnel_drop(t);
    }
    for (struct tunnel_listener *l = all->listeners; l; l = l->next) {
        uv_close((uv_handle_t *)&l->tcp, NULL);
    }
    uv_close((uv_handle_t *)&all->timer, NULL);
}

int tunnels_run(struct tunnels *all)
{
    int error = cli_until(all->cli, step, all, UINT64_MAX);
    return error ? cli_fail(all->cli, "the modem is lost", error) : all->error ? CLI_FAILED : CLI_OK;
}
