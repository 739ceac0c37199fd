/*
 * The channel: commands, time, and any answer, unsolicited lines and payloads among it.
 *
 * Input: steps of a byte with the kind and a byte with the number, some with bytes of the module behind them (enum
 * step). Two channels take the same steps. One gets the bytes in pieces as large as they come, payload past it where
 * it allows that; the other gets each byte alone. Both must tell their owner the same, and end every command once, in
 * time.
 */
#include "at/channel.h"
#include "fuzz.h"

#include <errno.h>
#include <string.h>

enum step { START, FEED, FEED_LONG, WRITE, PASS, ABORT, ROOM, ECHO, STEPS };

enum {
    LOG_SIZE = 1 << 16,
    ROOM_MOST = 300,
    PAYLOAD_MOST = 1460,
    LONGEST_INPUT = 16384, /* a longer one finds nothing more, only later */
    WRITE_ALL = 255,
    ROUNDS = 200, /* a command ends by its limit, then probes and the filling of a payload */
};

struct side {
    struct usk_channel channel;
    uint32_t now_ms;
    size_t room_left;
    size_t fed, delivered;
    unsigned started, done;
    bool drops_urcs; /* the owner has no room for what is pushed */
    char to[ROOM_MOST];
    char log[LOG_SIZE];
    size_t log_len;
};

static struct side sides[2];
static char payload[PAYLOAD_MOST];

static void note(struct side *side, const char *mark, const char *text, size_t len)
{
    size_t mark_len = strlen(mark);

    if (mark_len + len <= LOG_SIZE - side->log_len) {
        memcpy(side->log + side->log_len, mark, mark_len);
        memcpy(side->log + side->log_len + mark_len, text != NULL ? text : "", text != NULL ? len : 0);
        side->log_len += mark_len + (text != NULL ? len : 0);
    }
}

/* --- the owner ---------------------------------------------------------------------------------------------------- */

static int on_reading(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    uint32_t len;

    note(ctx, "[answer]", line.at, line.len);
    return usk_field_uint(fields, UINT16_MAX, &len) && !usk_fields_more(fields) ? (int)len : USK_NOT_MINE;
}

static int on_any(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    note(ctx, fields != NULL ? "[any]" : "[piece]", line.at, line.len);
    return 0;
}

static void on_final(void *ctx, struct usk_text line)
{
    note(ctx, "[final]", line.at, line.len);
}

static void *on_room(void *ctx, size_t *room)
{
    struct side *side = ctx;

    *room = side->room_left < ROOM_MOST ? side->room_left : ROOM_MOST;
    return *room > 0 ? side->to : NULL;
}

static void on_data(void *ctx, size_t len)
{
    struct side *side = ctx;

    REQUIRE(len <= side->room_left && len <= ROOM_MOST);
    side->room_left -= len;
    side->delivered += len;
    note(side, "", side->to, len);
}

static void on_done(void *ctx, int result)
{
    struct side *side = ctx;
    char code[] = {(char)result, 0};

    side->done++;
    REQUIRE(side->done == side->started && result <= 0);
    note(side, "[done]", code, 1);
}

static const struct usk_final send_finals[] = {{"SEND OK", 0}, {"SEND FAIL", -EAGAIN}, {NULL, 0}};

static const struct {
    const char *text;
    struct usk_command command;
} commands[] = {
    {"ATE0", {.timeout_ms = 5000, .on_done = on_done}},
    {"AT+QISTATE?", {.prefix = "+QISTATE", .timeout_ms = 5000, .on_line = on_any, .on_done = on_done}},
    {"ATI", {.timeout_ms = 300, .flags = USK_ANY_LINE, .on_line = on_any, .on_done = on_done}},
    {"AT+QIRD=0,1500",
     {.prefix = "+QIRD",
      .timeout_ms = 120000,
      .on_line = on_reading,
      .on_room = on_room,
      .on_data = on_data,
      .on_done = on_done}},
    {"AT+QISEND=0,",
     {.finals = send_finals, .timeout_ms = 120000, .flags = USK_PROMPT | USK_NO_OK, .on_done = on_done}},
    {"AT+COPS=?",
     {.timeout_ms = 180000,
      .flags = USK_FOREIGN | USK_ANY_LINE,
      .on_line = on_any,
      .on_final = on_final,
      .on_done = on_done}},
};

static int urc_recv(void *ctx, struct usk_fields *fields)
{
    uint32_t id;
    uint32_t len;

    (void)ctx;
    return usk_field_uint(fields, 11, &id) && usk_field_uint(fields, UINT16_MAX, &len) ? (int)len : 0;
}

static int urc_reset(void *ctx, struct usk_fields *fields)
{
    struct side *side = ctx;

    (void)fields;
    usk_channel_abort(&side->channel, -ENETRESET);
    return 0;
}

static const struct usk_urc urcs[] = {
    {"+QIURC", "recv", urc_recv}, {"+QIURC", "closed", NULL}, {"+CREG", NULL, NULL}, {"RDY", NULL, urc_reset}, {0},
};

static bool hook_urc(void *ctx, struct usk_text line)
{
    note(ctx, "[shown]", line.at, line.len);
    return usk_text_starts(line, "+MINE");
}

static void *hook_room(void *ctx, size_t *room)
{
    const struct side *side = ctx;

    return side->drops_urcs ? (*room = 0, NULL) : on_room(ctx, room);
}

static void hook_end(void *ctx, bool whole)
{
    note(ctx, whole ? "[whole]" : "[torn]", NULL, 0);
}

static const struct usk_hooks hooks = {
    .on_urc = hook_urc, .on_room = hook_room, .on_data = on_data, .on_end = hook_end};

static void observe(void *ctx, int kind, const char *text, size_t len)
{
    char mark[] = {'[', (char)('a' + kind), ']', 0};

    if (kind != USK_SEEN_DATA) {
        note(ctx, mark, text, len);
    }
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static void look_at(const struct side *side)
{
    const struct usk_channel *channel = &side->channel;
    const char *bytes;
    size_t len = usk_channel_output(channel, &bytes);
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += (unsigned char)bytes[i]; /* may be read */
    }
    REQUIRE(sum != UINT32_MAX && (len > 0 || channel->out_len == 0));
    REQUIRE(side->started - side->done == (channel->command != NULL));
    REQUIRE(side->delivered <= side->fed && channel->lexer.len <= USOCKET_LINE_SIZE);
    REQUIRE(usk_channel_idle(channel) == (usk_channel_deadline(channel, side->now_ms) == UINT32_MAX));
    REQUIRE(!usk_channel_idle(channel) || channel->command == NULL);
}

static void start(struct side *side, unsigned number)
{
    size_t which = number % (sizeof(commands) / sizeof(commands[0]));
    uint16_t len = (uint16_t)(1 + number * 5 % PAYLOAD_MOST);
    struct usk_line line;

    if (!usk_channel_idle(&side->channel)) {
        return;
    }
    side->channel.echo = number & 128;
    line = usk_channel_line(&side->channel);
    usk_put(&line, commands[which].text);
    if (commands[which].command.flags & USK_NO_OK) {
        usk_put_format(&line, "%u", len);
    }
    side->started++;
    REQUIRE(usk_channel_start(&side->channel, &line, &commands[which].command, side, side->now_ms) == 0);
    if (commands[which].command.flags & USK_NO_OK) {
        usk_channel_payload(&side->channel, payload, len);
    }
}

/* Payload goes past the channel where it may, as in the driver. */
static void feed_whole(struct side *side, struct input in)
{
    while (in.left > 0) {
        size_t room = 0;
        void *to = usk_channel_direct(&side->channel, &room);
        struct input piece = input_piece(&in, to != NULL ? room : in.left);
        char *copy = input_copy(piece);

        REQUIRE(to == NULL || room > 0);
        side->fed += piece.left;
        if (to != NULL) {
            memcpy(to, copy, piece.left);
            usk_channel_direct_taken(&side->channel, piece.left, side->now_ms);
        } else {
            usk_channel_feed(&side->channel, copy, piece.left, side->now_ms);
        }
        free(copy);
    }
}

static void feed(struct side *side, struct input in)
{
    if (side == &sides[0]) {
        feed_whole(side, in);
        return;
    }
    while (in.left > 0) {
        char byte = (char)input_byte(&in);

        side->fed++;
        usk_channel_feed(&side->channel, &byte, 1, side->now_ms);
    }
}

static void write_some(struct side *side, size_t most)
{
    const char *bytes;
    size_t len;

    while (most > 0 && (len = usk_channel_output(&side->channel, &bytes)) > 0) {
        size_t n = most == WRITE_ALL ? len : len < most ? len : most;

        usk_channel_written(&side->channel, n, side->now_ms);
        most -= most == WRITE_ALL ? 0 : n;
    }
}

static void pass(struct side *side, uint32_t ms)
{
    side->now_ms += ms;
    usk_channel_tick(&side->channel, side->now_ms);
    REQUIRE(usk_channel_deadline(&side->channel, side->now_ms) > 0);
}

static void echo(struct side *side)
{
    char text[USOCKET_COMMAND_SIZE];
    size_t len = side->channel.text_len;

    memcpy(text, side->channel.text, len);
    feed(side, (struct input){(const uint8_t *)text, len});
}

static void take_step(struct side *side, enum step step, unsigned number, struct input bytes)
{
    switch (step) {
    case START:
        start(side, number);
        break;
    case FEED:
    case FEED_LONG:
        feed(side, bytes);
        break;
    case WRITE:
        write_some(side, number);
        break;
    case PASS:
        pass(side, number < 128 ? number * 10 : (number - 127) * 1000);
        break;
    case ABORT:
        usk_channel_abort(&side->channel, -ENETRESET);
        break;
    case ROOM:
        side->room_left = number * 16;
        side->drops_urcs = number & 1;
        break;
    default:
        echo(side);
    }
    look_at(side);
}

/* Whatever came: the command in flight ends, and the channel is free again. */
static void come_to_rest(struct side *side)
{
    unsigned rounds = 0;

    while (!usk_channel_idle(&side->channel)) {
        REQUIRE(rounds++ < ROUNDS);
        write_some(side, WRITE_ALL);
        if (!usk_channel_idle(&side->channel)) {
            pass(side, usk_channel_deadline(&side->channel, side->now_ms));
        }
        look_at(side);
    }
    REQUIRE(side->started == side->done);
}

static void init(struct side *side)
{
    memset(side, 0, offsetof(struct side, log));
    side->log_len = 0;
    side->now_ms = UINT32_MAX - 20000; /* wraps on the way */
    side->room_left = LONGEST_INPUT;
    usk_channel_init(&side->channel, urcs, side);
    side->channel.hooks = &hooks;
    side->channel.observe = observe;
    side->channel.observe_ctx = side;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size < LONGEST_INPUT ? size : LONGEST_INPUT};

    init(&sides[0]);
    init(&sides[1]);
    while (in.left > 0) {
        enum step step = (enum step)(input_byte(&in) % STEPS);
        unsigned number = input_byte(&in);
        size_t len = step == FEED ? number : step == FEED_LONG ? number * 16 : 0;
        struct input bytes = input_piece(&in, len);

        take_step(&sides[0], step, number, bytes);
        take_step(&sides[1], step, number, bytes);
    }
    come_to_rest(&sides[0]);
    come_to_rest(&sides[1]);
    REQUIRE(sides[0].log_len == sides[1].log_len && memcmp(sides[0].log, sides[1].log, sides[0].log_len) == 0);
    return 0;
}
