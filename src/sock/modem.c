/*
 * One modem: moves bytes between the port and the channel, gives each state machine its turn on the channel, and lets
 * the calls that wait wait.
 */
#include <string.h>

#include "sock/internal.h"

enum {
    CHUNK = 32,   /* bytes of one read while no payload is expected; on the stack */
    CHUNKS = 64,  /* reads of one run: a module that never stops talking can't keep a call from its deadline */
    CID_MAX = 16, /* PROTOCOL.md 3.1 */
    CLOSE_S_MAX = 10,
    TURNS = 3 + USOCKET_MAX_SOCKETS, /* resolver, own command, closing of ids, sockets */
};

_Static_assert((USOCKET_RX_SIZE & (USOCKET_RX_SIZE - 1)) == 0, "USOCKET_RX_SIZE is a power of two");
_Static_assert(USOCKET_RX_SIZE >= 64 && USOCKET_RX_SIZE <= 32768, "USOCKET_RX_SIZE is 64..32768");
_Static_assert(USOCKET_TX_SIZE >= 1 && USOCKET_TX_SIZE <= 1460, "USOCKET_TX_SIZE is 1..1460");
_Static_assert(USOCKET_MAX_SOCKETS >= 1 && USOCKET_MAX_SOCKETS <= 12, "USOCKET_MAX_SOCKETS is 1..12");
_Static_assert(USOCKET_LINE_SIZE >= 96, "USOCKET_LINE_SIZE is at least 96");
_Static_assert(USOCKET_COMMAND_SIZE >= 128, "USOCKET_COMMAND_SIZE is at least 128");

/* --- log ---------------------------------------------------------------------------------------------------------- */

static const struct {
    enum usocket_log log;
    const char *before;
} seen_log[] = {
    [USK_SEEN_COMMAND] = {USOCKET_LOG_TX, NULL},
    [USK_SEEN_PAYLOAD] = {USOCKET_LOG_TX_DATA, NULL},
    [USK_SEEN_ECHO] = {USOCKET_LOG_RX, NULL},
    [USK_SEEN_RESPONSE] = {USOCKET_LOG_RX, NULL},
    [USK_SEEN_FINAL] = {USOCKET_LOG_RX, NULL},
    [USK_SEEN_PROMPT] = {USOCKET_LOG_RX, NULL},
    [USK_SEEN_DATA] = {USOCKET_LOG_RX_DATA, NULL},
    [USK_SEEN_URC] = {USOCKET_LOG_RX, NULL},
    [USK_SEEN_UNKNOWN] = {USOCKET_LOG_RX, "line not expected, dropped:"},
    [USK_SEEN_LATE] = {USOCKET_LOG_RX, "late answer, dropped:"},
    [USK_SEEN_RESYNC] = {USOCKET_LOG_TX, "no usable answer, synchronising again after:"},
};

void usk_log_event(const struct usocket_modem *modem, const char *text)
{
    if (modem->port->log != NULL) {
        modem->port->log(modem->port_ctx, USOCKET_LOG_EVENT, text, strlen(text));
    }
}

static void observe(void *ctx, int seen, const char *text, size_t len)
{
    const struct usocket_modem *modem = ctx;
    char number[16];
    struct usk_line line = {.text = number, .size = sizeof(number)};

    if (seen_log[seen].before != NULL) {
        usk_log_event(modem, seen_log[seen].before);
    }
    if (text == NULL) {
        usk_put_format(&line, "%u", (unsigned)len);
        text = line.text;
        len = line.len;
    }
    modem->port->log(modem->port_ctx, seen_log[seen].log, text, len);
}

/* --- what the module says unasked --------------------------------------------------------------------------------- */

static const struct usk_hooks hooks = {
    .on_urc = USOCKET_OWN_COMMANDS ? usk_own_urc : NULL,
    .on_room = usk_push_room,
    .on_data = usk_push_data,
    .on_end = usk_push_end,
};

/* --- start -------------------------------------------------------------------------------------------------------- */

static bool texts_fit(const struct usocket_config *config)
{
    const char *const texts[] = {config->apn, config->user, config->password, config->urc_port};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] != NULL && (!usk_quotable(texts[i]) || strlen(texts[i]) > USOCKET_COMMAND_SIZE / 4)) {
            return false;
        }
    }
    return true;
}

int usocket_init_sized(struct usocket_modem *modem, size_t size, const struct usocket_port *port, void *ctx,
                       const struct usocket_config *config)
{
    static const struct usocket_config defaults = {0};
    const struct usk_dialect *dialect = NULL;

    if (size != sizeof(*modem)) {
        return -EPROTO;
    }
    config = config != NULL ? config : &defaults;
    if (config->dialect != NULL && strcmp(config->dialect, "auto") != 0) {
        dialect = usk_dialect_named(config->dialect);
        if (dialect == NULL) {
            return -EINVAL;
        }
    }
    if (!texts_fit(config) || config->cid > CID_MAX || config->auth > 3 || config->close_s > CLOSE_S_MAX ||
        config->pdp > USOCKET_PDP_IPV4V6) {
        return -EINVAL;
    }
    memset(modem, 0, offsetof(struct usocket_modem, sock));
    modem->port = port;
    modem->port_ctx = ctx;
    modem->config = *config;
    modem->config.cid = config->cid != 0 ? config->cid : 1;
    modem->config.pdp = config->pdp != 0 ? config->pdp : USOCKET_PDP_IPV4;
    modem->config.close_s = config->close_s != 0 ? config->close_s : 1;
    modem->config.urc_port = config->urc_port != NULL ? config->urc_port : "uart1";
    usk_channel_init(&modem->channel, usk_urcs, modem);
    modem->channel.hooks = &hooks;
    modem->channel.observe = USOCKET_LOG && port->log != NULL ? observe : NULL;
    modem->channel.observe_ctx = modem;
    usk_net_init(modem, dialect);
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        modem->sock[i].modem = modem;
        modem->sock[i].state = USK_CONN_FREE;
        modem->sock[i].id = -1;
        modem->sock[i].last_id = -1;
        modem->sock[i].listener = 0;
        modem->sock[i].orphan = false;
        modem->sock[i].life++;
    }
    return 0;
}

void usk_start(struct usocket_modem *modem, const struct usk_line *line, const struct usk_command *command, void *ctx)
{
    if (usk_channel_start(&modem->channel, line, command, ctx, modem->now_ms) != 0) {
        command->on_done(ctx, -EMSGSIZE); /* GCOVR_EXCL_LINE: the least USOCKET_COMMAND_SIZE has room for all */
    }
}

/* --- bytes -------------------------------------------------------------------------------------------------------- */

/* Reads payload straight to where it belongs. */
static ssize_t read_payload(struct usocket_modem *modem, char *to, size_t room)
{
    const struct usocket_port *port = modem->port;
    size_t got = 0;
    ssize_t n;

    do {
        n = port->read(modem->port_ctx, to + got, room - got);
        got += n > 0 ? (size_t)n : 0;
    } while (n > 0 && got < room);
    if (got > 0) {
        modem->rx_bytes += (uint32_t)got;
        modem->stirred = true;
        usk_channel_direct_taken(&modem->channel, got, modem->now_ms);
    }
    return n;
}

static ssize_t read_text(struct usocket_modem *modem)
{
    char chunk[CHUNK];
    ssize_t n = modem->port->read(modem->port_ctx, chunk, sizeof(chunk));

    if (n > 0) {
        modem->rx_bytes += (uint32_t)n;
        modem->stirred = true;
        usk_channel_feed(&modem->channel, chunk, (size_t)n, modem->now_ms);
    }
    return n;
}

/* Returns true when there may be more to read. */
static bool read_line(struct usocket_modem *modem)
{
    for (int i = 0; i < CHUNKS; i++) {
        size_t room = 0;
        void *to = usk_channel_direct(&modem->channel, &room);
        ssize_t n = to != NULL ? read_payload(modem, to, room) : read_text(modem);

        if (n < 0) {
            modem->down = (int16_t)n;
            modem->stirred = true;
        }
        if (n <= 0) {
            return false;
        }
    }
    return true;
}

static void write_line(struct usocket_modem *modem)
{
    const char *bytes;
    size_t len;
    ssize_t n = 1;

    while (n > 0 && (len = usk_channel_output(&modem->channel, &bytes)) > 0) {
        n = modem->port->write(modem->port_ctx, bytes, len);
        if (n < 0) {
            modem->down = (int16_t)n;
        } else if (n > 0) {
            modem->tx_bytes += (uint32_t)n;
            usk_channel_written(&modem->channel, (size_t)n, modem->now_ms);
        }
    }
}

/* --- turns -------------------------------------------------------------------------------------------------------- */

static bool take_turn(struct usocket_modem *modem, unsigned turn, uint32_t *wake_ms)
{
    switch (turn) {
    case 0:
        return usk_resolver_next(modem, wake_ms);
    case 1:
        return USOCKET_OWN_COMMANDS && usk_own_next(modem);
    case 2:
        return usk_conn_close_next(modem);
    default:
        return usk_conn_busy(&modem->sock[turn - 3]) && usk_conn_next(&modem->sock[turn - 3], wake_ms);
    }
}

/* What has a limit of its own ends in time, also while a command holds the line. */
static void look_at_clock(struct usocket_modem *modem, uint32_t *wake_ms)
{
    bool opening = false;

    usk_resolver_look_at_clock(modem, wake_ms);
    for (size_t i = 0; modem->opening && i < USOCKET_MAX_SOCKETS; i++) {
        opening = usk_conn_look_at_clock(&modem->sock[i], wake_ms) || opening;
    }
    modem->opening = opening;
}

/* Starts the next command, if any is wanted; else lowers *wake_ms to when to ask again. */
static bool start_next(struct usocket_modem *modem, uint32_t *wake_ms)
{
    if (usk_net_next(modem, wake_ms)) {
        return true;
    }
    for (unsigned i = 0; i < TURNS; i++) {
        unsigned turn = modem->turn;

        modem->turn = (uint8_t)(turn + 1 < TURNS ? turn + 1 : 0);
        if (take_turn(modem, turn, wake_ms)) {
            return true;
        }
    }
    return false;
}

/* Returns when to be called again, if nothing else happens. */
static uint32_t schedule(struct usocket_modem *modem)
{
    uint32_t wake_ms = UINT32_MAX;

    if (!usk_channel_idle(&modem->channel) || start_next(modem, &wake_ms)) {
        look_at_clock(modem, &wake_ms);
    }
    return wake_ms;
}

static void look_at_channel(struct usocket_modem *modem)
{
    struct usk_channel *channel = &modem->channel;

    if (channel->cme >= 0) {
        modem->module_error = (uint16_t)channel->cme;
        channel->cme = -1;
    }
    if (modem->recovery.resyncs != channel->count.resyncs) {
        modem->recovery.resyncs = channel->count.resyncs;
        usk_recovery_tell(modem, USOCKET_RECOVERY_RESYNC);
    }
    if (channel->silent) {
        channel->silent = false;
        usk_net_module_silent(modem);
    }
    if (channel->echo_returned && usk_channel_idle(channel)) {
        channel->echo_returned = false;
        usk_net_module_suspect(modem, "echo is back");
    }
}

/* The line is gone: nothing that runs on its own waits for ever, begun before it was gone or after. */
static void end_queries(struct usocket_modem *modem)
{
    usk_resolver_end_all(modem, modem->down);
    if (USOCKET_OWN_COMMANDS) {
        usk_own_end(modem, modem->down);
    }
}

uint32_t usk_run(struct usocket_modem *modem)
{
    uint32_t wake_ms = UINT32_MAX;
    bool more;

    if (modem->busy) {
        return UINT32_MAX;
    }
    if (modem->down != 0) {
        end_queries(modem);
        return UINT32_MAX;
    }
    modem->busy = true;
    modem->now_ms = modem->port->now_ms(modem->port_ctx);
    write_line(modem);
    more = read_line(modem);
    usk_channel_tick(&modem->channel, modem->now_ms);
    usk_conn_noise(modem);
    look_at_channel(modem);
    wake_ms = schedule(modem);
    usk_push_settle(modem, &wake_ms);
    write_line(modem);
    if (modem->down != 0) {
        usk_conn_end_all(modem, modem->down);
        end_queries(modem);
        more = false;
    }
    more = usk_events_tell(modem) || more; /* a callback may have made work */
    if (USOCKET_OWN_COMMANDS) {
        usk_own_look_at_clock(modem, &wake_ms);
    }
    usk_lower(&wake_ms, usk_channel_deadline(&modem->channel, modem->now_ms));
    modem->busy = false;
    return modem->down != 0 ? UINT32_MAX : more ? 0 : wake_ms;
}

uint32_t usocket_process(struct usocket_modem *modem)
{
    uint32_t wake_ms;

    usk_lock(modem);
    wake_ms = usk_run(modem);
    usk_unlock(modem);
    return wake_ms;
}

static bool wants_write(const struct usocket_modem *modem)
{
    const char *bytes;

    return usk_channel_output(&modem->channel, &bytes) > 0;
}

bool usocket_wants_write(struct usocket_modem *modem)
{
    bool wants;

    usk_lock(modem);
    wants = wants_write(modem);
    usk_unlock(modem);
    return wants;
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

void usk_lock(struct usocket_modem *modem)
{
    if (modem->port->lock != NULL) {
        modem->port->lock(modem->port_ctx);
    }
    modem->now_ms = modem->port->now_ms(modem->port_ctx);
}

void usk_unlock(const struct usocket_modem *modem)
{
    if (modem->port->lock != NULL) {
        modem->port->wake(modem->port_ctx);
        modem->port->unlock(modem->port_ctx);
    }
}

/* Sleeps until the line or the clock has news; the port leaves the lock meanwhile. */
static int sleep_on(struct usocket_modem *modem, uint32_t ms)
{
    int result;

    if (modem->stirred && modem->port->lock != NULL) { /* what came may be for a thread that sleeps */
        modem->port->wake(modem->port_ctx);
    }
    modem->stirred = false;
    result = modem->port->wait(modem->port_ctx, ms, wants_write(modem));
    modem->now_ms = modem->port->now_ms(modem->port_ctx);
    return result;
}

int usk_wait(struct usocket_modem *modem, uint32_t since_ms, int32_t timeout_ms, bool (*ready)(const void *arg),
             const void *arg)
{
    bool nested = modem->busy;

    for (;;) {
        uint32_t wake_ms = usk_run(modem);
        uint32_t left = UINT32_MAX;

        if (modem->down != 0) {
            return modem->down;
        }
        if (ready(arg)) {
            return 0;
        }
        if (nested || timeout_ms == 0) {
            return -EAGAIN;
        }
        if (timeout_ms > 0) {
            uint32_t now_ms = modem->port->now_ms(modem->port_ctx);

            left = usk_left(now_ms, since_ms, (uint32_t)timeout_ms);
            if (left == 0) {
                return -ETIMEDOUT;
            }
        }
        usk_lower(&left, wake_ms);
        if (left > 0) {
            int result = sleep_on(modem, left);

            if (result == -EINTR) {
                return result;
            }
            modem->down = result < 0 ? (int16_t)result : modem->down;
        }
    }
}

/* --- the end, and what is known ----------------------------------------------------------------------------------- */

static bool all_closed(const void *arg)
{
    const struct usocket_modem *modem = arg;

    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].state != USK_CONN_FREE) {
            return false;
        }
    }
    return modem->close_ids == 0 && (usk_channel_idle(&modem->channel) || !usk_net_ready(modem));
}

int usocket_shutdown(struct usocket_modem *modem, int32_t timeout_ms)
{
    int result;

    usk_lock(modem);
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].state != USK_CONN_FREE) {
            usk_conn_abandon(&modem->sock[i]);
        }
    }
    /* Something to close is a reason to set a module up again that needs it, but none to bring the network up. */
    if (modem->net.goal != USK_GOAL_NONE) {
        modem->net.goal = all_closed(modem) ? USK_GOAL_NONE : USK_GOAL_MODULE;
    }
    result = usk_wait(modem, modem->now_ms, timeout_ms, all_closed, modem);
    modem->net.goal = USK_GOAL_NONE;
    usk_unlock(modem);
    return result;
}

void usocket_get_stats(struct usocket_modem *modem, struct usocket_stats *stats)
{
    const struct usk_counters *count = &modem->channel.count;

    usk_lock(modem);
    *stats = (struct usocket_stats){
        .rx_bytes = modem->rx_bytes,
        .tx_bytes = modem->tx_bytes,
        .commands = count->commands,
        .urcs = count->urcs,
        .lines_unknown = count->unknown,
        .lines_overlong = count->overlong,
        .late_answers = count->late,
        .timeouts = count->timeouts,
        .resyncs = count->resyncs,
        .empty_polls = modem->empty_polls,
        .send_retries = modem->send_retries,
        .module_resets = modem->module_resets,
        .context_losses = modem->context_losses,
        .closes_after_failure = modem->closes_after_failure,
        .resets = modem->resets,
        .clients_refused = modem->clients_refused,
        .datagrams_lost = modem->datagrams_lost,
        .payload_discarded = count->discarded,
    };
    usk_unlock(modem);
}

int usocket_last_module_error(struct usocket_modem *modem)
{
    int code;

    usk_lock(modem);
    code = modem->module_error;
    usk_unlock(modem);
    return code;
}
