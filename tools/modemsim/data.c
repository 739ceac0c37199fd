/*
 * Sending: the prompt, the payload that follows it, and what becomes of it.
 * Fixed length counts every byte as payload, control characters too (transcript 004); variable length ends with
 * Ctrl-Z or is cancelled by ESC. URCs that fall into a data entry wait for its end.
 */
#include "sim.h"

#include <string.h>

enum { CTRL_Z = 0x1a, ESC = 0x1b };

static bool is_open(const struct socket *s)
{
    return s->service != FREE && s->state == STATE_CONNECTED;
}

static enum final answer_of_send(struct modemsim *sim, enum final result)
{
    sim->report.send_fail += result == SEND_FAIL;
    return result;
}

enum final sim_transmit(struct modemsim *sim, struct socket *s, const void *bytes, size_t len, const char *ip,
                        uint16_t port)
{
    if (!is_open(s)) {
        return sim_fail(sim, QI_CLOSED);
    }
    uint64_t limit = fault_number(sim, F_SEND_BUFFER, SEND_BUFFER);
    bool full = !sim_is_datagram(s) && s->sent - s->acked + len > limit;
    if (full || fault_strikes(sim, F_SEND_FAIL)) {
        return answer_of_send(sim, SEND_FAIL);
    }
    sim->report.payload_sent += len;
    s->sent += len;
    s->acked += sim_is_datagram(s) ? len : 0;
    sim->net->send(sim->net_ctx, s->handle, bytes, len, ip, port);
    return SEND_OK;
}

/* ---- the prompt ---- */

static void data_timeout(void *ctx, uint64_t serial)
{
    struct modemsim *sim = ctx;
    if (sim->phase == PHASE_DATA && sim->send.serial == serial) {
        sim->report.data_timeouts++;
        sim->answer_begun = false;
        sim_finish(sim, sim_fail(sim, QI_TIMEOUT));
    }
}

static void show_prompt(void *ctx, uint64_t arg)
{
    struct modemsim *sim = ctx;
    (void)arg;
    if (fault_strikes(sim, F_URC_BEFORE_PROMPT)) {
        sim->sending = false;
        sim_urc(sim, "%s", fault_text(sim, F_URC_BEFORE_PROMPT, "+QIND: SMS DONE"));
    }
    sim->sending = true;
    sim->phase = PHASE_DATA;
    sim->send.open_us = sim->now_us;
    if (!fault_strikes(sim, F_DROP_PROMPT)) {
        sim_put(sim, "\r\n>", 3);
        sim->send.open_us = line_end_us(&sim->tx);
        if (fault_on(sim, F_PROMPT_CRLF)) {
            sim_put(sim, "\r\n", 2);
        } else if (!fault_on(sim, F_PROMPT_NO_BLANK)) {
            sim_put(sim, " ", 1);
        }
    }
    long seconds = config_value(sim, "qisend/timeout", 0);
    if (seconds) {
        sim_after(sim, (uint64_t)seconds * 1000, data_timeout, sim->send.serial);
    }
}

void sim_open_data(struct modemsim *sim)
{
    sim->phase = PHASE_PROMPT;
    sim->sending = true;
    sim->send.have = 0;
    sim->send.serial++;
    uint64_t late_ms = fault_number(sim, F_LATE_PROMPT, 0);
    if (late_ms) {
        sim_after(sim, late_ms, show_prompt, 0);
    } else {
        show_prompt(sim, 0);
    }
}

/* ---- the payload ---- */

static void spurious_recv(void *ctx, uint64_t id)
{
    sim_urc(ctx, "+QIURC: \"recv\",%d", (int)id);
}

static void payload_complete(void *ctx, uint64_t cancelled)
{
    struct modemsim *sim = ctx;
    struct send *d = &sim->send;
    enum final result;
    if (fault_on(sim, F_PROMPT_NO_BLANK)) {
        sim_put(sim, " ", 1);
    }
    if (cancelled) {
        result = sim_fail(sim, QI_CANCELLED);
    } else if (d->have > MAX_SEND) {
        sim->report.send_too_long++;
        result = sim_fail(sim, QI_INVALID);
    } else {
        result = sim_transmit(sim, &sim->socket[d->id], d->bytes, d->have, d->ip, d->port);
    }
    sim_finish(sim, result);
    if (result == SEND_OK && fault_strikes(sim, F_SPURIOUS_RECV)) {
        spurious_recv(sim, (uint64_t)d->id);
    }
}

static void keep(struct send *d, const uint8_t *bytes, size_t len)
{
    size_t room = d->have < MAX_SEND ? MAX_SEND - d->have : 0;
    memcpy(d->bytes + (MAX_SEND - room), bytes, len < room ? len : room);
    d->have += len;
}

static size_t variable_part(const uint8_t *bytes, size_t len, bool *ends)
{
    size_t n = 0;
    while (n < len && bytes[n] != CTRL_Z && bytes[n] != ESC) {
        n++;
    }
    *ends = n < len;
    return n;
}

/* Bytes that came before '>' was out are lost; the LF of a command that ended with CR LF is not payload. */
static size_t too_early(struct modemsim *sim, const uint8_t *bytes)
{
    sim->report.payload_before_prompt += bytes[0] != '\n';
    return 1;
}

size_t sim_feed_data(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    struct send *d = &sim->send;
    uint64_t first = line_arrival_us(&sim->rx, sim->rx.out);
    if (!d->have && first < d->open_us) {
        return too_early(sim, bytes);
    }
    bool ends = false;
    size_t part = len;
    if (d->variable) {
        part = variable_part(bytes, len, &ends);
    } else if (part >= d->want - d->have) {
        part = d->want - d->have;
        ends = true;
    }
    keep(d, bytes, part);
    if (sim->echo && sim->payload_echo) {
        sim->now_us = first > sim->now_us ? first : sim->now_us;
        sim_put(sim, bytes, part);
    }
    size_t used = part + (d->variable && ends ? 1 : 0);
    uint64_t last = line_arrival_us(&sim->rx, sim->rx.out + used - 1);
    sim->now_us = last > sim->now_us ? last : sim->now_us;
    if (ends) {
        uint64_t cancelled = d->variable && bytes[part] == ESC;
        sim->phase = PHASE_BUSY;
        sim->answer_begun = false;
        if (sim->options.latency_ms) {
            sim_after(sim, sim->options.latency_ms, payload_complete, cancelled);
        } else {
            payload_complete(sim, cancelled);
        }
    }
    return used;
}
