/* The host's side of a transcript on a modem; see against.h. Both sides are told as stories and compared by item. */
#include "story/against.h"

#include "session.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SILENCE_MS = 20000, /* until the first answer: a module that boots takes up to 15 s */
    SHORT_MS = 5000,    /* for what comes at once or not at all */
    OPEN_MS = 150000,   /* for the result of an open, and an address */
    SETTLE_MS = 300,    /* for what the modem may say besides, at the end */
};

struct compared {
    char text[600]; /* as it is shown */
    char mask[600]; /* as it is compared */
};

struct trial {
    struct cli *cli;
    const struct story *script;
    struct story live;
    uint64_t start_ms;
    size_t command; /* the one in flight, in the script, */
    size_t sent_as; /* and in the live story */
    bool payload_sent;
    bool heard;             /* the modem has said something */
    unsigned silent;        /* commands in a row that it has not answered */
    size_t first_untold;    /* item of the live story before which no event is left to be matched */
    struct compared wanted; /* the event that is waited for */
    unsigned sent, skipped, differing;
    const char *heading; /* of the differences; NULL when it is printed */
    char heading_text[300];
    json_t *differences, *skips; /* NULL: print text */
};

/* --- the report --------------------------------------------------------------------------------------------------- */

static void set_heading(struct trial *t, const char *text, size_t len)
{
    usk_atlog_escape(t->heading_text, sizeof(t->heading_text), text, len);
    t->heading = t->heading_text;
}

static void print_line(struct trial *t, char mark, const char *text)
{
    if (t->heading) {
        puts(t->heading);
        t->heading = NULL;
    }
    printf("  %c %s\n", mark, text);
}

/* A line that only one side has: '-' the transcript, '+' the modem. */
static void differ(struct trial *t, char mark, const char *text)
{
    t->differing++;
    if (t->differences) {
        json_array_append_new(t->differences, json_pack("{s:s, s:s, s:s}", "of", t->heading_text, "only",
                                                        mark == '-' ? "transcript" : "modem", "line", text));
    } else {
        print_line(t, mark, text);
    }
}

static void agree(struct trial *t, const char *script, const char *live)
{
    if (t->differences || !cli_option(t->cli, "verbose")) {
        return;
    }
    if (strcmp(script, live) == 0) {
        print_line(t, '=', script);
    } else {
        print_line(t, '~', script);
        print_line(t, '~', live);
    }
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static uint64_t now_ms(const struct trial *t)
{
    return cli_now_ms() - t->start_ms;
}

static int read_all(struct trial *t)
{
    struct cli_line *line = &t->cli->line;
    char buf[2048];
    ssize_t n;
    while ((n = line->port->read(line, buf, sizeof(buf))) > 0) {
        story_modem(&t->live, now_ms(t), buf, (size_t)n);
        t->heard = true;
    }
    return (int)n;
}

/* Reads until @p done, or for @p limit_ms. Returns 0, -ETIMEDOUT, -EINTR or the errno of a line that is gone. */
static int read_until(struct trial *t, bool (*done)(struct trial *t), uint64_t limit_ms)
{
    struct cli_line *line = &t->cli->line;
    uint64_t end = cli_now_ms() + limit_ms;
    for (;;) {
        int error = read_all(t);
        if (error || done(t)) {
            return error;
        }
        uint64_t now = cli_now_ms();
        if (now >= end) {
            return -ETIMEDOUT;
        }
        error = line->port->wait(line, (uint32_t)(end - now), 0);
        if (error) {
            return error;
        }
    }
}

static int write_all(struct trial *t, const char *bytes, size_t len)
{
    struct cli_line *line = &t->cli->line;
    uint64_t end = cli_deadline(t->cli);
    while (len > 0) {
        ssize_t n = line->port->write(line, bytes, len);
        if (n < 0 || cli_now_ms() >= end) {
            return n < 0 ? (int)n : -ETIMEDOUT;
        }
        story_host(&t->live, now_ms(t), bytes, (size_t)n);
        bytes += n;
        len -= (size_t)n;
        int error = len > 0 ? line->port->wait(line, SHORT_MS, 1) : 0;
        if (error) {
            return error;
        }
    }
    return 0;
}

/* --- one command -------------------------------------------------------------------------------------------------- */

static size_t next_command(const struct story *script, size_t i)
{
    while (i < script->count && script->items[i].kind != STORY_COMMAND) {
        i++;
    }
    return i;
}

static bool prompted(const struct trial *t)
{
    return reading_wants_payload(&t->live.reading) && !t->payload_sent;
}

static bool is_answered(struct trial *t)
{
    return t->live.command == STORY_NONE || prompted(t);
}

/* The payload that the script has for the prompt; one that it has none for is left by ESC. */
static int send_payload(struct trial *t)
{
    int error = 0;
    bool any = false;
    size_t end = next_command(t->script, t->command + 1);
    t->payload_sent = true;
    for (size_t i = t->command + 1; i < end && !error; i++) {
        const struct story_item *item = &t->script->items[i];
        if (item->kind == STORY_PAYLOAD && item->from_host) {
            any = true;
            error = write_all(t, story_text(t->script, item), item->len);
        }
    }
    return any || error ? error : write_all(t, "\x1b", 1);
}

static uint64_t answer_limit_ms(const struct trial *t)
{
    const struct story_item *command = &t->script->items[t->command];
    uint64_t limit = meaning_limit_ms(&t->live.spoken);
    if (command->final == STORY_NONE) {
        limit = command->took_ms; /* it was not answered in the transcript either */
    }
    limit = t->live.reading.channel.count.commands > 1 || limit < SILENCE_MS ? limit : SILENCE_MS;
    limit = limit > SHORT_MS || command->final == STORY_NONE ? limit : SHORT_MS;
    uint64_t most = (uint64_t)t->cli->options.timeout_ms;
    return limit < most ? limit : most;
}

static int exchange(struct trial *t)
{
    const struct story_item *command = &t->script->items[t->command];
    char text[sizeof(t->script->host) + 1];
    size_t len = command->len < sizeof(text) - 1 ? command->len : sizeof(text) - 1;
    memcpy(text, story_text(t->script, command), len);
    text[len++] = '\r';
    t->sent++;
    t->payload_sent = false;
    int error = write_all(t, text, len);
    t->sent_as = t->live.command;
    while (!error && t->live.command != STORY_NONE) {
        error = prompted(t) ? send_payload(t) : read_until(t, is_answered, answer_limit_ms(t));
    }
    return error == -ETIMEDOUT ? 0 : error;
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static void make_compared(struct compared *c, const struct story *story, size_t item)
{
    const struct story_item *it = &story->items[item];
    const char *text = story_text(story, it);
    usk_atlog_escape(c->text, sizeof(c->text), text, it->len);
    against_mask(c->mask, sizeof(c->mask), text, it->len);
}

static bool is_part_of_answer(const struct story_item *item, size_t command)
{
    return (item->kind == STORY_ANSWER || item->kind == STORY_FINAL) && item->command == command;
}

/* The next item from @p i on, before @p end, that belongs to the answer of @p command; @p end when there is none. */
static size_t next_of_answer(const struct story *story, size_t i, size_t end, size_t command)
{
    while (i < end && !is_part_of_answer(&story->items[i], command)) {
        i++;
    }
    return i;
}

static void compare_answer(struct trial *t)
{
    const struct story *script = t->script, *live = &t->live;
    struct compared a, b;
    size_t i = t->command, k = t->sent_as, end = next_command(script, i + 1);
    for (;;) {
        i = next_of_answer(script, i, end, t->command);
        k = next_of_answer(live, k, live->count, t->sent_as);
        bool in_script = i < end, in_live = k < live->count;
        if (!in_script && !in_live) {
            return;
        }
        if (in_script) {
            make_compared(&a, script, i++);
        }
        if (in_live) {
            make_compared(&b, live, k++);
        }
        if (in_script && in_live && strcmp(a.mask, b.mask) == 0) {
            agree(t, a.text, b.text);
            continue;
        }
        if (in_script) {
            differ(t, '-', a.text);
        }
        if (in_live) {
            differ(t, '+', b.text);
        }
    }
}

/* --- events: their order does not count --------------------------------------------------------------------------- */

/* What comes or not, as it happens: "there is data" is said once for all that waits, and some are about the air. */
static bool is_passing(const struct story *story, size_t item)
{
    static const char *const names[] = {"+CREG",  "+CGREG", "+CEREG",  "+CTZV", "+CTZE", "+QIND",
                                        "+QUSIM", "+CSCON", "APP RDY", "+CPIN", "+CFUN"};
    struct spoken spoken;
    spoken_line(&spoken, story_text(story, &story->items[item]), story->items[item].len);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], spoken.name) == 0) {
            return true;
        }
    }
    return spoken_is(&spoken, 1, "recv");
}

static bool is_event(const struct story_item *item)
{
    return item->kind == STORY_URC || item->kind == STORY_STRAY;
}

/* An event of the live story that looks as @p wanted and has not been matched yet; marks it. */
static bool match_event(struct trial *t, const struct compared *wanted)
{
    struct compared c;
    for (size_t k = t->first_untold; k < t->live.count; k++) {
        if (!is_event(&t->live.items[k]) || t->live.items[k].matched) {
            t->first_untold += k == t->first_untold;
            continue;
        }
        make_compared(&c, &t->live, k);
        if (strcmp(c.mask, wanted->mask) == 0) {
            t->live.items[k].matched = true;
            set_heading(t, "events", 6);
            agree(t, wanted->text, c.text);
            return true;
        }
    }
    return false;
}

static bool has_event(struct trial *t)
{
    return match_event(t, &t->wanted);
}

/* What the modem said before it had answered anything: it has just been switched on, or another program was there. */
static void forget_events(struct trial *t)
{
    for (size_t k = 0; k < t->live.count; k++) {
        t->live.items[k].matched = true;
    }
}

static uint64_t event_limit_ms(const struct trial *t, size_t item)
{
    const struct story *script = t->script;
    uint64_t most = (uint64_t)t->cli->options.timeout_ms;
    uint64_t limit = 2 * (script->items[item].at_ms - script->items[t->command].at_ms) + SHORT_MS;
    struct spoken spoken;
    spoken_line(&spoken, story_text(script, &script->items[item]), script->items[item].len);
    if (strstr(spoken.name, "OPEN") || spoken_is(&spoken, 1, "dnsgip")) {
        limit = limit > OPEN_MS ? limit : OPEN_MS;
    }
    return limit < most ? limit : most;
}

/* Waits for the events that the script has up to its next command. */
static int await_events(struct trial *t)
{
    size_t end = next_command(t->script, t->command + 1);
    for (size_t i = t->command + 1; i < end; i++) {
        if (!is_event(&t->script->items[i])) {
            continue;
        }
        bool passing = is_passing(t->script, i);
        bool hint = passing && t->script->items[i].conn >= 0; /* the read behind it would come too early */
        make_compared(&t->wanted, t->script, i);
        int error = read_until(t, has_event, passing && !hint ? 0 : event_limit_ms(t, i));
        if (error == -ETIMEDOUT && !passing) {
            set_heading(t, "events", 6);
            differ(t, '-', t->wanted.text);
        } else if (error && error != -ETIMEDOUT) {
            return error;
        }
    }
    return 0;
}

/* A peer that closes races with a host that does. What it brought before is compared by the byte. */
static bool is_close(const struct story *story, size_t item)
{
    struct spoken spoken;
    spoken_line(&spoken, story_text(story, &story->items[item]), story->items[item].len);
    return spoken_is(&spoken, 1, "closed");
}

static void report_more_events(struct trial *t)
{
    struct compared c;
    set_heading(t, "events", 6);
    for (size_t k = 0; k < t->live.count; k++) {
        if (!is_event(&t->live.items[k]) || t->live.items[k].matched) {
            continue;
        }
        make_compared(&c, &t->live, k);
        if (!is_passing(&t->live, k) && !is_close(&t->live, k)) {
            differ(t, '+', c.text);
        } else if (cli_option(t->cli, "verbose") && !t->differences) {
            print_line(t, '~', c.text);
        }
    }
}

/* --- what the connections brought, in whatever pieces ------------------------------------------------------------- */

struct stream {
    const struct story *story;
    int conn;
    size_t item, offset;
    uint64_t count;
};

/* The next byte that the module has brought for the connection; -1 at the end. */
static int next_byte(struct stream *s)
{
    for (; s->item < s->story->count; s->item++, s->offset = 0) {
        const struct story_item *it = &s->story->items[s->item];
        if (it->kind == STORY_PAYLOAD && !it->from_host && it->conn == s->conn && s->offset < it->len) {
            s->count++;
            return (unsigned char)story_text(s->story, it)[s->offset++];
        }
    }
    return -1;
}

static void compare_stream(struct trial *t, int conn)
{
    struct stream a = {.story = t->script, .conn = conn}, b = {.story = &t->live, .conn = conn};
    uint64_t different = 0; /* the first byte that is, from 1 */
    int x, y;
    do {
        x = next_byte(&a);
        y = next_byte(&b);
        if (x != y && different == 0) {
            different = a.count > b.count ? a.count : b.count;
        }
    } while (x >= 0 || y >= 0);
    char text[120];
    snprintf(text, sizeof(text), "%" PRIu64 " bytes received", a.count);
    if (different > 0) {
        differ(t, '-', text);
        snprintf(text, sizeof(text), "%" PRIu64 " bytes received, others from byte %" PRIu64 " on", b.count, different);
        differ(t, '+', text);
    } else if (a.count > 0) {
        agree(t, text, text);
    }
}

static void compare_streams(struct trial *t)
{
    for (int conn = 0; conn < READING_IDS; conn++) {
        char text[40];
        int n = snprintf(text, sizeof(text), "connection %d", conn);
        set_heading(t, text, (size_t)n);
        compare_stream(t, conn);
    }
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void skip(struct trial *t, const char *reason)
{
    const struct story_item *command = &t->script->items[t->command];
    set_heading(t, story_text(t->script, command), command->len);
    t->skipped++;
    if (t->skips) {
        json_array_append_new(t->skips, json_pack("{s:s, s:s}", "command", t->heading_text, "reason", reason));
    } else {
        printf("skipped %s: %s\n", t->heading_text, reason);
    }
}

static int play_command(struct trial *t)
{
    const struct story_item *command = &t->script->items[t->command];
    const char *reason = against_danger(story_text(t->script, command), command->len);
    if (reason && !cli_option(t->cli, "all")) {
        skip(t, reason);
        return 0;
    }
    int error = exchange(t);
    if (error) {
        return error;
    }
    bool silent = t->live.command != STORY_NONE && command->final != STORY_NONE;
    t->silent = silent ? t->silent + 1 : 0;
    if (t->silent > (t->heard ? 2 : 0)) {
        return -ENOMSG;
    }
    set_heading(t, story_text(t->script, command), command->len);
    compare_answer(t);
    return await_events(t);
}

static bool never(struct trial *t)
{
    (void)t;
    return false;
}

static int play(struct trial *t)
{
    int error = read_all(t);
    forget_events(t);
    for (size_t i = 0; !error && (i = next_command(t->script, i)) < t->script->count; i++) {
        t->command = i;
        error = play_command(t);
    }
    error = error ? error : read_until(t, never, SETTLE_MS);
    if (error == -ETIMEDOUT) {
        error = 0;
        report_more_events(t);
        compare_streams(t);
    }
    return error;
}

static void summarise(struct trial *t)
{
    if (t->differences) {
        cli_print_json(json_pack("{s:i, s:o, s:o, s:b}", "sent", (int)t->sent, "skipped", t->skips, "differences",
                                 t->differences, "same", t->differing == 0));
        return;
    }
    printf("%u command%s sent, %u skipped, %u line%s differ%s\n", t->sent, t->sent == 1 ? "" : "s", t->skipped,
           t->differing, t->differing == 1 ? "" : "s", t->differing == 1 ? "s" : "");
    if (t->skipped > 0) {
        puts("--all sends what was skipped");
    }
    for (int id = 0; id < READING_IDS; id++) {
        if (t->live.life_of[id] != STORY_NONE) {
            printf("connection %d is still open in the modem; AT+QICLOSE=%d closes it\n", id, id);
        }
    }
}

static int failure(struct trial *t, int error)
{
    const char *port = t->cli->options.port;
    if (error != -ENOMSG) {
        return cli_fail(t->cli, port, error);
    }
    struct cli_words words = cli_stage_words(USOCKET_STAGE_MODULE, 0);
    cli_complain("%s: %s; %s", port, words.text, words.advice);
    return CLI_NO_MODEM;
}

int against(struct cli *cli, const struct story *script)
{
    static struct trial t;
    t = (struct trial){.cli = cli, .script = script};
    cli->options.port = cli_option(cli, "against");
    int code = cli_line_open(&cli->line, &cli->options);
    if (code != CLI_OK) {
        return code;
    }
    cli->line.abort_on_signal = true; /* every wait ends with -EINTR then */
    t.start_ms = cli_now_ms();
    story_init(&t.live);
    if (cli->options.json) {
        t.differences = json_array();
        t.skips = json_array();
    }
    int error = play(&t);
    if (error) {
        code = failure(&t, error);
        json_decref(t.differences);
        json_decref(t.skips);
    } else {
        summarise(&t);
        code = t.differing > 0 ? CLI_FAILED : CLI_OK;
    }
    story_free(&t.live);
    return code;
}
