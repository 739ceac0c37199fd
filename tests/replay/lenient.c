/* A real module's transcript as a module that the driver can talk to; see lenient.h. */
#include "lenient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_MS = 3600 * 1000 };

static void give_up(const char *why)
{
    fprintf(stderr, "lenient: %s\n", why);
    abort();
}

/* --- what the module says ----------------------------------------------------------------------------------------- */

void lenient_put(struct lenient *l, const char *bytes, size_t len, uint32_t delay_ms)
{
    uint64_t last = l->pieces > 0 ? l->piece[l->pieces - 1].due_ms : 0;

    if (l->pieces == PIECES || l->out_len + len > OUT_SIZE) {
        give_up("the module says too much");
    }
    memcpy(l->out + l->out_len, bytes, len);
    l->out_len += len;
    l->piece[l->pieces++] =
        (struct piece){(last > l->clock_ms ? last : l->clock_ms) + delay_ms + l->pause_ms, l->out_len};
    l->pause_ms = 0;
}

/* The record's connection has another id here: in the line that begins at `at`, if it names one. */
static void rename_id(struct lenient *l, char *at, size_t len)
{
    static const char *const names[] = {"+QIOPEN: ", "+QIURC: \"recv\",", "+QIURC: \"closed\",", "+QISTATE: "};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i]);

        if (len > n && strncmp(at, names[i], n) == 0 && at[n] == '0' + l->recorded_id && l->driver_id >= 0) {
            at[n] = (char)('0' + l->driver_id);
        }
    }
}

static void say_line(struct lenient *l, const struct script_line *line)
{
    size_t from = l->out_len + 2;

    lenient_put(l, "\r\n", 2, 0);
    lenient_put(l, line->at, (size_t)(line->next - line->at), 0);
    lenient_put(l, "\r\n", 2, 0);
    rename_id(l, l->out + from, line->len);
}

/* One turn as it was: record by record, so that the driver reads the record's pieces. */
static void play_turn(struct lenient *l, const struct turn *turn)
{
    size_t skip = turn->skip;
    size_t from = l->out_len;
    uint32_t delay_ms = 0;
    struct script_line line;

    for (size_t i = turn->first; i < turn->end; i++) {
        const struct usk_atlog_record *r = &l->script.log.records[i];
        size_t cut = r->kind == USK_ATLOG_MODEM ? (r->len < skip ? r->len : skip) : 0;

        if (r->kind == USK_ATLOG_DELAY) {
            delay_ms += r->delay_ms;
        } else if (r->kind == USK_ATLOG_MODEM) {
            lenient_put(l, (const char *)r->bytes + cut, r->len - cut, delay_ms);
            skip -= cut;
            delay_ms = 0;
        }
    }
    for (const char *at = l->out + from; script_line(&line, at, l->out + l->out_len); at = line.next) {
        rename_id(l, l->out + (line.at - l->out), line.len);
        l->received[l->driver_id > 0 ? l->driver_id : 0] += line.payload;
    }
}

/* ... or, when what came unasked has been told before, the rest of it. */
static void play_rest(struct lenient *l, const struct exchange *e, const struct turn *turn)
{
    struct script_line line;

    for (const char *at = turn->text; script_line(&line, at, turn->text + turn->len); at = line.next) {
        if (!script_is_urc(e, &line)) {
            say_line(l, &line);
        }
    }
}

static void play(struct lenient *l, const struct exchange *e, const struct turn *turn)
{
    if (e->told) {
        play_rest(l, e, turn);
    } else {
        play_turn(l, turn);
    }
}

static void say_urcs(struct lenient *l, struct exchange *e)
{
    struct script_line line;

    for (size_t t = 0; t < e->turns; t++) {
        const struct turn *turn = &e->turn[t];

        for (const char *at = turn->text; script_line(&line, at, turn->text + turn->len); at = line.next) {
            if (script_is_urc(e, &line)) {
                say_line(l, &line);
            }
        }
    }
    e->told = true;
}

static bool has_urcs(const struct exchange *e)
{
    struct script_line line;

    for (size_t t = 0; t < e->turns; t++) {
        const struct turn *turn = &e->turn[t];

        for (const char *at = turn->text; script_line(&line, at, turn->text + turn->len); at = line.next) {
            if (script_is_urc(e, &line)) {
                return true;
            }
        }
    }
    return false;
}

void lenient_preface(struct lenient *l)
{
    l->script.exchange[0].told = true;
    play_turn(l, &l->script.exchange[0].turn[0]);
}

void lenient_urcs(struct lenient *l)
{
    for (size_t i = 0; i < l->script.count; i++) {
        struct exchange *e = &l->script.exchange[i];

        if (!e->used && !e->told && has_urcs(e)) {
            say_urcs(l, e);
            return;
        }
    }
    give_up("the transcript has nothing more that came unasked");
}

/* --- what it hears ------------------------------------------------------------------------------------------------ */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The record asked for the context when it was active, and the driver has not activated it yet. */
static bool is_early(const struct lenient *l, size_t i)
{
    const struct exchange *e = l->script.exchange;

    for (size_t k = 0; k < i && strcmp(e[i].kind, "AT+QIACT?") == 0; k++) {
        if (strcmp(e[k].kind, "AT+QIACT=") == 0 && !e[k].used && strstr(e[k].turn[0].text, "ERROR") == NULL) {
            return true;
        }
    }
    return (i > l->gate && !l->opened) || (i > l->end && !l->closed);
}

/* The record's next exchange of this kind. A refused open is refused again: the record does not say otherwise. */
static struct exchange *find(struct lenient *l, const char *command)
{
    char kind[KIND_TEXT];
    struct exchange *last = NULL;

    script_kind(kind, command);
    for (size_t i = 0; i < l->script.count; i++) {
        struct exchange *e = &l->script.exchange[i];

        if (strcmp(e->kind, kind) != 0 || (l->opened && i < l->gate) || is_early(l, i)) {
            continue;
        }
        if (!e->used) {
            return e;
        }
        last = strcmp(kind, "AT+QIOPEN=") == 0 && strstr(e->turn[0].text, "ERROR") != NULL ? e : NULL;
    }
    return last;
}

/* Before an answer comes what the module had said unasked; a restart among it has switched the echo on. */
static void pass_over(struct lenient *l, size_t to)
{
    for (; l->reached < to; l->reached++) {
        struct exchange *e = &l->script.exchange[l->reached];

        if (!e->used && !e->told && e->command[0] != '\0' && has_urcs(e)) {
            say_urcs(l, e);
        }
        if (l->reached > 0 && e[1].echoed && !e->echoed && e->command[0] != '\0') {
            l->echo = true;
        }
    }
}

/* Excerpts leave final results out. A bare AT without an answer is none: a module that does not hear yet. */
static void complete(struct lenient *l, const struct exchange *e, const struct turn *turn)
{
    if (!script_is_final(turn) && strcmp(e->kind, "AT") != 0) {
        lenient_put(l, "\r\n\r\nOK\r\n", 8, 0);
    }
}

static void note_open(struct lenient *l, const struct exchange *e, const char *command)
{
    unsigned id = IDS;

    if (sscanf(command, "AT+QIOPEN=%*u,%u", &id) == 1 && id < IDS) {
        bool ok = e == NULL || strstr(e->turn[0].text, "\nOK") != NULL;

        snprintf(l->opened_as[id], sizeof(l->opened_as[id]), "%s", ok ? command : "");
        l->sent[id] = l->received[id] = 0;
        if (e != NULL) {
            sscanf(strchr(e->command, ',') + 1, "%d", &l->recorded_id);
            l->driver_id = (int)id;
            l->opened = true;
        }
    }
}

static size_t payload_of(const char *command)
{
    unsigned id = IDS;
    unsigned n = 0;

    return sscanf(command, "AT+QISEND=%u,%u", &id, &n) == 2 ? n : 0;
}

static void note_payload(struct lenient *l, const char *command)
{
    unsigned id = IDS;

    sscanf(command, "AT+QISEND=%u", &id);
    l->payload_left = payload_of(command);
    l->payload_len = 0;
    if (l->payload_left > sizeof(l->payload)) {
        give_up("a block of more than 1460 bytes");
    }
    l->sent[id % IDS] += l->payload_left;
}

static void use(struct lenient *l, struct exchange *e, const char *command)
{
    pass_over(l, (size_t)(e - l->script.exchange));
    if (l->echo) {
        lenient_put(l, command, strlen(command), 0);
        lenient_put(l, "\r", 1, 0);
    }
    l->pause_ms = l->latency_ms;
    e->used = true;
    l->active = l->active || (strcmp(e->kind, "AT+QIACT=") == 0 && strstr(e->turn[0].text, "ERROR") == NULL);
    play(l, e, &e->turn[0]);
    complete(l, e, &e->turn[0]);
    l->sending = NULL;
    if (script_is_prompt(&e->turn[0])) {
        note_payload(l, command);
        l->sending = e;
    }
}

static void hear_line(struct lenient *l, const char *command)
{
    struct exchange *e = find(l, command);
    size_t size = l->commands_len + strlen(command) + 2;

    l->commands = realloc(l->commands, size);
    if (l->commands == NULL) {
        give_up("no memory");
    }
    l->commands_len += (size_t)snprintf(l->commands + l->commands_len, size - l->commands_len, "%s\n", command);
    if (getenv("RIG_TRACE") != NULL) {
        printf("%10u %s %s\n", (unsigned)l->clock_ms, e != NULL ? "=" : "?", command);
    }
    if (begins(command, "AT+QIOPEN=")) {
        note_open(l, e, command);
    }
    l->closed = l->closed || (l->opened && begins(command, "AT+QICLOSE="));
    if (e != NULL) {
        use(l, e, command);
    } else {
        if (l->echo) {
            lenient_put(l, command, strlen(command), 0);
            lenient_put(l, "\r", 1, 0);
        }
        if (payload_of(command) > 0) {
            note_payload(l, command);
            l->sending = NULL;
        }
        l->pause_ms = l->latency_ms;
        lenient_default(l, command);
    }
    l->echo = l->echo && strcmp(command, "ATE0") != 0;
}

static void hear_end_of_payload(struct lenient *l)
{
    if (l->sending == NULL) {
        lenient_put(l, "\r\nSEND OK\r\n", 11, 0);
        return;
    }
    play(l, l->sending, &l->sending->turn[1]);
    if (!script_is_final(&l->sending->turn[1])) {
        lenient_put(l, "\r\nSEND OK\r\n", 11, 0);
    }
}

/* --- the port ----------------------------------------------------------------------------------------------------- */

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    struct lenient *l = ctx;
    const char *bytes = buf;

    for (size_t i = 0; i < len; i++) {
        if (l->payload_left > 0) {
            l->payload[l->payload_len++] = bytes[i];
            if (--l->payload_left == 0) {
                hear_end_of_payload(l);
            }
        } else if (bytes[i] == '\r') {
            l->line[l->line_len] = '\0';
            l->line_len = 0;
            hear_line(l, l->line);
        } else if (l->line_len < sizeof(l->line) - 1) {
            l->line[l->line_len++] = bytes[i];
        }
    }
    return (ssize_t)len;
}

static bool arrived(const struct lenient *l)
{
    return l->next_piece < l->pieces && l->piece[l->next_piece].due_ms <= l->clock_ms;
}

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    struct lenient *l = ctx;

    if (!arrived(l)) {
        return 0;
    }
    size_t left = l->piece[l->next_piece].end - l->out_at;
    size_t n = left < len ? left : len;

    n = l->piece_max > 0 && n > l->piece_max ? l->piece_max : n;
    memcpy(buf, l->out + l->out_at, n);
    l->out_at += n;
    l->next_piece += n == left;
    if (l->next_piece == l->pieces) {
        l->next_piece = l->pieces = 0;
        l->out_at = l->out_len = 0;
    }
    return (ssize_t)n;
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct lenient *l = ctx;
    uint64_t due = l->next_piece < l->pieces ? l->piece[l->next_piece].due_ms : UINT64_MAX;
    uint64_t until = timeout_ms == UINT32_MAX ? UINT64_MAX : l->clock_ms + timeout_ms;

    if (arrived(l) || for_write) {
        return 0;
    }
    if (due == UINT64_MAX && until == UINT64_MAX) {
        give_up("the driver waits for ever");
    }
    l->clock_ms = due < until ? due : until;
    if (l->clock_ms > LONGEST_MS) {
        give_up("nothing happens any more");
    }
    return 0;
}

static uint32_t port_now(void *ctx)
{
    const struct lenient *l = ctx;

    return (uint32_t)l->clock_ms;
}

static void port_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    static const char *const marks[] = {"> ", "> bytes ", "< ", "< bytes ", "* "};
    const struct lenient *l = ctx;

    if (getenv("RIG_TRACE") != NULL) {
        printf("%10u %s%.*s\n", (unsigned)l->clock_ms, marks[what], (int)len, text);
    }
}

static const struct usocket_port lenient_port = {
    .read = port_read, .write = port_write, .wait = port_wait, .now_ms = port_now, .log = port_log};

/* --- beginning and end -------------------------------------------------------------------------------------------- */

struct lenient *lenient_open(const char *path, const char *model, const struct usocket_config *config)
{
    struct lenient *l = calloc(1, sizeof(*l));

    if (l == NULL) {
        give_up("no memory");
    }
    l->model = model;
    l->recorded_id = l->driver_id = -1;
    script_open(&l->script, path);
    l->gate = l->script.count;
    l->end = l->script.count;
    l->active = true;
    for (size_t i = l->script.count; i-- > 0;) {
        l->active = l->active && strcmp(l->script.exchange[i].kind, "AT+QIACT=") != 0;
        if (strcmp(l->script.exchange[i].kind, "AT+QIOPEN=") == 0) {
            l->gate = i;
        }
    }
    for (size_t i = l->script.count; i-- > l->gate;) {
        if (strcmp(l->script.exchange[i].kind, "AT+QICLOSE=") == 0) {
            l->end = i;
        }
    }
    for (size_t i = 0; i < l->script.count && !l->echo; i++) { /* the first command tells whether the echo is on */
        l->echo = l->script.exchange[i].echoed;
        i = l->script.exchange[i].command[0] != '\0' && l->script.exchange[i].turn[0].len > 0 ? l->script.count : i;
    }
    if (usocket_init(&l->modem, &lenient_port, l, config) != 0) {
        give_up("usocket_init refuses the configuration");
    }
    return l;
}

void lenient_close(struct lenient *l)
{
    script_close(&l->script);
    free(l->commands);
    free(l);
}

void lenient_run(struct lenient *l, uint32_t ms)
{
    uint64_t until = l->clock_ms + ms;

    while (l->clock_ms < until) {
        uint32_t wake = usocket_process(&l->modem);
        uint32_t left = (uint32_t)(until - l->clock_ms);

        port_wait(l, wake < left ? wake : left, usocket_wants_write(&l->modem));
    }
    usocket_process(&l->modem);
}

bool lenient_has(const struct lenient *l, const char *command)
{
    for (size_t i = 0; i < l->script.count; i++) {
        if (!l->script.exchange[i].used && begins(l->script.exchange[i].command, command)) {
            return true;
        }
    }
    return false;
}

unsigned lenient_used(const struct lenient *l, const char *command)
{
    unsigned n = 0;

    for (size_t i = 0; i < l->script.count; i++) {
        n += l->script.exchange[i].used && begins(l->script.exchange[i].command, command);
    }
    return n;
}

unsigned lenient_sent(const struct lenient *l, const char *command)
{
    unsigned n = 0;

    for (const char *at = l->commands; at != NULL && *at != '\0'; at = strchr(at, '\n') + 1) {
        n += begins(at, command);
    }
    return n;
}
