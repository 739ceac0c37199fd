/* See session.h. */
#include "session.h"

#include <errno.h>
#include <string.h>

enum { LONGEST_MS = 40 * 60 * 1000, CALLS_MOST = 20000, TURNS_A_MS = 10, LONGEST_DELAY_MS = 300 * 1000 };

/* A module that does as it should, for what a session does not say. */
static const char usual[] = "> ATI\n< \\r\\nQuectel\\r\\nBG96\\r\\nRevision: BG96MAR02A07M1G\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+CMEE?\n< \\r\\n+CMEE: 1\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+CPIN?\n< \\r\\n+CPIN: READY\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+CEREG?\n< \\r\\n+CEREG: 0,1\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+QIACT?\n< \\r\\n+QIACT: 1,1,1,\"10.0.0.2\",\"2001:db8::2\"\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+QURCCFG=\"urcport\"\n< \\r\\n+QURCCFG: \"urcport\",\"uart1\"\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+QIGETERROR\n< \\r\\n+QIGETERROR: 566,socket connect failed\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+QIRD=\n< \\r\\n+QIRD: 0\\r\\n\\r\\nOK\\r\\n\n"
                            "> AT+QISEND=\n< \\r\\n> \n>*\n< \\r\\nSEND OK\\r\\n\n"
                            "> AT\n< \\r\\nOK\\r\\n\n";

/* --- the text ----------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Takes one byte of a text with escapes; what is no escape stands for itself. */
static char unescape(const char **at, const char *end)
{
    static const char letters[] = "rnt\\\"", bytes[] = "\r\n\t\\\"";
    char c = *(*at)++;
    const char *letter;

    if (c != '\\' || *at == end) {
        return c;
    }
    if (**at == 'x' && end - *at >= 3 && hex((*at)[1]) >= 0 && hex((*at)[2]) >= 0) {
        c = (char)(hex((*at)[1]) * 16 + hex((*at)[2]));
        *at += 3;
    } else if (**at != '\0' && (letter = strchr(letters, **at)) != NULL) {
        c = bytes[letter - letters];
        (*at)++;
    }
    return c;
}

static void add_line(struct session_script *script, const char *at, const char *end)
{
    struct session_line line = {SESSION_BYTES, false, script->text + script->len, 0, 0};
    static const enum session_kind kinds[] = {SESSION_STEP, SESSION_COMMAND, SESSION_BYTES, SESSION_DELAY};
    static const char marks[] = "!><@";
    const char *which = at < end ? memchr(marks, *at, 4) : NULL;

    if (which == NULL || script->count == SESSION_LINES) {
        return;
    }
    at++;
    line.kind = kinds[which - marks];
    if (line.kind == SESSION_COMMAND && at < end && *at == '*') {
        line.kind = SESSION_PAYLOAD;
    }
    at += at < end && *at == ' ';
    while (at < end && script->len + 1 < SESSION_TEXT) {
        script->text[script->len++] = unescape(&at, end);
        line.len++;
    }
    if (script->len + 1 >= SESSION_TEXT) {
        return;
    }
    script->text[script->len++] = '\0';
    if (line.kind == SESSION_DELAY) {
        unsigned long ms = strtoul(line.at + (line.at[0] == '+'), NULL, 10);

        line.delay_ms = ms < LONGEST_DELAY_MS ? (uint32_t)ms : LONGEST_DELAY_MS;
    }
    script->lines[script->count++] = line;
}

static void parse(struct session_script *script, const char *text, size_t size)
{
    const char *end = text + size;

    script->count = 0;
    script->len = 0;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));

        stop = stop != NULL ? stop : end;
        add_line(script, text, stop);
        text = stop + (stop < end);
    }
    script->lines[script->count] = (struct session_line){.kind = SESSION_END};
}

/* --- the module --------------------------------------------------------------------------------------------------- */

static void begin(struct session *session, const struct session_line *line)
{
    if (session->count < SESSION_CURSORS) {
        session->cursors[session->count++] = (struct session_cursor){.next = line, .due_ms = session->now_ms + 1};
    }
}

const struct session_line *session_step(struct session *session, const struct session_line *line)
{
    while (line->kind != SESSION_STEP && line->kind != SESSION_END) {
        line++;
    }
    if (line->kind == SESSION_END) {
        return NULL;
    }
    begin(session, line + 1);
    return line;
}

/* "AT+QIRD=0,1500" and "AT+QIRD=1,0" have the same name. */
static size_t name_len(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && text[n] != '=' && text[n] != '?') {
        n++;
    }
    return n < len ? n + 1 : n;
}

static struct session_line *find(struct session *session, bool by_name)
{
    size_t len = by_name ? name_len(session->command, session->command_len) : session->command_len;

    for (size_t i = 0; i < session->script.count; i++) {
        struct session_line *line = &session->script.lines[i];

        if (line->kind == SESSION_COMMAND && !line->used && line->len >= len &&
            memcmp(line->at, session->command, len) == 0 &&
            len == (by_name ? name_len(line->at, line->len) : line->len)) {
            return line;
        }
    }
    return NULL;
}

static const struct session_line *find_usual(const struct session *session)
{
    static struct session_script script;

    if (script.count == 0) {
        parse(&script, usual, sizeof(usual) - 1);
    }
    for (size_t i = 0; i < script.count; i++) {
        const struct session_line *line = &script.lines[i];

        if (line->kind == SESSION_COMMAND && line->len <= session->command_len &&
            memcmp(line->at, session->command, line->len) == 0) {
            return line;
        }
    }
    return NULL;
}

static void take_command(struct session *session)
{
    struct session_line *line = find(session, false);
    const struct session_line *other;
    const char *comma;

    session->command[session->command_len] = '\0';
    comma = strchr(session->command, ',');
    session->payload_len = comma != NULL ? strtoul(comma + 1, NULL, 10) : 1;
    line = line != NULL ? line : find(session, true);
    if (line != NULL) {
        line->used = true;
        begin(session, line + 1);
    } else if ((other = find_usual(session)) != NULL) {
        begin(session, other + 1);
    }
    session->command_len = 0;
}

/* The payload is complete: who waited for it goes on. */
static void end_payload(struct session *session)
{
    session->payload_left = 0;
    for (size_t i = 0; i < session->count; i++) {
        if (session->cursors[i].held) {
            session->cursors[i].held = false;
            session->cursors[i].next++;
            session->cursors[i].due_ms = session->now_ms + 1;
        }
    }
}

static void take_byte(struct session *session, char byte)
{
    if (session->payload_left > 0) {
        session->payload_left--;
        if (session->payload_left == 0 || byte == 0x1b) {
            end_payload(session);
        }
    } else if (byte == '\r') {
        if (session->command_len > 0) {
            take_command(session);
        }
    } else if (session->command_len + 1 < sizeof(session->command)) {
        session->command[session->command_len++] = byte;
    }
}

/* Passes delays; false when nothing is left from here. */
static bool advance(struct session *session, struct session_cursor *cursor)
{
    for (; cursor->next->kind == SESSION_DELAY; cursor->next++) {
        cursor->due_ms += cursor->next->delay_ms;
    }
    if (cursor->next->kind == SESSION_PAYLOAD && !cursor->held) {
        cursor->held = true;
        session->payload_left = session->payload_len > 0 ? session->payload_len : 1;
    }
    return cursor->next->kind == SESSION_BYTES || cursor->next->kind == SESSION_PAYLOAD;
}

static void drop(struct session *session, size_t i)
{
    session->count--;
    memmove(&session->cursors[i], &session->cursors[i + 1], (session->count - i) * sizeof(session->cursors[0]));
}

/* The bytes that come next, and when; NULL: none. Of those due together the oldest. */
static struct session_cursor *next_bytes(struct session *session)
{
    struct session_cursor *best = NULL;

    for (size_t i = 0; i < session->count;) {
        struct session_cursor *cursor = &session->cursors[i];

        if (!advance(session, cursor)) {
            drop(session, i);
            continue;
        }
        if (!cursor->held && (best == NULL || (int32_t)(cursor->due_ms - best->due_ms) < 0)) {
            best = cursor;
        }
        i++;
    }
    return best;
}

/* --- the port ----------------------------------------------------------------------------------------------------- */

static bool is_due(const struct session *session, const struct session_cursor *cursor)
{
    return (int32_t)(cursor->due_ms - session->now_ms) <= 0;
}

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    struct session *session = ctx;
    struct session_cursor *cursor = next_bytes(session);

    if (session->gone) {
        return -ENODEV;
    }
    if (cursor == NULL || !is_due(session, cursor)) {
        return 0;
    }
    if (cursor->next->len - cursor->offset < len) {
        len = cursor->next->len - cursor->offset;
    }
    len = len < SESSION_SENT - session->sent_len ? len : SESSION_SENT - session->sent_len;
    memcpy(buf, cursor->next->at + cursor->offset, len);
    memcpy(session->sent + session->sent_len, buf, len);
    session->sent_len += len;
    session->calls = 0;
    cursor->offset += len;
    if (cursor->offset == cursor->next->len || len == 0) {
        cursor->offset = 0;
        cursor->next++;
    }
    return (ssize_t)len;
}

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    struct session *session = ctx;
    const char *bytes = buf;

    if (session->gone) {
        return -ENODEV;
    }
    if (session->write_most > 0 && len > session->write_most) {
        len = session->write_most;
    }
    for (size_t i = 0; i < len; i++) {
        take_byte(session, bytes[i]);
    }
    session->calls = 0;
    return (ssize_t)len;
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct session *session = ctx;
    const struct session_cursor *cursor = next_bytes(session);
    uint32_t ms = timeout_ms;

    (void)for_write;
    if (cursor != NULL) {
        uint32_t due = is_due(session, cursor) ? 0 : cursor->due_ms - session->now_ms;

        ms = due < ms ? due : ms;
    }
    if (ms == UINT32_MAX || session->now_ms - session->begin_ms > LONGEST_MS) {
        session->gone = true;
        return -ENODEV;
    }
    session->turns = ms > 0 ? 0 : session->turns + 1;
    if (session->turns == TURNS_A_MS) { /* no machine is infinitely fast */
        session->turns = 0;
        ms = 1;
    }
    session->now_ms += ms;
    session->calls = ms > 0 ? 0 : session->calls;
    return 0;
}

static uint32_t port_now(void *ctx)
{
    struct session *session = ctx;

    REQUIRE(session->calls++ < CALLS_MOST); /* a loop in which nothing happens */
    return session->now_ms;
}

static void trace(const struct session *session, enum usocket_log what, const char *text, size_t len)
{
    static const char *const marks[] = {">", "> bytes", "<", "< bytes", "*"};
    static int wanted = -1;

    if (wanted < 0) {
        wanted = getenv("FUZZ_TRACE") != NULL;
    }
    if (wanted > 0) {
        fprintf(stderr, "%8u %s %.*s\n", session->now_ms - session->begin_ms, marks[what], (int)len, text);
    }
}

/* What is sent as a command is one: nothing in it ends it before its end. */
static void port_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    trace(ctx, what, text, len);
    for (size_t i = 0; i < len && what == USOCKET_LOG_TX; i++) {
        REQUIRE((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
    }
}

const struct usocket_port session_port = {
    .read = port_read, .write = port_write, .wait = port_wait, .now_ms = port_now, .log = port_log};

void session_init(struct session *session, const uint8_t *data, size_t size)
{
    memset(session->cursors, 0, offsetof(struct session, sent) - offsetof(struct session, cursors));
    session->sent_len = 0;
    session->begin_ms = session->now_ms = UINT32_MAX - 60 * 1000; /* the clock wraps on the way */
    parse(&session->script, (const char *)data, size);
    begin(session, session->script.lines);
}
