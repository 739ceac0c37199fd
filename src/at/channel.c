/*
 * The channel: a state machine round the lexer. DESIGN.md has its drawing.
 */
#include "at/channel.h"

#include <errno.h>
#include <string.h>

#include "at/lexer.h"

enum state {
    IDLE,
    TEXT,    /* the command line is being written */
    WAIT,    /* for the final result, or for the prompt */
    PAYLOAD, /* is being written */
    RESYNC,  /* a probe is being written or waits for its answer */
};

enum {
    PROMPT_MS = 10 * 1000, /* the prompt comes in milliseconds (transcripts 002, 004); a lost one must not cost 120 s */
    STALL_MS = 2 * 1000,   /* longest gap within a payload and before the final result behind it */
    PROBE_MS = 1000,
    PROBES = 4,
    GAPS = 16,          /* payloads with as many bytes behind them until fewer are a sign of loss */
    PROBES_UNNAMED = 3, /* final results without "+CMEE:" until a module that does not know the probe is believed */
};

/* A read command with an information response of its own, which no answer owed can be taken for. 3GPP TS 27.007 9.1. */
static const char probe[] = "AT+CMEE?\r";
static const char probe_name[] = "+CMEE";
static const char escape[] = "\x1b";

/* Ends a payload that the module waits for: nothing in command mode, the missing bytes in data mode. */
static const char filling[] = "\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r";

static void see(const struct usk_channel *channel, enum usk_seen seen, const char *text, size_t len)
{
    if (USOCKET_LOG && channel->observe != NULL) {
        channel->observe(channel->observe_ctx, (int)seen, text, len);
    }
}

static void wait_for(struct usk_channel *channel, uint32_t wait_ms)
{
    channel->since_ms = channel->now_ms;
    channel->wait_ms = wait_ms;
}

/* Only while a command is in flight. */
static bool has(const struct usk_channel *channel, unsigned flag)
{
    return (channel->command->flags & flag) != 0;
}

/* The command in flight is the program's own. */
static bool is_foreign(const struct usk_channel *channel)
{
    return USOCKET_OWN_COMMANDS && has(channel, USK_FOREIGN);
}

void usk_channel_init(struct usk_channel *channel, const struct usk_urc *urcs, void *urc_ctx)
{
    memset(channel, 0, offsetof(struct usk_channel, text));
    usk_lexer_init(&channel->lexer);
    channel->urcs = urcs;
    channel->urc_ctx = urc_ctx;
    channel->echo = true;
}

bool usk_channel_idle(const struct usk_channel *channel)
{
    return channel->state == IDLE && channel->lexer.data_left == 0;
}

struct usk_line usk_channel_line(struct usk_channel *channel)
{
    return (struct usk_line){.text = channel->text, .size = sizeof(channel->text) - 1};
}

int usk_channel_start(struct usk_channel *channel, const struct usk_line *line, const struct usk_command *command,
                      void *ctx, uint32_t now_ms)
{
    channel->now_ms = now_ms;
    if (line->error != 0) {
        return line->error;
    }
    channel->text_len = (uint16_t)(line->len + 1);
    channel->text[line->len] = '\r';
    channel->out = channel->text;
    channel->out_len = channel->text_len;
    channel->command = command;
    channel->command_ctx = ctx;
    channel->payload_len = 0;
    channel->prompted = false;
    channel->probe_lost = false;
    channel->result = 0;
    channel->cme = -1;
    channel->echo_due = channel->echo;
    channel->lexer.torn = false;
    channel->state = TEXT;
    channel->count.commands++;
    wait_for(channel, command->timeout_ms);
    see(channel, USK_SEEN_COMMAND, channel->text, line->len);
    return 0;
}

void usk_channel_limit(struct usk_channel *channel, uint32_t timeout_ms)
{
    channel->wait_ms = timeout_ms;
}

void usk_channel_payload(struct usk_channel *channel, const void *bytes, uint16_t len)
{
    channel->payload = bytes;
    channel->payload_len = len;
}

static void finish(struct usk_channel *channel, int result)
{
    const struct usk_command *command = channel->command;

    channel->state = IDLE;
    channel->command = NULL;
    channel->out_len = 0;
    channel->data_mine = false;
    channel->lexer.want_prompt = false;
    if (command->on_done != NULL) {
        command->on_done(channel->command_ctx, result);
    }
}

void usk_channel_abort(struct usk_channel *channel, int result)
{
    if (channel->command != NULL) {
        channel->owed = channel->state != TEXT; /* a module that restarts may say the rest of it (transcript 017) */
        finish(channel, result);
    }
}

/* --- resynchronisation -------------------------------------------------------------------------------------------- */

static void send_probe(struct usk_channel *channel)
{
    channel->probes++;
    channel->out = probe;
    channel->out_len = sizeof(probe) - 1;
    wait_for(channel, PROBE_MS);
}

/* A piece of the filling for a payload whose prompt or whose bytes were lost; false when it is complete. */
static bool send_filling(struct usk_channel *channel)
{
    uint16_t piece = sizeof(filling) - 1;

    if (channel->payload_len == 0) {
        return false;
    }
    channel->out = filling;
    channel->out_len = channel->payload_len < piece ? channel->payload_len : piece;
    channel->payload_len = (uint16_t)(channel->payload_len - channel->out_len);
    return true;
}

static void begin_resync(struct usk_channel *channel, int result)
{
    if (!channel->owed) { /* to ask who has answered is no trouble yet */
        see(channel, USK_SEEN_RESYNC, channel->text, channel->text_len - 1u);
        channel->count.resyncs++;
    }
    channel->owed = false;
    channel->state = RESYNC;
    channel->result = (int16_t)result;
    channel->probes = 0;
    channel->probe_named = false;
    channel->answered = false;
    channel->filling = false;
    channel->data_mine = false;
    send_probe(channel); /* before any filling: after a lost CR it spoils the command, a CR would run it */
}

/*
 * A probe was answered. A module that was busy may answer those before it too, and that must not be the next command's
 * answer: the command ends with the last of them, or when none comes any more.
 */
static void end_resync(struct usk_channel *channel)
{
    channel->answered = true;
    channel->probes--;
    if (channel->probes == 0) {
        finish(channel, channel->result);
    } else {
        wait_for(channel, PROBE_MS);
    }
}

static void resync_line(struct usk_channel *channel, struct usk_text line, bool final)
{
    struct usk_fields fields;

    if (usk_fields_of(&fields, line, probe_name)) {
        channel->probe_named = true;
    } else if (final && (channel->answered || channel->probe_named || channel->probes > PROBES_UNNAMED)) {
        end_resync(channel);
    } else {
        channel->count.late++;
        see(channel, USK_SEEN_LATE, line.at, line.len);
    }
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static bool is_error(struct usk_channel *channel, struct usk_text line)
{
    static const char *const names[] = {"+CME ERROR", "+CMS ERROR"};
    struct usk_fields fields;
    uint32_t code;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (usk_fields_of(&fields, line, names[i])) {
            channel->cme = usk_field_uint(&fields, INT16_MAX, &code) ? (int16_t)code : -1;
            return true;
        }
    }
    return usk_text_equal(line, "ERROR");
}

/* A success before all of the payload is out belongs to a command before (pitfall: SEND FAIL followed by SEND OK). */
static bool too_early(const struct usk_channel *channel)
{
    return has(channel, USK_PROMPT) && (channel->state == WAIT || channel->out_len > 0) && channel->state != RESYNC;
}

/* A function of the command may have aborted it, and on_done may have started the next: is it still this one? */
static bool in_flight(const struct usk_channel *channel, uint32_t number)
{
    return channel->command != NULL && channel->count.commands == number;
}

/* Looks whether the line ends the command in flight, and how. */
static bool is_final(struct usk_channel *channel, struct usk_text line, int *result)
{
    const struct usk_final *final = channel->command->finals;

    if (usk_text_equal(line, "OK")) {
        *result = 0;
        return (!has(channel, USK_NO_OK) && !too_early(channel)) || channel->state == RESYNC;
    }
    for (; final != NULL && final->text != NULL; final++) {
        if (usk_text_equal(line, final->text)) {
            *result = final->result;
            return final->result < 0 || !too_early(channel);
        }
    }
    *result = -EIO;
    return is_error(channel, line);
}

static void take_final(struct usk_channel *channel, struct usk_text line, int result)
{
    uint32_t number = channel->count.commands;

    see(channel, USK_SEEN_FINAL, line.at, line.len);
    if (channel->command->on_final != NULL) {
        channel->command->on_final(channel->command_ctx, line);
    }
    if (!in_flight(channel, number)) {
        channel->owed = false; /* aborted there, but answered */
        return;
    }
    if (channel->lexer.torn) {
        begin_resync(channel, -EBADMSG);
    } else if (channel->owed || (result == -EIO && has(channel, USK_DOUBT_ERROR))) {
        begin_resync(channel, result);
    } else {
        finish(channel, channel->result != 0 ? channel->result : result);
    }
}

/*
 * The echo is the command's text; bytes of something else may stand before it on the same line (transcript 022). While
 * echo is on, the first line that begins like a command is the echo too, be it damaged (transcript 020).
 */
static bool take_echo(struct usk_channel *channel, struct usk_text *line)
{
    size_t text_len = channel->text_len - 1u;
    size_t head;

    if (line->len >= text_len && memcmp(line->at + line->len - text_len, channel->text, text_len) == 0) {
        head = line->len - text_len;
    } else if (channel->echo_due && (usk_text_starts(*line, "AT") || usk_text_starts(*line, "at"))) {
        head = 0;
    } else {
        return false;
    }
    if (head > 0) {
        channel->count.unknown++;
        see(channel, USK_SEEN_UNKNOWN, line->at, head);
    }
    channel->echo_returned = channel->echo_returned || !channel->echo;
    channel->echo_due = false;
    see(channel, USK_SEEN_ECHO, line->at + head, line->len - head);
    return true;
}

/* A payload that is not the command's does not change how long the command may take. */
static void data_wait(struct usk_channel *channel)
{
    channel->data_ms = channel->now_ms;
    if (channel->data_mine || channel->state == RESYNC) {
        wait_for(channel, STALL_MS);
    }
}

static void expect_data(struct usk_channel *channel, int len, bool mine)
{
    if (len > 0) {
        usk_lexer_expect_data(&channel->lexer, (uint16_t)len);
        channel->data_mine = mine;
        channel->data_seen = true;
        channel->data_urc = false;
        data_wait(channel);
    }
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* True when the line has the name of the program's own command: "+CPIN" for "AT+CPIN?". */
static bool has_own_name(const struct usk_channel *channel, struct usk_text line)
{
    const char *name = channel->text + 2;
    size_t most = channel->text_len - 3u;
    size_t n = 0;

    if (!is_foreign(channel) || channel->text_len < 4) {
        return false;
    }
    while (n < most && n < line.len && line.at[n] != ':' && upper(name[n]) == line.at[n]) {
        n++;
    }
    return n > 1 && (n == line.len || line.at[n] == ':') && (n == most || name[n] == '?' || name[n] == '=');
}

/* The command whose answer may come now; NULL: none. */
static const struct usk_command *awaited(const struct usk_channel *channel)
{
    return channel->state != TEXT ? channel->command : NULL;
}

static bool take_response(struct usk_channel *channel, struct usk_text line, bool any)
{
    const struct usk_command *command = awaited(channel);
    struct usk_fields fields = {line.at, line.at + line.len};
    uint32_t number = channel->count.commands;
    bool mine = channel->state != RESYNC;
    int len = 0;

    if (command == NULL) {
        return false;
    }
    if (!any && (command->prefix == NULL || !usk_fields_of(&fields, line, command->prefix)) &&
        !has_own_name(channel, line)) {
        return false;
    }
    if (command->on_line != NULL) {
        len = command->on_line(channel->command_ctx, line, &fields);
    }
    if (len == USK_NOT_MINE) {
        return false;
    }
    if (mine) {
        see(channel, USK_SEEN_RESPONSE, line.at, line.len);
    } else {
        channel->count.late++;
        see(channel, USK_SEEN_LATE, line.at, line.len);
    }
    expect_data(channel, len, mine && in_flight(channel, number));
    return true;
}

static bool take_urc(struct usk_channel *channel, struct usk_text line)
{
    const struct usk_urc *urc = channel->urcs;
    struct usk_fields fields;
    bool known;

    while (urc->name != NULL &&
           (!usk_fields_of(&fields, line, urc->name) || (urc->key != NULL && !usk_field_is(&fields, urc->key)))) {
        urc++;
    }
    known = channel->hooks != NULL && channel->hooks->on_urc != NULL && channel->hooks->on_urc(channel->urc_ctx, line);
    if (urc->name == NULL && !known) {
        return false;
    }
    channel->count.urcs++;
    see(channel, USK_SEEN_URC, line.at, line.len);
    if (urc->on_urc != NULL) {
        int len = urc->on_urc(channel->urc_ctx, &fields);

        expect_data(channel, len, false);
        channel->data_urc = channel->data_urc || len > 0;
    }
    return true;
}

static void unknown(struct usk_channel *channel, struct usk_text line)
{
    channel->count.unknown++;
    see(channel, USK_SEEN_UNKNOWN, line.at, line.len);
}

static void take_line(struct usk_channel *channel, struct usk_text line)
{
    int result = 0;

    if (awaited(channel) != NULL && is_final(channel, line, &result)) {
        if (channel->state == RESYNC) {
            resync_line(channel, line, true);
        } else {
            take_final(channel, line, result);
        }
        return;
    }
    if (channel->command != NULL && take_echo(channel, &line)) {
        return;
    }
    if (take_response(channel, line, false) || take_urc(channel, line)) {
        return;
    }
    if (channel->state == RESYNC) {
        resync_line(channel, line, false);
    } else if (awaited(channel) == NULL || !has(channel, USK_ANY_LINE) || !take_response(channel, line, true)) {
        unknown(channel, line);
    }
}

static void take_overlong(struct usk_channel *channel, const struct usk_token *token)
{
    struct usk_text piece = {token->text, token->len};
    struct usk_fields fields = {piece.at, piece.at + piece.len};

    channel->count.overlong += token->last;
    if (channel->state == WAIT && is_foreign(channel) && channel->command->on_line != NULL) {
        channel->command->on_line(channel->command_ctx, piece, token->last ? &fields : NULL);
        see(channel, USK_SEEN_RESPONSE, piece.at, piece.len);
    } else {
        see(channel, USK_SEEN_UNKNOWN, piece.at, piece.len);
    }
}

/* --- payload ------------------------------------------------------------------------------------------------------ */

static void take_prompt(struct usk_channel *channel)
{
    see(channel, USK_SEEN_PROMPT, ">", 1);
    if (channel->state != WAIT) {
        channel->count.late++;
        return;
    }
    channel->state = PAYLOAD;
    channel->prompted = true;
    channel->out = channel->payload;
    channel->out_len = channel->payload_len;
    if (is_foreign(channel)) {
        channel->out = escape;
        channel->out_len = sizeof(escape) - 1;
        channel->result = -EOPNOTSUPP;
    }
    see(channel, USK_SEEN_PAYLOAD, NULL, channel->out_len);
    wait_for(channel, is_foreign(channel) ? STALL_MS : channel->command->timeout_ms);
}

static void data_came(struct usk_channel *channel, size_t len)
{
    see(channel, USK_SEEN_DATA, NULL, len);
    data_wait(channel);
}

/* Where the next payload bytes go; NULL: nobody has room for them. */
static void *data_room(const struct usk_channel *channel, size_t *room)
{
    void *to = NULL;

    *room = 0;
    if (channel->data_mine && channel->command->on_room != NULL) {
        to = channel->command->on_room(channel->command_ctx, room);
    } else if (channel->data_urc && channel->hooks != NULL) {
        to = channel->hooks->on_room(channel->urc_ctx, room);
    }
    return *room > 0 ? to : NULL;
}

static void data_taken(const struct usk_channel *channel, size_t len)
{
    if (channel->data_mine) {
        channel->command->on_data(channel->command_ctx, len);
    } else {
        channel->hooks->on_data(channel->urc_ctx, len);
    }
}

static void take_data(struct usk_channel *channel, const char *bytes, size_t len)
{
    size_t room;
    void *to;

    data_came(channel, len);
    while (len > 0 && (to = data_room(channel, &room)) != NULL) {
        size_t n = len < room ? len : room;

        memcpy(to, bytes, n);
        data_taken(channel, n);
        bytes += n;
        len -= n;
    }
    channel->count.discarded += (uint32_t)len;
}

/*
 * Two bytes that are lost in a payload make the line end behind it part of it, and the blank line that follows stands in
 * for it. How many bytes a module puts between the two is not written down: what it has kept to for long, it keeps to.
 */
static void look_at_gap(struct usk_channel *channel, uint16_t gap)
{
    channel->data_seen = false;
    if (gap != channel->gap) {
        channel->lexer.torn = channel->lexer.torn || (channel->gaps == GAPS && gap < channel->gap);
        channel->gap = gap;
        channel->gaps = 0;
    } else if (channel->gaps < GAPS) {
        channel->gaps++;
    }
}

/* The command in flight is not to blame for a torn payload that was not its own. */
static void look_for_tear(struct usk_channel *channel)
{
    if (channel->data_urc && channel->lexer.data_left == 0 && channel->lexer.after_data == 0) {
        channel->data_urc = false;
        if (channel->hooks != NULL) {
            channel->hooks->on_end(channel->urc_ctx, !channel->lexer.torn);
        }
        channel->lexer.torn = false;
    }
}

void *usk_channel_direct(struct usk_channel *channel, size_t *room)
{
    size_t left = usk_lexer_data_direct(&channel->lexer);
    void *to;

    if (left == 0) {
        return NULL;
    }
    to = data_room(channel, room);
    *room = *room < left ? *room : left;
    return to;
}

void usk_channel_direct_taken(struct usk_channel *channel, size_t len, uint32_t now_ms)
{
    channel->now_ms = now_ms;
    usk_lexer_data_taken(&channel->lexer, len);
    data_came(channel, len);
    data_taken(channel, len);
}

/* --- in, out, time ------------------------------------------------------------------------------------------------ */

void usk_channel_feed(struct usk_channel *channel, const char *bytes, size_t len, uint32_t now_ms)
{
    struct usk_token token;

    channel->now_ms = now_ms;
    while (len > 0) {
        size_t n = usk_lex(&channel->lexer, bytes, len, &token);

        bytes += n;
        len -= n;
        look_for_tear(channel);
        switch (token.kind) {
        case USK_TOKEN_NONE:
            break;
        case USK_TOKEN_LINE:
            if (channel->data_seen && channel->data_mine) {
                look_at_gap(channel, token.gap);
            }
            take_line(channel, (struct usk_text){token.text, token.len});
            break;
        case USK_TOKEN_OVERLONG:
            take_overlong(channel, &token);
            break;
        case USK_TOKEN_PROMPT:
            take_prompt(channel);
            break;
        case USK_TOKEN_DATA:
            take_data(channel, token.text, token.len);
            break;
        }
    }
}

size_t usk_channel_output(const struct usk_channel *channel, const char **bytes)
{
    *bytes = channel->out;
    return channel->out_len;
}

void usk_channel_written(struct usk_channel *channel, size_t len, uint32_t now_ms)
{
    channel->now_ms = now_ms;
    channel->out += len;
    channel->out_len = (uint16_t)(channel->out_len - len);
    channel->since_ms = now_ms;
    if (channel->out_len > 0) {
        return;
    }
    if (channel->state == RESYNC && channel->filling && !send_filling(channel)) {
        channel->filling = false;
        send_probe(channel);
    }
    if (channel->state != TEXT) {
        return;
    }
    channel->state = WAIT;
    channel->lexer.want_prompt = has(channel, USK_PROMPT) || is_foreign(channel);
    if (has(channel, USK_PROMPT) && channel->wait_ms > PROMPT_MS) {
        channel->wait_ms = PROMPT_MS;
    }
}

uint32_t usk_channel_deadline(const struct usk_channel *channel, uint32_t now_ms)
{
    bool data = channel->lexer.data_left > 0;
    uint32_t gone = now_ms - (data ? channel->data_ms : channel->since_ms);
    uint32_t wait_ms = data ? STALL_MS : channel->wait_ms;

    if (usk_channel_idle(channel)) {
        return UINT32_MAX;
    }
    return gone < wait_ms ? wait_ms - gone : 0;
}

void usk_channel_tick(struct usk_channel *channel, uint32_t now_ms)
{
    channel->now_ms = now_ms;
    if (usk_channel_deadline(channel, now_ms) > 0) {
        return;
    }
    usk_lexer_reset(&channel->lexer);
    if (channel->command == NULL) {
        return;
    }
    if (channel->state != RESYNC) {
        channel->count.timeouts++;
        begin_resync(channel, channel->result != 0 ? channel->result : -ETIMEDOUT);
        return;
    }
    if (channel->answered) {
        finish(channel, channel->result);
        return;
    }
    channel->probe_lost = true;
    if (channel->payload_len > 0) {
        channel->filling = send_filling(channel);
        wait_for(channel, PROBE_MS);
    } else if (channel->probes < PROBES) {
        send_probe(channel);
    } else {
        channel->silent = true;
        finish(channel, channel->result);
    }
}
