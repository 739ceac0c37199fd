/*
 * What the host sends: bytes become command lines or payload, each at the moment it arrives.
 * A command that comes while another runs is discarded up to its CR, as V.25ter allows, and counted as wrong use.
 */
#include "sim.h"

#include <string.h>
#include <strings.h>

enum { CTRL_Z = 0x1a, BACKSPACE = 0x08 };

/* ---- finding the command ---- */

static const struct command *const tables[] = {
    general_commands,  config_commands, network_commands, context_commands, socket_commands,
    transfer_commands, tool_commands,   v250_commands,    card_commands,
};

static const struct command *find(const char *name, size_t len)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (const struct command *c = tables[t]; c->name; c++) {
            if (strlen(c->name) == len && strncasecmp(c->name, name, len) == 0) {
                return c;
            }
        }
    }
    return NULL;
}

static enum final unknown(struct modemsim *sim)
{
    sim->report.unknown_commands++;
    return ERROR;
}

/* An extended command: a name, then nothing, "?", "=?" or "=" and arguments. */
static enum final extended(struct modemsim *sim, const char *text, size_t len, bool offered)
{
    size_t name = 0;
    while (name < len && text[name] != '=' && text[name] != '?') {
        name++;
    }
    const struct command *c = find(text, name);
    const char *rest = text + name;
    size_t rest_len = len - name;
    if (offered && sim_owner_takes(sim, text, len, c != NULL)) {
        return PENDING;
    }
    if (!c) {
        return unknown(sim);
    }
    if (!rest_len) {
        return c->exec ? c->exec(sim) : unknown(sim);
    }
    if (rest_len == 1 && *rest == '?') {
        return c->read ? c->read(sim) : unknown(sim);
    }
    if (rest_len == 2 && strncmp(rest, "=?", 2) == 0 && c->test) {
        if (*c->test) {
            sim_line(sim, "%s", c->test);
        }
        return OK;
    }
    if (*rest != '=' || !c->write) {
        return unknown(sim);
    }
    struct args a;
    args_parse(&a, rest + 1, rest_len - 1);
    return a.bad ? sim_fail(sim, QI_INVALID) : c->write(sim, &a);
}

static size_t up_to_semicolon(const char *text)
{
    size_t len = 0;
    for (bool quoted = false; text[len] && (quoted || text[len] != ';'); len++) {
        quoted ^= text[len] == '"';
    }
    return len;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A basic command (ATE0, AT&F) with its number; several may follow each other without a separator. */
static enum final basic(struct modemsim *sim, const char **text, bool offered)
{
    const char *name = *text;
    size_t len = name[0] == '&' && name[1] ? 2 : 1;
    const struct command *c = find(name, len);
    size_t digits = 0;
    while (is_digit(name[len + digits])) {
        digits++;
    }
    *text += len + digits;
    if (offered && sim_owner_takes(sim, name, len + digits, c != NULL)) {
        return PENDING;
    }
    if (!c || !c->write) {
        return unknown(sim);
    }
    struct args a;
    args_parse(&a, digits ? name + len : "0", digits ? digits : 1);
    return c->write(sim, &a);
}

/* Those that are not a letter and a number, and the blanks that may stand before any. */
static enum final first_basic(struct modemsim *sim, const char **text)
{
    const char *rest = *text + 1;
    switch (**text) {
    case ' ':
        *text = rest;
        return OK;
    case 'D':
    case 'd':
        *text += strlen(*text);
        return sim_dial(sim, rest);
    case 'S':
    case 's':
        *text = rest;
        return sim_parameter(text);
    default:
        return basic(sim, text, true);
    }
}

enum final sim_answer_itself(struct modemsim *sim, const char *command)
{
    return *command == '+' ? extended(sim, command, strlen(command), false) : basic(sim, &command, false);
}

/* Runs the next command of the line; sim_finish() comes back here while there is one more. */
void sim_execute(void *ctx, uint64_t arg)
{
    struct modemsim *sim = ctx;
    (void)arg;
    const char *text = sim->chain;
    enum final result = OK;
    sim->chain = NULL;
    while (result == OK && *text && *text != '+' && *text != ';') {
        result = first_basic(sim, &text);
    }
    if (result == PENDING) {
        sim->chain = *text ? text : NULL; /* goes on when the owner has answered */
    }
    if (result == OK && *text == '+') {
        size_t len = up_to_semicolon(text);
        sim->chain = text[len] == ';' && text[len + 1] ? text + len + 1 : NULL;
        result = extended(sim, text, len, true);
    } else if (result == OK && *text == ';' && text[1]) {
        sim->chain = text + 1;
    }
    if (result != OK && result != PENDING) {
        sim->chain = NULL;
    }
    sim_finish(sim, result);
}

/* ---- command lines ---- */

static const char *after_at(const char *line)
{
    for (; *line; line++) {
        if (strncasecmp(line, "AT", 2) == 0) {
            return line + 2;
        }
    }
    return NULL;
}

static void line_complete(struct modemsim *sim)
{
    sim->line[sim->line_len] = '\0';
    bool too_long = sim->line_len == LINE_MAX_CHARS;
    bool empty = !sim->line_len;
    const char *body = after_at(sim->line);
    sim->line_len = 0;
    if (empty) {
        return;
    }
    if (!body) {
        sim->report.not_a_command++;
        return;
    }
    sim->report.commands++;
    sim->phase = PHASE_BUSY;
    sim->answer_begun = false;
    sim->chain = body;
    if (fault_names(sim, F_NO_ANSWER, body - 2)) {
        sim->phase = PHASE_COMMAND;
        sim->chain = NULL;
    } else if (too_long || fault_names(sim, F_ERROR_FOR, body - 2)) {
        sim->report.line_too_long += too_long;
        sim->chain = NULL;
        sim->last_error = (int)fault_number(sim, F_ERROR_CODE, QI_UNKNOWN);
        sim_finish(sim, ERROR);
    } else {
        uint64_t late = fault_number(sim, F_LATE_ANSWER, 0);
        fault_strikes(sim, F_LATE_ANSWER);
        if (sim->options.latency_ms + late) {
            sim_after(sim, sim->options.latency_ms + late, sim_execute, 0);
        } else {
            sim_execute(sim, 0);
        }
    }
}

static uint64_t arrival(const struct modemsim *sim, size_t index)
{
    uint64_t at = line_arrival_us(&sim->rx, sim->rx.out + index);
    return at > sim->now_us ? at : sim->now_us;
}

static size_t discard_line(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    const uint8_t *cr = memchr(bytes, '\r', len);
    sim->report.command_while_busy += !sim->discarding;
    sim->discarding = !cr;
    return cr ? (size_t)(cr - bytes) + 1 : len;
}

static size_t feed_command(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    uint64_t first = arrival(sim, 0);
    if (sim->discarding || (!sim->line_len && first < sim->final_end_us)) {
        bool stray = !sim->discarding && (bytes[0] == '\n' || bytes[0] == CTRL_Z || bytes[0] == '\r');
        if (stray) {
            sim->report.stray_ctrl_z += bytes[0] == CTRL_Z;
            return 1;
        }
        return discard_line(sim, bytes, len);
    }
    size_t n = 0;
    bool complete = false;
    while (n < len && !complete) {
        char c = (char)bytes[n++];
        if (c == '\r') {
            complete = true;
        } else if (c == CTRL_Z) {
            sim->report.stray_ctrl_z++;
        } else if (c == BACKSPACE) {
            sim->line_len -= sim->line_len > 0;
        } else if (c != '\n' && c != '\0' && sim->line_len < LINE_MAX_CHARS) {
            sim->line[sim->line_len++] = c;
        }
    }
    if (sim->echo) { /* back at the line's own pace, so the first byte's time fixes those of the others */
        sim->now_us = first;
        sim_put(sim, bytes, n);
    }
    sim->now_us = arrival(sim, n - 1);
    if (complete) {
        line_complete(sim);
    }
    return n;
}

static size_t feed_busy(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    if (!sim->discarding && (bytes[0] == '\n' || bytes[0] == CTRL_Z)) {
        sim->report.stray_ctrl_z += bytes[0] == CTRL_Z;
        return 1;
    }
    bool awaits_prompt = sim->chain && strncasecmp(sim->chain, "+QISEND=", 8) == 0;
    if (awaits_prompt) {
        sim->report.payload_before_prompt += len;
        return len;
    }
    return discard_line(sim, bytes, len);
}

static size_t feed(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    if (sim->hung) {
        sim->report.bytes_lost += len;
        return len;
    }
    switch (sim->phase) {
    case PHASE_OFF:
        sim->report.bytes_lost += len;
        return len;
    case PHASE_COMMAND:
        return feed_command(sim, bytes, len);
    case PHASE_BUSY:
        return feed_busy(sim, bytes, len);
    case PHASE_PROMPT:
        if (bytes[0] == '\n') { /* the end of "AT+QISEND=0,5\r\n" */
            return 1;
        }
        sim->report.payload_before_prompt += len;
        return len;
    case PHASE_DATA:
        return sim_feed_data(sim, bytes, len);
    case PHASE_ONLINE:
        return sim_feed_online(sim, bytes, len);
    }
    return len;
}

/* Takes what has arrived by the limit, at most up to the next change of what bytes mean; false if there is nothing. */
bool sim_input(struct modemsim *sim, uint64_t limit_us)
{
    size_t len = line_arrived(&sim->rx, limit_us);
    if (!len) {
        return false;
    }
    const uint8_t *bytes = line_peek(&sim->rx, &len);
    uint64_t last = arrival(sim, 0);
    size_t n = feed(sim, bytes, len);
    if (sim->now_us < last) {
        sim->now_us = last;
    }
    sim->rx.out += n;
    return true;
}

/* The next byte that makes a difference: a CR, the last one of a payload, half an empty FIFO, each one with echo. */
uint64_t sim_input_next_us(const struct modemsim *sim)
{
    size_t len = (size_t)(sim->rx.in - sim->rx.out);
    if (!len) {
        return UINT64_MAX;
    }
    size_t next = len;
    bool command = sim->phase == PHASE_COMMAND;
    size_t peek = len;
    const uint8_t *bytes = line_peek(&sim->rx, &peek);
    const uint8_t *cr = command ? memchr(bytes, '\r', peek) : NULL;
    if (command && sim->echo) {
        next = 1;
    } else if (cr) {
        next = (size_t)(cr - bytes) + 1;
    } else if (sim->phase == PHASE_DATA && !sim->send.variable && sim->send.want - sim->send.have < len) {
        next = sim->send.want - sim->send.have;
    }
    if (len > sim->options.fifo / 2 && next > len - sim->options.fifo / 2) {
        next = len - sim->options.fifo / 2;
    }
    return line_arrival_us(&sim->rx, sim->rx.out + (next ? next : 1) - 1);
}
