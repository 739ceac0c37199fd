/*
 * The module's life: virtual time and its timers, what goes out to the host, boot, reset and power-off.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESET_BOOT_MS = 6000,   /* RDY six seconds after CFUN=1,1: TinyGSM#157 */
    POWER_DOWN_MS = 100,    /* from OK to POWERED DOWN */
    BOOT_URC_GAP_MS = 20,   /* between two URCs of a boot */
    OUTPUT_BACKLOG = 65536, /* with no baud limit, pushed data waits for a host that doesn't read */
    LONGEST_TEXT = 1024,
};

/* ---- time ---- */

static void add_timer(struct modemsim *sim, struct timer t)
{
    if (sim->timer_count == sim->timer_cap) {
        sim->timer_cap = sim->timer_cap ? 2 * sim->timer_cap : 32;
        sim->timers = realloc(sim->timers, sim->timer_cap * sizeof *sim->timers);
        if (!sim->timers) {
            abort();
        }
    }
    size_t i = sim->timer_count++;
    while (i > 0 && sim->timers[i - 1].at_us <= t.at_us) {
        sim->timers[i] = sim->timers[i - 1];
        i--;
    }
    sim->timers[i] = t;
}

void modemsim_at(struct modemsim *sim, uint64_t at_us, void (*fn)(void *ctx, uint64_t arg), void *ctx, uint64_t arg)
{
    add_timer(sim, (struct timer){.at_us = at_us, .fn = fn, .ctx = ctx, .arg = arg});
}

void sim_after(struct modemsim *sim, uint64_t ms, void (*fn)(void *ctx, uint64_t arg), uint64_t arg)
{
    uint64_t at_us = sim->now_us + ms * 1000;
    add_timer(sim, (struct timer){.at_us = at_us, .fn = fn, .ctx = sim, .arg = arg, .of_module = true});
}

static void forget_timers(struct modemsim *sim)
{
    size_t kept = 0;
    for (size_t i = 0; i < sim->timer_count; i++) {
        if (!sim->timers[i].of_module) {
            sim->timers[kept++] = sim->timers[i];
        }
    }
    sim->timer_count = kept;
}

static uint64_t next_timer_us(const struct modemsim *sim)
{
    return sim->timer_count ? sim->timers[sim->timer_count - 1].at_us : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool may_push(const struct modemsim *sim)
{
    return sim->tx.in - sim->tx.out < OUTPUT_BACKLOG && !sim->sending;
}

/* Pushed data is put on the wire a block at a time, so that answers can go between and the rest stays in the window. */
static uint64_t next_push_us(const struct modemsim *sim)
{
    return sim_push_pending(sim) && may_push(sim) ? line_end_us(&sim->tx) : UINT64_MAX;
}

static void start(struct modemsim *sim)
{
    sim->started = true;
    if (sim->options.booted) {
        sim->phase = PHASE_COMMAND;
        sim_register(sim);
    } else {
        sim_boot(sim, fault_number(sim, F_BOOT_DELAY, 0));
    }
}

void modemsim_run(struct modemsim *sim, uint64_t now_us)
{
    if (!sim->started) {
        start(sim);
    }
    for (;;) {
        uint64_t timer = next_timer_us(sim);
        uint64_t push = next_push_us(sim);
        uint64_t limit = earlier(now_us, earlier(timer, push));
        if (sim_input(sim, limit)) {
            continue;
        }
        if (earlier(timer, push) > now_us) {
            break;
        }
        if (timer <= push) {
            struct timer t = sim->timers[--sim->timer_count];
            sim->now_us = t.at_us > sim->now_us ? t.at_us : sim->now_us;
            t.fn(t.ctx, t.arg);
        } else {
            sim->now_us = push > sim->now_us ? push : sim->now_us;
            sim_push(sim);
        }
    }
    if (now_us > sim->now_us) {
        sim->now_us = now_us;
    }
}

size_t modemsim_write(struct modemsim *sim, uint64_t now_us, const void *bytes, size_t len)
{
    modemsim_run(sim, now_us);
    size_t waiting = (size_t)(sim->rx.in - sim->rx.out);
    size_t room = sim->options.fifo > waiting ? sim->options.fifo - waiting : 0;
    if (len > room) {
        len = room;
    }
    const uint8_t *from = bytes;
    size_t taken = len;
    uint64_t lost = fault_number(sim, F_DROP_HOST_BYTE, UINT64_MAX);
    if (sim->rx_count < lost && lost <= sim->rx_count + len) {
        size_t before = (size_t)(lost - sim->rx_count - 1);
        line_put(&sim->rx, now_us, from, before);
        from += before + 1;
        len -= before + 1;
    }
    line_put(&sim->rx, now_us, from, len);
    sim->rx_count += taken;
    sim->report.bytes_from_host += taken;
    modemsim_run(sim, now_us);
    return taken;
}

size_t modemsim_read(struct modemsim *sim, uint64_t now_us, void *buf, size_t len)
{
    modemsim_run(sim, now_us);
    if (fault_on(sim, F_CHUNK)) {
        uint64_t most = fault_number(sim, F_CHUNK, 1);
        size_t part = most ? (size_t)most : (size_t)(1 + sim_random(sim) % 16);
        len = part < len ? part : len;
    }
    return line_take(&sim->tx, sim->now_us, buf, len);
}

uint64_t modemsim_next_block_us(struct modemsim *sim, uint64_t now_us, size_t want)
{
    modemsim_run(sim, now_us);
    uint64_t next = earlier(earlier(next_timer_us(sim), next_push_us(sim)), sim_input_next_us(sim));
    uint64_t queued = sim->tx.in - sim->tx.out;
    if (queued) {
        uint64_t block = queued < want ? queued : want;
        next = earlier(next, line_arrival_us(&sim->tx, sim->tx.out + (block ? block : 1) - 1));
    }
    return next > now_us ? next : now_us;
}

uint64_t modemsim_next_us(struct modemsim *sim, uint64_t now_us)
{
    return modemsim_next_block_us(sim, now_us, 1);
}

uint64_t modemsim_now_us(const struct modemsim *sim)
{
    return sim->now_us;
}

const struct modemsim_report *modemsim_report(const struct modemsim *sim)
{
    return &sim->report;
}

/* splitmix64 */
uint64_t sim_random(struct modemsim *sim)
{
    uint64_t z = sim->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- output ---- */

static void reset_now(void *ctx, uint64_t arg)
{
    (void)arg;
    modemsim_reset(ctx);
}

/* Takes one strike of a fault that waits for this byte of the output. */
static bool strikes_here(struct modemsim *sim, enum fault_id id)
{
    return fault_number(sim, id, 0) == sim->tx_count && fault_strikes(sim, id);
}

static void put_with_faults(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && !sim->muted; i++) {
        uint8_t byte = bytes[i];
        sim->tx_count++;
        if (strikes_here(sim, F_INSERT_BYTE)) {
            line_put(&sim->tx, sim->now_us, "~", 1);
        }
        if (strikes_here(sim, F_FLIP_BYTE)) {
            byte ^= 0x10;
        }
        if (!strikes_here(sim, F_DROP_BYTE)) {
            line_put(&sim->tx, sim->now_us, &byte, 1);
        }
        if (strikes_here(sim, F_SILENT_AT)) {
            sim->muted = sim->hung = true;
        }
        if (strikes_here(sim, F_RESET_AT)) {
            sim->muted = true;
            modemsim_at(sim, sim->now_us, reset_now, sim, 0);
        }
    }
}

void sim_put(struct modemsim *sim, const void *bytes, size_t len)
{
    static const enum fault_id on_bytes[] = {F_INSERT_BYTE, F_FLIP_BYTE, F_DROP_BYTE, F_SILENT_AT, F_RESET_AT};
    if (sim->muted || sim->hung || fault_on(sim, F_SILENT)) {
        return;
    }
    uint64_t before = sim->tx.in;
    bool faulty = false;
    for (size_t i = 0; i < sizeof on_bytes / sizeof on_bytes[0]; i++) {
        faulty = faulty || fault_on(sim, on_bytes[i]);
    }
    if (faulty) {
        put_with_faults(sim, bytes, len);
    } else {
        line_put(&sim->tx, sim->now_us, bytes, len);
        sim->tx_count += len;
    }
    sim->report.bytes_to_host += sim->tx.in - before;
}

static void put_text(struct modemsim *sim, const char *text)
{
    sim_put(sim, text, strlen(text));
}

static void begin_answer(struct modemsim *sim)
{
    if (sim->answer_begun) {
        return;
    }
    sim->answer_begun = true;
    if (fault_strikes(sim, F_URC_BEFORE_RESPONSE)) {
        sim_urc(sim, "%s", fault_text(sim, F_URC_BEFORE_RESPONSE, "+QIND: SMS DONE"));
    }
    if (fault_on(sim, F_EXTRA_BLANK_LINES)) {
        put_text(sim, "\r\n\r\n");
    }
}

static void put_info(struct modemsim *sim, const char *format, va_list ap)
{
    char text[LONGEST_TEXT];
    vsnprintf(text, sizeof text, format, ap);
    bool first = !sim->answer_begun;
    begin_answer(sim);
    put_text(sim, first && sim->verbose ? "\r\n" : "");
    put_text(sim, text);
}

/* Information without a line end; only the first line of an answer has one before it. */
void sim_text(struct modemsim *sim, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_info(sim, format, ap);
    va_end(ap);
}

void sim_line(struct modemsim *sim, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_info(sim, format, ap);
    va_end(ap);
    put_text(sim, "\r\n");
}

void sim_payload(struct modemsim *sim, const struct socket *s, size_t len, const struct datagram *d)
{
    sim->report.payload_received += len;
    if (d) {
        sim_put(sim, d->bytes, len);
        return;
    }
    size_t first = len < s->rx_cap - s->rx_head ? len : s->rx_cap - s->rx_head;
    sim_put(sim, s->rx + s->rx_head, first);
    sim_put(sim, s->rx, len - first);
}

bool sim_urc_wanted(struct modemsim *sim, const char *text)
{
    bool heard = strcmp(sim->urcport, "uart1") == 0 || strcmp(sim->urcport, "all") == 0;
    if (!heard || fault_names(sim, F_DROP_URC, text) || (sim->sending && fault_strikes(sim, F_DROP_URC_DURING_SEND))) {
        sim->report.urcs_dropped++;
        return false;
    }
    sim->report.urcs++;
    return true;
}

static void hold(struct modemsim *sim, const char *text, size_t len)
{
    if (sim->held_len + len > sim->held_cap) {
        sim->held_cap = 2 * (sim->held_len + len);
        sim->held = realloc(sim->held, sim->held_cap);
        if (!sim->held) {
            abort();
        }
    }
    memcpy(sim->held + sim->held_len, text, len);
    sim->held_len += len;
}

void sim_urc(struct modemsim *sim, const char *format, ...)
{
    char text[LONGEST_TEXT];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (!sim_urc_wanted(sim, text)) {
        return;
    }
    char framed[LONGEST_TEXT + 4];
    int len = snprintf(framed, sizeof framed, "\r\n%s\r\n", text);
    if (sim->sending || sim->phase == PHASE_ONLINE) {
        hold(sim, framed, (size_t)len);
    } else {
        sim_put(sim, framed, (size_t)len);
    }
}

void sim_finish(struct modemsim *sim, enum final result)
{
    static const struct {
        const char *text, *digits;
    } finals[] = {
        {"OK", "0"}, {"ERROR", "4"}, {"SEND OK", "0"}, {"SEND FAIL", "4"}, {"CONNECT", "1"}, {"NO CARRIER", "3"},
    };
    if (result == PENDING) {
        return;
    }
    if (result == OK && sim->chain) {
        sim_execute(sim, 0);
        return;
    }
    if (result != NO_FINAL) {
        if (sim->answer_begun && fault_strikes(sim, F_URC_INSIDE_RESPONSE)) {
            sim_urc(sim, "%s", fault_text(sim, F_URC_INSIDE_RESPONSE, "+QIND: SMS DONE"));
        }
        begin_answer(sim);
        put_text(sim, sim->verbose ? "\r\n" : "");
        put_text(sim, sim->verbose ? finals[result].text : finals[result].digits);
        put_text(sim, "\r\n");
    }
    sim->final_end_us = line_end_us(&sim->tx);
    sim->phase = result == CONNECT ? PHASE_ONLINE : PHASE_COMMAND;
    sim->online_us = sim->now_us;
    sim->chain = NULL;
    sim->sending = false;
    sim_put(sim, sim->held, sim->held_len);
    sim->held_len = 0;
}

enum final sim_fail(struct modemsim *sim, int qi_error)
{
    sim->last_error = qi_error;
    return ERROR;
}

enum final sim_cme(struct modemsim *sim, int code)
{
    if (!sim->cmee) {
        return ERROR;
    }
    if (sim->cmee == 1) {
        sim_line(sim, "+CME ERROR: %d", code);
    } else {
        sim_line(sim, "+CME ERROR: %s", cme_text(code));
    }
    return NO_FINAL;
}

/* ---- life cycle ---- */

/* What AT&F and a reset set; the URC port is saved in the module, ATM-EC2x. */
static void factory_settings(struct modemsim *sim)
{
    sim->echo = sim->verbose = sim->payload_echo = true;
    sim->cmee = 1;
    sim->cfun = 1;
    sim->cgatt = 1;
    sim->cops_format = 0;
    sim->call = false;
    card_defaults(sim);
    memset(sim->reg_mode, 0, sizeof sim->reg_mode);
    memset(sim->ifc, 0, sizeof sim->ifc);
    sim->last_error = QI_OK;
    for (int i = 0; i < 2; i++) {
        static const char *const otherwise[2] = {"8.8.8.8", "8.8.4.4"};
        const char *dns = sim->options.dns[i] ? sim->options.dns[i] : otherwise[i];
        snprintf(sim->dns[i], sizeof sim->dns[i], "%s", dns);
    }
    for (int i = 1; i <= CONTEXTS; i++) {
        sim->context[i] = (struct context){.type = 1};
    }
    config_defaults(sim);
}

static void forget_volatile(struct modemsim *sim)
{
    sim_sockets_drop(sim, 0);
    forget_timers(sim);
    factory_settings(sim);
    sim->line_len = 0;
    sim->discarding = false;
    sim->chain = NULL;
    sim->held_len = 0;
    sim->closing = -1;
    sim->sending = false;
    sim->dns_query.handle = sim->tool_query.handle = 0;
    sim->muted = sim->hung = false;
    sim->owner.answers = false;
    sim->stat = 0;
    sim->phase = PHASE_OFF;
}

static void boot_urc(void *ctx, uint64_t number)
{
    struct modemsim *sim = ctx;
    const char *text = sim->profile->boot[number];
    bool of_sim = strncmp(text, "+CPIN", 5) == 0 || strncmp(text, "+QUSIM", 6) == 0 || strncmp(text, "+QIND", 5) == 0;
    if (!number) {
        sim->phase = PHASE_COMMAND;
        sim_register(sim);
    }
    if (!of_sim || sim_has_sim(sim)) {
        sim_urc(sim, "%s", sim->pin_locked && strncmp(text, "+CPIN", 5) == 0 ? "+CPIN: SIM PIN" : text);
    }
    if (number + 1 < sizeof sim->profile->boot / sizeof sim->profile->boot[0] && sim->profile->boot[number + 1]) {
        sim_after(sim, BOOT_URC_GAP_MS, boot_urc, number + 1);
    }
}

void sim_boot(struct modemsim *sim, uint64_t delay_ms)
{
    sim->phase = PHASE_OFF;
    sim->pin_locked = fault_on(sim, F_SIM_PIN);
    sim_after(sim, delay_ms, boot_urc, 0);
}

void modemsim_reset(struct modemsim *sim)
{
    forget_volatile(sim);
    sim->started = true;
    sim->report.resets++;
    sim_boot(sim, fault_number(sim, F_BOOT_DELAY, RESET_BOOT_MS));
}

/* CFUN=1,1: POWERED DOWN, then much later what BG96 says of its contexts, then RDY (TinyGSM#157). */
static void lost_contexts(void *ctx, uint64_t cid)
{
    sim_urc(ctx, "+QIURC: \"pdpdeact\",%d", (int)cid);
}

static void powered_down(void *ctx, uint64_t restart)
{
    struct modemsim *sim = ctx;
    bool active[CONTEXTS + 1];
    for (int i = 1; i <= CONTEXTS; i++) {
        active[i] = sim->context[i].active;
    }
    sim_urc(sim, "POWERED DOWN");
    forget_volatile(sim);
    if (!restart) {
        return;
    }
    sim->report.resets++;
    uint64_t boot_ms = fault_number(sim, F_BOOT_DELAY, RESET_BOOT_MS);
    for (int i = 1; i <= CONTEXTS; i++) {
        if (active[i]) {
            sim_after(sim, boot_ms / 2, lost_contexts, (uint64_t)i);
        }
    }
    sim_boot(sim, boot_ms);
}

void sim_power_off(struct modemsim *sim)
{
    sim_after(sim, POWER_DOWN_MS, powered_down, false);
}

void sim_restart(struct modemsim *sim)
{
    sim_after(sim, POWER_DOWN_MS, powered_down, true);
}

struct modemsim *modemsim_new(const struct modemsim_options *options, const struct modemsim_net *net, void *net_ctx)
{
    const struct profile *profile = profile_find(options->module ? options->module : "BG96");
    struct modemsim *sim = profile ? calloc(1, sizeof *sim) : NULL;
    if (!sim) {
        return NULL;
    }
    sim->options = *options;
    sim->options.fifo = options->fifo ? options->fifo : 4096;
    sim->options.address = options->address ? options->address : "10.64.0.2";
    sim->options.address6 = options->address6 ? options->address6 : "2001:db8:64::2";
    sim->profile = profile;
    sim->net = net;
    sim->net_ctx = net_ctx;
    sim->random = options->seed;
    line_init(&sim->rx, options->baud, sim->options.fifo);
    line_init(&sim->tx, options->baud, 4096);
    snprintf(sim->urcport, sizeof sim->urcport, "uart1");
    sim->closing = -1;
    factory_settings(sim);
    return sim;
}

void modemsim_free(struct modemsim *sim)
{
    if (!sim) {
        return;
    }
    for (int i = 0; i < SOCKETS; i++) {
        sim_socket_clear(sim, &sim->socket[i]);
    }
    line_free(&sim->rx);
    line_free(&sim->tx);
    free(sim->timers);
    free(sim->held);
    free(sim);
}
