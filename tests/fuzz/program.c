/* See program.h. */
#include "program.h"

#include <errno.h>
#include <string.h>

#include "sock/internal.h"

enum {
    DEFAULT_TIMEOUT_MS = 20 * 1000,
    LONGEST_TIMEOUT_MS = 200 * 1000,
    CONNECT_MS = 155 * 1000,
    RESOLVE_MS = 120 * 1000, /* 65 s from its turn on the line; the network, or a query before it, may come first */
    SHUTDOWN_MS = 30 * 1000,
    NUMBERS = 4,
    CALLS_CONNECT = 1 << 4, /* of the bits of on_event */
    DEPTH_MOST = 4,         /* of callbacks inside callbacks */
};

static char buffer[PROGRAM_BUFFER];

static size_t length_of(long number)
{
    return (size_t)number % PROGRAM_BUFFER;
}

/* --- what must hold ----------------------------------------------------------------------------------------------- */

static void look_at_socket(const struct usocket *s)
{
    REQUIRE(s->state <= USK_CONN_OPEN && s->id >= -1 && s->id <= 11 && s->last_id >= -1 && s->last_id <= 11);
    REQUIRE(s->rx_at < USOCKET_RX_SIZE && s->rx_len + s->rx_new <= USOCKET_RX_SIZE);
    REQUIRE(s->tx_busy <= s->tx_len && s->tx_len <= USOCKET_TX_SIZE);
    REQUIRE(s->listener <= USOCKET_MAX_SOCKETS && s->service <= USK_UDP_SERVICE);
    REQUIRE(s->state != USK_CONN_OPEN || s->id >= 0);
}

void program_look(const struct program *program)
{
    const struct usocket_modem *modem = &program->modem;
    unsigned ids = 0;

    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        const struct usocket *s = &modem->sock[i];

        if (s->state != USK_CONN_FREE) {
            look_at_socket(s);
            REQUIRE(s->id < 0 || (ids & 1u << s->id) == 0); /* no two have the same */
            ids |= s->id < 0 ? 0 : 1u << s->id;
        }
    }
    REQUIRE((modem->close_ids & ~0xfffu) == 0 && modem->closing <= 12 && modem->pushed <= 12);
    REQUIRE(modem->channel.lexer.len <= USOCKET_LINE_SIZE && modem->channel.text_len <= USOCKET_COMMAND_SIZE);
    REQUIRE(modem->channel.count.discarded <= program->session.sent_len);
    REQUIRE(modem->rx_bytes <= program->session.sent_len);
}

/* A call that was begun at @p since_ms has kept its time. */
static void look_at_time(const struct program *program, uint32_t since_ms, int32_t timeout_ms)
{
    uint32_t took = program->session.now_ms - since_ms;

    REQUIRE(program->depth == 0 || took == 0);
    REQUIRE(timeout_ms < 0 || took <= (uint32_t)timeout_ms || program->session.gone);
    program_look(program);
}

/* A receiving call, with a place of its own: a callback inside it may make another. */
struct receiving {
    struct usocket *s;
    size_t seen, len;
    char *buffer;
};

static struct receiving begin_receiving(const struct program *program, const struct program_slot *slot, long len)
{
    static char buffers[DEPTH_MOST + 1][PROGRAM_BUFFER];

    return (struct receiving){slot->s, slot->seen, length_of(len), buffers[program->depth]};
}

/* Received bytes are bytes that the module has sent, in their order, none of them twice. */
static void end_receiving(const struct program *program, struct program_slot *slot, struct receiving r, ssize_t result)
{
    const struct session *session = &program->session;

    REQUIRE(result >= -4095 && (result < 0 || (size_t)result <= r.len));
    for (ssize_t i = 0; i < result; i++) {
        const char *from = session->sent + r.seen;
        const char *at = memchr(from, r.buffer[i], session->sent_len - r.seen);

        REQUIRE(at != NULL);
        r.seen += (size_t)(at - from) + 1;
    }
    if (slot->s == r.s && slot->seen < r.seen) {
        slot->seen = r.seen;
    }
}

/* --- the steps ---------------------------------------------------------------------------------------------------- */

struct arguments {
    long number[NUMBERS];
    const char *text;
};

static struct program_slot *slot_of(struct program *program, long number)
{
    return &program->slots[(unsigned long)number % PROGRAM_SLOTS];
}

static struct usocket_sockaddr address_of(long number, long port)
{
    static const char *const texts[] = {"192.0.2.1", "198.51.100.7", "10.0.0.2", "", "2001:db8::1", "0.0.0.0", "::"};
    struct usocket_sockaddr address;

    REQUIRE(usocket_sockaddr_set(&address, texts[(unsigned long)number % 7], (uint16_t)port) == 0);
    return address;
}

static void put(struct program *program, struct program_slot *slot, struct usocket *s)
{
    if (slot->s != NULL && s != NULL) {
        usocket_close(slot->s);
    }
    if (s != NULL) {
        *slot = (struct program_slot){.s = s, .timeout_ms = DEFAULT_TIMEOUT_MS};
        usocket_settimeout(s, DEFAULT_TIMEOUT_MS);
    }
    program_look(program);
}

static void do_socket(struct program *program, const struct arguments *a)
{
    static const struct {
        int type, proto;
    } kinds[] = {
        {USOCKET_SOCK_STREAM, 0},
        {USOCKET_SOCK_STREAM, USOCKET_TCP_CUSTOMIZE_PORT},
        {USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER},
        {USOCKET_SOCK_DGRAM, 0},
    };
    size_t kind = (unsigned long)a->number[1] % 4;
    int af = a->number[2] == 6 ? USOCKET_AF_INET6 : USOCKET_AF_INET;
    struct usocket *s = usocket_socket(&program->modem, af, kinds[kind].type, kinds[kind].proto);

    REQUIRE((s == NULL) == (usocket_last_error(&program->modem) != 0) || s != NULL);
    put(program, slot_of(program, a->number[0]), s);
    slot_of(program, a->number[0])->seen = s != NULL ? program->session.sent_len : 0;
}

static void do_bind(struct program *program, const struct arguments *a)
{
    struct usocket_sockaddr address = address_of(3, a->number[1]);

    usocket_bind(slot_of(program, a->number[0])->s, &address);
}

static void do_listen(struct program *program, const struct arguments *a)
{
    usocket_listen(slot_of(program, a->number[0])->s, (int)a->number[1]);
}

static void do_accept(struct program *program, const struct arguments *a)
{
    struct usocket_sockaddr peer;
    struct usocket *s = NULL;

    if (usocket_accept(slot_of(program, a->number[0])->s, &s, &peer) == 0) {
        REQUIRE(s != NULL && peer.family != 0);
        put(program, slot_of(program, a->number[1]), s);
    }
}

static void do_connect(struct program *program, const struct arguments *a)
{
    struct usocket_sockaddr address = address_of(a->number[1], a->number[2]);
    uint32_t since_ms = program->session.now_ms;

    usocket_connect(slot_of(program, a->number[0])->s, &address);
    if ((slot_of(program, a->number[0])->on_event & CALLS_CONNECT) == 0) { /* its callback may begin another */
        look_at_time(program, since_ms, CONNECT_MS);
    }
}

static void do_send(struct program *program, const struct arguments *a)
{
    size_t len = length_of(a->number[1]);
    ssize_t n = usocket_send(slot_of(program, a->number[0])->s, buffer, len);

    REQUIRE(n >= -4095 && (n < 0 || (size_t)n <= len));
}

static void do_sendto(struct program *program, const struct arguments *a)
{
    struct usocket_sockaddr address = address_of(a->number[2], a->number[3]);
    size_t len = length_of(a->number[1]);
    ssize_t n = usocket_sendto(slot_of(program, a->number[0])->s, buffer, len, &address);

    REQUIRE(n >= -4095 && (n < 0 || (size_t)n <= len));
}

static void do_recv(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);
    struct receiving r = begin_receiving(program, slot, a->number[1]);

    end_receiving(program, slot, r, usocket_recv(slot->s, r.buffer, r.len));
}

static void do_recvfrom(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);
    struct receiving r = begin_receiving(program, slot, a->number[1]);
    struct usocket_sockaddr from;
    unsigned flags = 0;
    ssize_t n = usocket_recvfrom(slot->s, r.buffer, r.len, &from, &flags);

    end_receiving(program, slot, r, n);
    REQUIRE(n < 0 || (flags & ~(unsigned)USOCKET_MSG_TRUNC) == 0);
}

static void do_read(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);
    struct receiving r = begin_receiving(program, slot, a->number[1]);

    end_receiving(program, slot, r, usocket_read(slot->s, r.buffer, r.len));
}

static void do_line(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);
    struct receiving r = begin_receiving(program, slot, a->number[1]);
    ssize_t n = usocket_readline(slot->s, r.buffer, r.len);
    const char *end = n > 0 ? memchr(r.buffer, '\n', (size_t)n) : NULL;

    end_receiving(program, slot, r, n);
    REQUIRE(n <= 0 || (r.buffer[n] == '\0' && (end == NULL || end == r.buffer + n - 1)));
}

static void do_timeout(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);

    slot->timeout_ms = (int32_t)(a->number[1] % LONGEST_TIMEOUT_MS);
    if (slot->s != NULL) {
        usocket_settimeout(slot->s, slot->timeout_ms);
    }
}

static void do_option(struct program *program, const struct arguments *a)
{
    static const int names[] = {USOCKET_SO_REUSEADDR, USOCKET_TCP_KEEPALIVE, USOCKET_TCP_USER_TIMEOUT,
                                USOCKET_SO_LINGER,    USOCKET_SO_ACCESS,     USOCKET_SO_ERROR,
                                USOCKET_SO_NREAD,     USOCKET_SO_NWRITE};
    struct usocket *s = slot_of(program, a->number[0])->s;
    int name = names[(unsigned long)a->number[1] % 8];
    int value = (int)a->number[2];
    size_t len = sizeof(value);

    usocket_setsockopt(s, USOCKET_SOL_SOCKET, name, &value, sizeof(value));
    if (usocket_getsockopt(s, USOCKET_SOL_SOCKET, name, &value, &len) == 0) {
        REQUIRE(len == sizeof(value) && value >= 0);
    }
}

static void do_poll(struct program *program, const struct arguments *a)
{
    struct usocket_pollfd fds[PROGRAM_SLOTS];
    int32_t timeout_ms = (int32_t)(a->number[0] % LONGEST_TIMEOUT_MS);
    uint32_t since_ms = program->session.now_ms;
    int n;

    for (size_t i = 0; i < PROGRAM_SLOTS; i++) {
        fds[i] = (struct usocket_pollfd){program->slots[i].s, (short)(a->number[1] & 5), 0};
    }
    n = usocket_poll(fds, PROGRAM_SLOTS, timeout_ms);
    REQUIRE(n <= PROGRAM_SLOTS);
    look_at_time(program, since_ms, timeout_ms);
}

static void do_close(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);

    if (slot->s != NULL) {
        REQUIRE(usocket_close(slot->s) == 0);
    }
    *slot = (struct program_slot){0};
}

static void do_state(struct program *program, const struct arguments *a)
{
    struct usocket *s = slot_of(program, a->number[0])->s;
    struct usocket_sockaddr address;
    struct usocket_stats stats;
    struct usocket_info info;
    int state = usocket_getsocketsta(s);

    REQUIRE(state >= -1 && state <= USOCKET_TIME_WAIT);
    usocket_getsockname(s, &address);
    usocket_getpeername(s, &address);
    usocket_get_stats(&program->modem, &stats);
    usocket_get_info(&program->modem, &info);
    REQUIRE(strlen(info.model) < sizeof(info.model) && strlen(info.address) < sizeof(info.address));
    REQUIRE(strlen(usocket_module_strerror(usocket_last_module_error(&program->modem))) > 0);
}

static void on_event(void *ctx, struct usocket *s, unsigned events);

static void do_event(struct program *program, const struct arguments *a)
{
    struct program_slot *slot = slot_of(program, a->number[0]);

    slot->on_event = (unsigned)a->number[1];
    if (slot->s != NULL) {
        usocket_on_event(slot->s, slot->on_event != 0 ? on_event : NULL, program);
    }
}

static void do_resolve(struct program *program, const struct arguments *a)
{
    struct usocket_addrinfo list[USOCKET_MAX_ADDRESSES];
    uint32_t since_ms = program->session.now_ms;
    int n = usocket_getaddrinfo(&program->modem, a->text, 80, list, USOCKET_MAX_ADDRESSES);

    REQUIRE(n != 0 && n <= USOCKET_MAX_ADDRESSES);
    for (int i = 0; i < n; i++) {
        REQUIRE(list[i].family == USOCKET_AF_INET || list[i].family == USOCKET_AF_INET6);
    }
    look_at_time(program, since_ms, RESOLVE_MS);
}

static void do_cancel(struct program *program, const struct arguments *a)
{
    (void)a;
    if (program->query.result == -EINPROGRESS) {
        usocket_resolve_cancel(&program->modem, &program->query);
    }
    program->query.result = 0;
}

static void do_query(struct program *program, const struct arguments *a)
{
    do_cancel(program, a);
    snprintf(program->text, sizeof(program->text), "%s", a->text);
    usocket_resolve(&program->modem, &program->query, program->text);
}

/* Own lines come whole or in pieces, the final one last. */
static void on_line(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct program *program = ctx;

    REQUIRE(line != NULL && kind <= USOCKET_LINE_FINAL && len <= USOCKET_LINE_SIZE);
    program->depth++;
    REQUIRE(usocket_at_command(&program->modem, "AT", NULL, NULL, 1000) < 0);
    program->depth--;
}

static void do_at(struct program *program, const struct arguments *a)
{
    uint32_t since_ms = program->session.now_ms;

    usocket_at_command(&program->modem, a->text, on_line, program, DEFAULT_TIMEOUT_MS);
    look_at_time(program, since_ms, DEFAULT_TIMEOUT_MS);
}

static void on_urc(void *ctx, const char *line, size_t len)
{
    struct program *program = ctx;

    REQUIRE(line != NULL && len <= USOCKET_LINE_SIZE);
    program->depth++;
    do_close(program, &(struct arguments){.number = {(long)len}});
    program->depth--;
}

static void do_urc(struct program *program, const struct arguments *a)
{
    static char name[64];

    if (program->urc.fn == NULL) {
        snprintf(name, sizeof(name), "%s", a->text);
        usocket_on_urc(&program->modem, &program->urc, name, on_urc, program);
    }
}

static void do_net(struct program *program, const struct arguments *a)
{
    uint32_t since_ms = program->session.now_ms;
    int32_t timeout_ms = (int32_t)(a->number[0] % LONGEST_TIMEOUT_MS);
    int stage = -1;
    int sub = -1;
    int result = usocket_wait_network(&program->modem, timeout_ms, &stage, &sub);

    REQUIRE(stage >= USOCKET_STAGE_MODULE && stage <= USOCKET_STAGE_DATA);
    REQUIRE(result != 0 || (stage == USOCKET_STAGE_DATA && sub == 1));
    look_at_time(program, since_ms, timeout_ms);
}

/* A program with a loop of its own. */
static void do_run(struct program *program, const struct arguments *a)
{
    struct session *session = &program->session;
    uint32_t since_ms = session->now_ms;
    uint32_t length_ms = (uint32_t)((unsigned long)a->number[0] % LONGEST_TIMEOUT_MS);

    while (!session->gone && session->now_ms - since_ms < length_ms) {
        uint32_t before_ms = session->now_ms;
        uint32_t left = length_ms - (before_ms - since_ms);
        uint32_t wake_ms = usocket_process(&program->modem);

        REQUIRE(session->now_ms == before_ms);
        if (program->depth > 0) {
            return;
        }
        program_look(program);
        session_port.wait(session, wake_ms < left ? wake_ms : left, 0);
    }
}

static void do_room(struct program *program, const struct arguments *a)
{
    program->session.write_most = (size_t)a->number[0] % 64;
}

static void do_shutdown(struct program *program, const struct arguments *a)
{
    uint32_t since_ms = program->session.now_ms;
    int32_t timeout_ms = (int32_t)(a->number[0] % LONGEST_TIMEOUT_MS);
    int result;

    if (program->depth > 0) {
        return;
    }
    memset(program->slots, 0, sizeof(program->slots));
    result = usocket_shutdown(&program->modem, timeout_ms);
    look_at_time(program, since_ms, timeout_ms);
    if (result == 0) {
        REQUIRE(program->modem.close_ids == 0);
        for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
            REQUIRE(program->modem.sock[i].state == USK_CONN_FREE);
        }
    }
}

static void do_config(struct program *program, const struct arguments *a)
{
    long bits = a->number[0];
    struct usocket_config config = {
        .apn = bits & 1 ? "internet" : NULL,
        .user = bits & 2 ? "user" : NULL,
        .rtscts = bits & 4,
        .dialect = bits & 8 ? usocket_dialects(0) : NULL,
        .pdp = bits & 16 ? USOCKET_PDP_IPV4V6 : 0,
    };

    if (program->depth > 0) {
        return;
    }
    memset(program->slots, 0, sizeof(program->slots));
    memset(&program->query, 0, sizeof(program->query));
    memset(&program->urc, 0, sizeof(program->urc));
    REQUIRE(usocket_init(&program->modem, &session_port, &program->session, &config) == 0);
}

/* --- callbacks ---------------------------------------------------------------------------------------------------- */

/* Each bit of slot->on_event is a call that the callback makes; none of them may wait. */
static void on_event(void *ctx, struct usocket *s, unsigned events)
{
    static void (*const calls[])(struct program *, const struct arguments *) = {
        do_recv, do_send, do_run, do_accept, do_connect, do_poll, do_socket, do_state, do_close,
    };
    struct program *program = ctx;
    struct arguments a = {.number = {0, 100, 80, 80}, .text = ""};
    unsigned wanted = 0;

    REQUIRE(events != 0 && events < 32);
    for (size_t i = 0; i < PROGRAM_SLOTS; i++) {
        if (program->slots[i].s == s) {
            a.number[0] = (long)i;
            wanted = program->slots[i].on_event;
        }
    }
    program->depth++;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if ((wanted & 1u << i) != 0 && program->depth < DEPTH_MOST) {
            uint32_t since_ms = program->session.now_ms;

            calls[i](program, &a);
            REQUIRE(program->session.now_ms == since_ms);
        }
    }
    program->depth--;
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    void (*run)(struct program *program, const struct arguments *a);
    bool waits; /* up to the time-out of the socket */
} steps[] = {
    {"config", do_config, false},
    {"net", do_net, false},
    {"socket", do_socket, false},
    {"bind", do_bind, true},
    {"listen", do_listen, true},
    {"accept", do_accept, true},
    {"connect", do_connect, true},
    {"send", do_send, true},
    {"sendto", do_sendto, true},
    {"recv", do_recv, true},
    {"recvfrom", do_recvfrom, true},
    {"read", do_read, true},
    {"line", do_line, true},
    {"timeout", do_timeout, false},
    {"option", do_option, false},
    {"poll", do_poll, false},
    {"event", do_event, false},
    {"close", do_close, false},
    {"state", do_state, false},
    {"resolve", do_resolve, false},
    {"query", do_query, false},
    {"cancel", do_cancel, false},
    {"at", do_at, false},
    {"urc", do_urc, false},
    {"run", do_run, false},
    {"room", do_room, false},
    {"shutdown", do_shutdown, false},
};

static struct arguments arguments_of(const char *text)
{
    struct arguments a = {.text = text};
    char *end;

    for (size_t i = 0; i < NUMBERS; i++) {
        a.number[i] = strtol(text, &end, 10);
        if (end == text) {
            break;
        }
        text = end;
    }
    return a;
}

static void run_step(struct program *program, const char *text)
{
    size_t len = strcspn(text, " ");
    struct arguments a = arguments_of(text + len + (text[len] == ' '));

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (strlen(steps[i].name) == len && memcmp(text, steps[i].name, len) == 0) {
            uint32_t since_ms = program->session.now_ms;
            int32_t timeout_ms = steps[i].waits ? slot_of(program, a.number[0])->timeout_ms : -1;

            steps[i].run(program, &a);
            look_at_time(program, since_ms, timeout_ms);
        }
    }
}

void program_run(struct program *program)
{
    const struct session_line *line = program->session.script.lines;

    memset(buffer, 'd', sizeof(buffer));
    program->depth = 0;
    memset(&program->modem, 0, sizeof(program->modem));
    do_config(program, &(struct arguments){.number = {0}});
    while ((line = session_step(&program->session, line)) != NULL) {
        run_step(program, line->at);
        line++;
    }
    do_cancel(program, NULL);
    for (size_t i = 0; i < PROGRAM_SLOTS; i++) {
        do_close(program, &(struct arguments){.number = {(long)i}});
    }
    do_shutdown(program, &(struct arguments){.number = {SHUTDOWN_MS}});
}
