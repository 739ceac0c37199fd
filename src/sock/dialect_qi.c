/*
 * The dialect of the families with context and connection ids: BG96, BG95/BG77/BG600L, EC2x, EG9x, EG2x, UC20, UG9x.
 * How its commands are written and its answers read; what they mean is network.c's, conn.c's and resolver.c's business.
 * Sources: PROTOCOL.md, by section.
 */
#include <errno.h>

#include "sock/internal.h"

/* Longest waits of the manuals (PROTOCOL.md 4.2): BG95 and BG96 TCP/IP notes, response times of each command. */
enum {
    CONFIG_MS = 5 * 1000, /* 300 ms in the manual; a module that has just started is slower */
    LIST_MS = 5 * 1000,
    ACTIVATE_MS = 150 * 1000,
    DEACTIVATE_MS = 40 * 1000,
    ACCEPT_MS = 15 * 1000, /* the OK before a result that comes later */
    CLOSE_MS = 20 * 1000,  /* the command's own limit is at most 10 s, see usocket_config::close_s */
    SEND_MS = 30 * 1000,   /* 120 s in the manual; the module only copies it, and a loss is found by counting */
    READ_MS = 12 * 1000, /* 120 s in the manual; it comes out of the module's memory, and a loss is found by counting */
    RESOLVE_MS = 65 * 1000, /* the module gives up after 60 s, and that must not be the next query's answer */
};

/* --- set-up ------------------------------------------------------------------------------------------------------- */

static void put_urc_ask(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+QURCCFG=\"urcport\"");
}

static int on_urc_ask(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket_modem *modem = ctx;

    (void)text;
    if (usk_field_is(fields, "urcport") && usk_field_is(fields, modem->config.urc_port)) {
        usk_net_line_ok(modem);
    }
    return 0;
}

static void put_urc_set(const struct usocket_modem *modem, struct usk_line *line)
{
    usk_put_format(line, "AT+QURCCFG=\"urcport\",%s", modem->config.urc_port);
}

static const struct usk_step urc_ask = {
    put_urc_ask,
    {.prefix = "+QURCCFG", .timeout_ms = CONFIG_MS, .on_line = on_urc_ask, .on_done = usk_net_step_done},
};
static const struct usk_step urc_set = {put_urc_set, {.timeout_ms = CONFIG_MS, .on_done = usk_net_step_done}};

/* --- the module's list of connections ----------------------------------------------------------------------------- */

static const struct {
    uint32_t code;
    enum usk_listed state;
} listed_states[] = {
    {0, USK_LISTED_OPENING},   {1, USK_LISTED_OPENING}, {2, USK_LISTED_OPEN},
    {3, USK_LISTED_LISTENING}, {4, USK_LISTED_CLOSING},
};

static const char *const services[] = {
    [USK_TCP] = "TCP", [USK_TCP_LISTENER] = "TCP LISTENER", [USK_TCP_INCOMING] = "TCP INCOMING",
    [USK_UDP] = "UDP", [USK_UDP_SERVICE] = "UDP SERVICE",
};

struct listed {
    uint32_t id;
    struct usk_text service;
    struct usk_text address;
    uint32_t port;
    enum usk_listed state;
    uint32_t server;
};

/* +QISTATE: id,"service","address",remote port,local port,state,context,server,... The state means what it does for its
 * service: a BG96 shows 3 for a client that exchanges data (transcript 008). */
static bool read_state(struct usk_fields *fields, struct listed *is)
{
    uint32_t code;
    uint32_t number;

    if (!usk_field_uint(fields, UINT8_MAX, &is->id) || !usk_field_text(fields, &is->service) ||
        !usk_field_text(fields, &is->address) || !usk_field_uint(fields, UINT16_MAX, &is->port) ||
        !usk_field_uint(fields, UINT16_MAX, &number) || !usk_field_uint(fields, UINT8_MAX, &code) ||
        code >= sizeof(listed_states) / sizeof(listed_states[0])) {
        return false;
    }
    is->state = listed_states[code].state;
    if (is->state == USK_LISTED_LISTENING && !usk_text_equal(is->service, services[USK_TCP_LISTENER])) {
        is->state = USK_LISTED_OPEN;
    }
    if (!usk_field_uint(fields, UINT8_MAX, &number) || !usk_field_uint(fields, UINT8_MAX, &is->server)) {
        is->server = UINT8_MAX; /* some firmwares end before it */
    }
    return true;
}

static void put_list(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+QISTATE?");
}

static int on_list(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    uint32_t id;

    (void)text;
    if (usk_field_uint(fields, UINT8_MAX, &id)) {
        usk_net_listed(ctx, id);
    }
    return 0;
}

static const struct usk_step list = {
    put_list,
    {.prefix = "+QISTATE", .timeout_ms = LIST_MS, .on_line = on_list, .on_done = usk_net_step_done},
};

static int on_state(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket *s = ctx;
    struct listed is;

    (void)text;
    if (s->id < 0 || !read_state(fields, &is)) {
        return 0;
    }
    if (is.id == (uint32_t)s->id) {
        usk_conn_listed(s, is.state);
    } else if (is.server == (uint32_t)s->id && usk_text_equal(is.service, services[USK_TCP_INCOMING])) {
        usk_client_listed(s, is.id, is.address, (uint16_t)is.port);
    }
    return 0;
}

/* --- the context -------------------------------------------------------------------------------------------------- */

static void put_apn(const struct usocket_modem *modem, struct usk_line *line)
{
    const struct usocket_config *config = &modem->config;
    bool auth = config->user != NULL;

    usk_put_format(line, "AT+QICSGP=%u,%u,%s,%s,%s,%u", config->cid, config->pdp, config->apn, auth ? config->user : "",
                   auth && config->password != NULL ? config->password : "", auth ? config->auth : 0u);
}

static void put_context_ask(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+QIACT?");
}

/* +QIACT: cid,state,type,"address"[,"address"] */
static int on_context(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket_modem *modem = ctx;
    struct usk_text address;
    uint32_t cid;
    uint32_t active;
    uint32_t type;

    (void)text;
    if (usk_field_uint(fields, UINT8_MAX, &cid) && usk_field_uint(fields, 1, &active) && active == 1 &&
        cid == modem->config.cid) {
        usk_net_line_ok(modem);
        if (usk_field_uint(fields, UINT8_MAX, &type)) {
            while (usk_field_text(fields, &address)) {
                usk_net_address(modem, address);
            }
        }
    }
    return 0;
}

static void put_context_up(const struct usocket_modem *modem, struct usk_line *line)
{
    usk_put_format(line, "AT+QIACT=%u", modem->config.cid);
}

static void put_context_down(const struct usocket_modem *modem, struct usk_line *line)
{
    usk_put_format(line, "AT+QIDEACT=%u", modem->config.cid);
}

static const struct usk_step apn = {put_apn, {.timeout_ms = CONFIG_MS, .on_done = usk_net_step_done}};
static const struct usk_step context_ask = {
    put_context_ask,
    {.prefix = "+QIACT", .timeout_ms = LIST_MS, .on_line = on_context, .on_done = usk_net_step_done},
};
static const struct usk_step context_up = {put_context_up, {.timeout_ms = ACTIVATE_MS, .on_done = usk_net_step_done}};
static const struct usk_step context_down = {
    put_context_down,
    {.timeout_ms = DEACTIVATE_MS, .on_done = usk_net_step_done},
};

/* --- connections -------------------------------------------------------------------------------------------------- */

static unsigned id_of(const struct usocket *s)
{
    return (unsigned)s->id;
}

static const struct usk_command open_command = {.timeout_ms = ACCEPT_MS, .on_done = usk_conn_open_done};

/*
 * Access mode 0, buffer: what is not read stays in the module, and its TCP window holds the peer back. What waits for peers
 * gives the loopback address in place of one (PROTOCOL.md 3.2).
 */
static void start_open(struct usocket *s)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);
    char text[USOCKET_ADDRSTRLEN];
    const char *address = usk_is_ipv6(&s->peer) ? "0:0:0:0:0:0:0:1" : "127.0.0.1";
    unsigned port = 0;

    if (!usk_waits_for_peers(s)) {
        usocket_sockaddr_text(&s->peer, text);
        address = text;
        port = s->peer.port;
    }
    usk_put_format(&line, "AT+QIOPEN=%u,%u,%s,%s,%u,%u,%u", s->modem->config.cid, id_of(s), services[s->service],
                   address, port, s->local_port, s->access);
    usk_start(s->modem, &line, &open_command, s);
}

static const struct usk_command keepalive_command = {.timeout_ms = CONFIG_MS, .on_done = usk_conn_keepalive_done};

/* Silence in minutes, then probes every 25 s, three of them, as QuecPython sets them; for all connections to come. */
static void start_keepalive(struct usocket *s, uint8_t minutes)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    if (minutes > 0) {
        usk_put_format(&line, "AT+QICFG=\"tcp/keepalive\",1,%u,25,3", minutes);
    } else {
        usk_put(&line, "AT+QICFG=\"tcp/keepalive\",0");
    }
    usk_start(s->modem, &line, &keepalive_command, s);
}

/* +QIGETERROR: 552, invalid parameters */
static int on_why(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket *s = ctx;
    uint32_t code;

    (void)text;
    usk_conn_why(s, usk_field_uint(fields, UINT16_MAX, &code) ? usk_module_error(s->modem, code) : -EIO);
    return 0;
}

static const struct usk_command why_command = {
    .prefix = "+QIGETERROR",
    .timeout_ms = CONFIG_MS,
    .on_line = on_why,
    .on_done = usk_conn_why_done,
};

static void start_why(struct usocket *s)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    usk_put(&line, "AT+QIGETERROR");
    usk_start(s->modem, &line, &why_command, s);
}

static const struct usk_command state_command = {
    .prefix = "+QISTATE",
    .timeout_ms = LIST_MS,
    .on_line = on_state,
    .on_done = usk_conn_state_done,
};

static void start_state(struct usocket *s)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    if (usk_is_listener(s)) { /* and its clients, of which the URC may be lost */
        put_list(s->modem, &line);
    } else {
        usk_put_format(&line, "AT+QISTATE=1,%u", id_of(s));
    }
    usk_start(s->modem, &line, &state_command, s);
}

/* +QIRD: n, and n bytes follow; of a UDP service n,"address",port. Other fields: the answer to QIRD=id,0. */
static int on_read(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket *s = ctx;
    struct usocket_sockaddr from;
    uint32_t len;

    (void)text;
    if (!usk_field_uint(fields, UINT16_MAX, &len)) {
        return USK_NOT_MINE;
    }
    if (!usk_fields_more(fields)) {
        return usk_conn_announced(s, len, NULL);
    }
    if (!usk_field_quoted(fields)) {
        return USK_NOT_MINE;
    }
    if (!usk_read_peer(fields, &from)) {
        from.family = 0; /* damaged: the payload is counted all the same, and dropped */
    }
    return usk_conn_announced(s, len, &from);
}

static const struct usk_command read_command = {
    .prefix = "+QIRD",
    .timeout_ms = READ_MS,
    .flags = USK_DOUBT_ERROR,
    .on_line = on_read,
    .on_room = usk_conn_room,
    .on_data = usk_conn_data,
    .on_done = usk_conn_read_done,
};

/* A UDP service takes no length: its answer is one whole datagram (PROTOCOL.md 3.6). */
static void start_read(struct usocket *s, uint16_t max)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    if (usk_is_udp_service(s)) {
        usk_put_format(&line, "AT+QIRD=%u", id_of(s));
    } else {
        usk_put_format(&line, "AT+QIRD=%u,%u", id_of(s), max);
    }
    usk_start(s->modem, &line, &read_command, s);
}

static const struct usk_final send_finals[] = {{"SEND OK", 0}, {"SEND FAIL", -EAGAIN}, {NULL, 0}};

static const struct usk_command send_command = {
    .finals = send_finals,
    .timeout_ms = SEND_MS,
    .flags = USK_PROMPT | USK_NO_OK | USK_DOUBT_ERROR,
    .on_done = usk_conn_send_done,
};

static void start_send(struct usocket *s, uint16_t len)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    if (usk_is_udp_service(s)) {
        char address[USOCKET_ADDRSTRLEN];

        usocket_sockaddr_text(&s->to, address);
        usk_put_format(&line, "AT+QISEND=%u,%u,%s,%u", id_of(s), len, address, s->to.port);
    } else {
        usk_put_format(&line, "AT+QISEND=%u,%u", id_of(s), len);
    }
    usk_start(s->modem, &line, &send_command, s);
    usk_channel_payload(&s->modem->channel, s->tx, len);
}

/* total,done,not done: of the connection's bytes since its open */
static bool read_counters(struct usk_fields *fields, uint32_t counter[3])
{
    for (int i = 0; i < 3; i++) {
        if (!usk_field_uint(fields, UINT32_MAX, &counter[i])) {
            return false;
        }
    }
    return true;
}

/* +QISEND: sent,acknowledged,not acknowledged */
static int on_sent(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    uint32_t counter[3];

    (void)text;
    if (!read_counters(fields, counter)) {
        return USK_NOT_MINE;
    }
    usk_conn_counted_sent(ctx, counter[0], counter[2]);
    return 0;
}

/* +QIRD: received,read,not read */
static int on_received(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    uint32_t counter[3];

    (void)text;
    if (!read_counters(fields, counter)) {
        return USK_NOT_MINE;
    }
    usk_conn_counted_read(ctx, counter[1]);
    return 0;
}

static const struct usk_command sent_command = {
    .prefix = "+QISEND",
    .timeout_ms = CONFIG_MS,
    .on_line = on_sent,
    .on_done = usk_conn_count_done,
};

static const struct usk_command received_command = {
    .prefix = "+QIRD",
    .timeout_ms = CONFIG_MS,
    .on_line = on_received,
    .on_done = usk_conn_count_done,
};

static void start_sent(struct usocket *s)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    usk_put_format(&line, "AT+QISEND=%u,0", id_of(s));
    usk_start(s->modem, &line, &sent_command, s);
}

static void start_received(struct usocket *s)
{
    struct usk_line line = usk_channel_line(&s->modem->channel);

    usk_put_format(&line, "AT+QIRD=%u,0", id_of(s));
    usk_start(s->modem, &line, &received_command, s);
}

static const struct usk_command close_command = {.timeout_ms = CLOSE_MS, .on_done = usk_conn_close_done};

/* The time-out is given: its default of 10 s would hold the channel for all other connections (transcript 002). */
static void start_close(struct usocket_modem *modem, uint8_t id)
{
    struct usk_line line = usk_channel_line(&modem->channel);

    usk_put_format(&line, "AT+QICLOSE=%u,%u", id, modem->linger_s[id]);
    usk_start(modem, &line, &close_command, modem);
}

/* --- resolver ----------------------------------------------------------------------------------------------------- */

static const struct usk_command resolve_command = {.timeout_ms = ACCEPT_MS, .on_done = usk_resolver_done};

static int start_resolve(struct usocket_modem *modem, const char *host)
{
    struct usk_line line = usk_channel_line(&modem->channel);

    usk_put_format(&line, "AT+QIDNSGIP=%u,%s", modem->config.cid, host);
    return usk_channel_start(&modem->channel, &line, &resolve_command, modem, modem->now_ms);
}

/* --- families ----------------------------------------------------------------------------------------------------- */

/*
 * Not kept over a reset of the module, but over a reset of the host: each is set whatever its default. With
 * qisend/timeout the module leaves data mode by itself when a payload does not arrive whole, before the wait for a lost
 * prompt is over.
 */
static const char *const settings[] = {
    "AT+QISDE=0",
    "AT+QICFG=\"dataformat\",0,0",
    "AT+QICFG=\"viewmode\",0",
    "AT+QICFG=\"udp/readmode\",0",
    "AT+QICFG=\"udp/sendmode\",0",
    "AT+QICFG=\"tcp/keepalive\",0",
    "AT+QICFG=\"qisend/timeout\",5",
    NULL,
};

static const char *const models_bg96[] = {"BG96", NULL};
static const char *const models_bg95[] = {"BG95", "BG77", "BG600", NULL};
static const char *const models_ec[] = {"EC2", "EG9", "EG2", "EM0", "EP0", "UC2", "UG9", NULL};

#define QI_FAMILY(its_name, its_models)                                                                                \
    {                                                                                                                  \
        .name = its_name, .models = its_models, .settings = settings, .ids = 12, .block = 1460, .read = 1500,          \
        .resolve_ms = RESOLVE_MS, .urc_ask = &urc_ask, .urc_set = &urc_set, .list = &list, .apn = &apn,                \
        .context_ask = &context_ask, .context_up = &context_up, .context_down = &context_down, .open = start_open,     \
        .why = start_why, .state = start_state, .read_data = start_read, .send = start_send, .sent = start_sent,       \
        .received = start_received, .close = start_close, .resolve = start_resolve, .keepalive = start_keepalive,      \
    }

static const struct usk_dialect families[] = {
    QI_FAMILY("bg96", models_bg96),
    QI_FAMILY("bg95", models_bg95),
    QI_FAMILY("ec25", models_ec),
};

const struct usk_dialect *usk_dialect_at(size_t index)
{
    return index < sizeof(families) / sizeof(families[0]) ? &families[index] : NULL;
}
