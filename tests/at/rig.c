#include "rig.h"

#include <stdio.h>

struct rig rig;

/* --- events ------------------------------------------------------------------------------------------------------- */

static void put_event(const char *kind, const char *text, size_t len)
{
    assert_true(rig.events_len + strlen(kind) + len + 3 < sizeof(rig.events));
    rig.events_len +=
        (size_t)sprintf(rig.events + rig.events_len, "%s%s%.*s\n", kind, len > 0 ? " " : "", (int)len, text);
}

static void put_number(const char *kind, size_t number)
{
    char digits[24];

    put_event(kind, digits, (size_t)sprintf(digits, "%zu", number));
}

/* The pieces of a payload are one event. */
static void end_data(void)
{
    size_t data = rig.data;

    rig.data = 0;
    if (data > 0) {
        put_number("data", data);
    }
}

static void event(const char *kind, const char *text, size_t len)
{
    end_data();
    put_event(kind, text, len);
}

static void observe(void *ctx, int kind, const char *text, size_t len)
{
    static const char *const names[] = {
        [USK_SEEN_COMMAND] = ">",       [USK_SEEN_ECHO] = "echo",     [USK_SEEN_RESPONSE] = "response",
        [USK_SEEN_FINAL] = "final",     [USK_SEEN_PROMPT] = "prompt", [USK_SEEN_URC] = "urc",
        [USK_SEEN_UNKNOWN] = "unknown", [USK_SEEN_LATE] = "late",     [USK_SEEN_RESYNC] = "resync",
    };

    assert_ptr_equal(ctx, &rig);
    if (kind == USK_SEEN_DATA) {
        rig.data += len;
    } else if (kind == USK_SEEN_PAYLOAD) {
        end_data();
        put_number("payload", len);
    } else {
        event(names[kind], kind == USK_SEEN_PROMPT ? "" : text, kind == USK_SEEN_PROMPT ? 0 : len);
    }
}

void rig_events(const char *const *expected, const char *file, int line)
{
    static char text[sizeof(rig.events)];
    size_t len = 0;

    end_data();
    text[0] = '\0';
    for (; *expected != NULL; expected++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", *expected);
    }
    _assert_string_equal(rig.events, text, file, line);
    rig.events_len = 0;
    rig.events[0] = '\0';
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static void call(enum place place)
{
    if (rig.inside[place] != NULL) {
        rig.inside[place]();
    }
}

static int on_line(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    assert_ptr_equal(ctx, &rig);
    assert_non_null(fields);
    assert_true(line.len > 0);
    call(IN_LINE);
    return 0;
}

static int on_reg(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    uint32_t number;

    on_line(ctx, line, fields);
    return usk_field_uint(fields, 5, &number) && usk_field_uint(fields, 5, &number) ? 0 : USK_NOT_MINE;
}

static int on_read(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    uint32_t len;

    if (!usk_field_uint(fields, UINT16_MAX, &len) || usk_fields_more(fields)) {
        return USK_NOT_MINE;
    }
    on_line(ctx, line, fields);
    return (int)len;
}

static int on_own(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    assert_ptr_equal(ctx, &rig);
    event(fields != NULL ? "own" : "own piece", line.at, line.len);
    call(IN_LINE);
    return 0;
}

static void on_final(void *ctx, struct usk_text line)
{
    assert_ptr_equal(ctx, &rig);
    (void)line;
    call(IN_FINAL);
}

static void on_own_final(void *ctx, struct usk_text line)
{
    event("ended", line.at, line.len);
    on_final(ctx, line);
}

static void *on_room(void *ctx, size_t *room)
{
    assert_ptr_equal(ctx, &rig);
    *room = rig.room < rig.room_left ? rig.room : rig.room_left;
    return *room > 0 ? rig.got + rig.got_len : NULL;
}

static void on_data(void *ctx, size_t len)
{
    assert_ptr_equal(ctx, &rig);
    assert_in_range(len, 1, rig.room);
    rig.got_len += len;
    rig.room_left -= len;
    call(IN_DATA);
}

static void on_done(void *ctx, int result)
{
    static const struct {
        int result;
        const char *name;
    } names[] = {
        {0, "0"},
        {-EIO, "EIO"},
        {-EAGAIN, "EAGAIN"},
        {-ETIMEDOUT, "ETIMEDOUT"},
        {-EBADMSG, "EBADMSG"},
        {-ENETRESET, "ENETRESET"},
        {-EOPNOTSUPP, "EOPNOTSUPP"},
    };
    const char *name = "an unknown result";

    assert_ptr_equal(ctx, &rig);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = names[i].result == result ? names[i].name : name;
    }
    event("done", name, strlen(name));
    call(IN_DONE);
}

static const struct usk_final send_finals[] = {{"SEND OK", 0}, {"SEND FAIL", -EAGAIN}, {NULL, 0}};
static const struct usk_final own_finals[] = {{"NO CARRIER", -EIO}, {NULL, 0}};

const struct usk_command plain = {.timeout_ms = 5000, .on_final = on_final, .on_done = on_done};
const struct usk_command list = {.prefix = "+QISTATE", .timeout_ms = 5000, .on_line = on_line, .on_done = on_done};
const struct usk_command reg = {.prefix = "+CREG", .timeout_ms = 5000, .on_line = on_reg, .on_done = on_done};
const struct usk_command info = {
    .timeout_ms = 5000,
    .flags = USK_ANY_LINE,
    .on_line = on_line,
    .on_done = on_done,
};
const struct usk_command reading = {
    .prefix = "+QIRD",
    .timeout_ms = 120 * 1000,
    .on_line = on_read,
    .on_final = on_final,
    .on_room = on_room,
    .on_data = on_data,
    .on_done = on_done,
};
const struct usk_command sending = {
    .finals = send_finals,
    .timeout_ms = 120 * 1000,
    .flags = USK_PROMPT | USK_NO_OK,
    .on_final = on_final,
    .on_done = on_done,
};
const struct usk_command own = {
    .finals = own_finals,
    .timeout_ms = 180 * 1000,
    .flags = USK_ANY_LINE | USK_FOREIGN,
    .on_line = on_own,
    .on_final = on_own_final,
    .on_done = on_done,
};

static int on_urc(void *ctx, struct usk_fields *fields)
{
    assert_ptr_equal(ctx, &rig);
    assert_non_null(fields);
    call(IN_URC);
    return 0;
}

/* +PUSH: n, and n bytes follow */
static int on_push(void *ctx, struct usk_fields *fields)
{
    uint32_t len = 0;

    on_urc(ctx, fields);
    return usk_field_uint(fields, UINT16_MAX, &len) ? (int)len : 0;
}

static const struct usk_urc urcs[] = {
    {"+QIURC", "recv", on_urc}, {"+QIURC", NULL, NULL}, {"+PUSH", NULL, on_push},
    {"+CREG", NULL, on_urc},    {"RDY", NULL, on_urc},  {NULL, NULL, NULL},
};

/* --- ways --------------------------------------------------------------------------------------------------------- */

static const struct way {
    const char *name;
    size_t in;      /* bytes fed in one piece */
    size_t out;     /* bytes written in one piece */
    bool direct;    /* payload is read past feed where there is room */
    uint32_t begin; /* of the clock */
} ways[] = {
    {"in one piece", SIZE_MAX, SIZE_MAX, false, 0},
    {"byte by byte, the clock begins anew after 1 s", 1, 1, false, UINT32_MAX - 999},
    {"payload read directly", 1, SIZE_MAX, true, 1u << 31},
    {"in threes", 3, 2, true, UINT32_MAX},
};

static const struct way *way;

int rig_setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof(rig));
    memset(&rig.channel, 0xa5, sizeof(rig.channel));
    rig.now = way->begin;
    rig.room = rig.room_left = sizeof(rig.got);
    usk_channel_init(&rig.channel, urcs, &rig);
    rig.channel.observe = observe;
    rig.channel.observe_ctx = &rig;
    rig.channel.echo = false;
    return 0;
}

int rig_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char title[128];

        way = &ways[i];
        snprintf(title, sizeof(title), "%s, %s", name, way->name);
        failed += _cmocka_run_group_tests(title, tests, count, NULL, NULL);
    }
    return failed;
}

/* --- what a test does --------------------------------------------------------------------------------------------- */

void write_some(size_t len)
{
    const char *bytes;
    size_t most;

    while (len > 0 && (most = usk_channel_output(&rig.channel, &bytes)) > 0) {
        size_t n = len < most ? len : most;

        n = n < way->out ? n : way->out;
        assert_true(rig.sent_len + n < sizeof(rig.sent));
        memcpy(rig.sent + rig.sent_len, bytes, n);
        rig.sent_len += n;
        usk_channel_written(&rig.channel, n, rig.now);
        len -= n;
    }
}

static void write_out(void)
{
    if (!rig.hold) {
        write_some(SIZE_MAX);
    }
}

void start(const struct usk_command *command, const char *text)
{
    struct usk_line line = usk_channel_line(&rig.channel);

    assert_true(idle());
    usk_put(&line, text);
    assert_int_equal(usk_channel_start(&rig.channel, &line, command, &rig, rig.now), 0);
    write_out();
}

void start_sending(const char *payload)
{
    char text[32];

    snprintf(text, sizeof(text), "AT+QISEND=0,%zu", strlen(payload));
    start(&sending, text);
    usk_channel_payload(&rig.channel, payload, (uint16_t)strlen(payload));
}

static size_t take_some(const char *bytes, size_t len)
{
    size_t room = 0;
    void *to = way->direct ? usk_channel_direct(&rig.channel, &room) : NULL;

    len = len < way->in ? len : way->in;
    if (to != NULL) {
        assert_in_range(room, 1, rig.room);
        len = len < room ? len : room;
        memcpy(to, bytes, len);
        usk_channel_direct_taken(&rig.channel, len, rig.now);
    } else {
        usk_channel_feed(&rig.channel, bytes, len, rig.now);
    }
    return len;
}

void module_bytes(const char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = take_some(bytes, len);

        bytes += n;
        len -= n;
        write_out();
    }
}

void module(const char *text)
{
    module_bytes(text, strlen(text));
}

void pass(uint32_t ms)
{
    while (ms > 0) {
        uint32_t wait = deadline();
        uint32_t step = wait < ms ? wait : ms;

        assert_true(wait > 0);
        if (step > 1) { /* early calls change nothing */
            rig.now += step - 1;
            usk_channel_tick(&rig.channel, rig.now);
            assert_int_equal(deadline(), wait == UINT32_MAX ? wait : wait - (step - 1));
            rig.now -= step - 1;
        }
        rig.now += step;
        ms -= step;
        usk_channel_tick(&rig.channel, rig.now);
        write_out();
    }
}

/* --- what it compares --------------------------------------------------------------------------------------------- */

void rig_sent(const char *expected, const char *file, int line)
{
    rig.sent[rig.sent_len] = '\0';
    _assert_string_equal(rig.sent, expected, file, line);
    rig.sent_len = 0;
}

void rig_got(const char *expected, const char *file, int line)
{
    rig.got[rig.got_len] = '\0';
    _assert_string_equal(rig.got, expected, file, line);
}

bool idle(void)
{
    return usk_channel_idle(&rig.channel);
}

uint32_t deadline(void)
{
    return usk_channel_deadline(&rig.channel, rig.now);
}
