/* A transcript told as a story; see story.h. The channel's observer tells what a byte has completed. */
#include "story/story.h"

#include "at/lexer.h"
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- memory ------------------------------------------------------------------------------------------------------- */

void *story_more(struct story *story, void *array, size_t size, size_t count, size_t *room)
{
    if (count < *room) {
        return array;
    }
    size_t more = *room ? 2 * *room : 64;
    void *bigger = realloc(array, more * size);
    if (bigger) {
        *room = more;
    } else {
        story->no_memory = true;
    }
    return bigger;
}

size_t story_add(struct story *story, struct story_buffer *buffer, const char *bytes, size_t len)
{
    if (buffer->room - buffer->len <= len) {
        size_t room = 2 * buffer->room + len + 4096;
        char *bigger = realloc(buffer->at, room);
        if (!bigger) {
            story->no_memory = true;
            return 0;
        }
        buffer->at = bigger;
        buffer->room = room;
    }
    size_t begin = buffer->len;
    memcpy(buffer->at + begin, bytes, len);
    buffer->len += len;
    buffer->at[buffer->len] = '\0';
    return begin;
}

static size_t add_words(struct story *story, const char *words)
{
    return words[0] ? story_add(story, &story->words, words, strlen(words) + 1) : 0;
}

void story_say(struct story *story, size_t item, const char *words)
{
    if (item < story->count) {
        char both[2 * MEANING_SIZE];
        const char *had = story_words(story, &story->items[item]);
        snprintf(both, sizeof(both), "%s%s%s", had, had[0] ? "; " : "", words);
        story->items[item].words = add_words(story, both);
    }
}

void story_blame(struct story *story, size_t item, const char *words)
{
    story_say(story, item, words);
    if (item < story->count) {
        story->faults += !story->items[item].fault;
        story->items[item].fault = true;
    }
}

/* Returns the number of the new item; STORY_NONE without memory. */
static size_t add_item(struct story *story, enum story_kind kind, const char *text, size_t len)
{
    struct story_item *items = story_more(story, story->items, sizeof(*items), story->count, &story->item_room);
    if (!items) {
        return STORY_NONE;
    }
    story->items = items;
    items[story->count] = (struct story_item){.kind = kind,
                                              .conn = -1,
                                              .at_ms = story->end_ms,
                                              .command = STORY_NONE,
                                              .final = STORY_NONE,
                                              .text = story_add(story, &story->text, text, len),
                                              .len = len};
    story->payload = STORY_NONE;
    return story->count++;
}

static void explain(struct story *story, size_t item, const struct meaning *meaning)
{
    if (item < story->count) {
        struct story_item *it = &story->items[item];
        it->words = add_words(story, meaning->words);
        it->conn = meaning->conn;
        it->fault = meaning->fault;
        story->faults += meaning->fault;
    }
}

/* --- the module's side -------------------------------------------------------------------------------------------- */

enum { MAX_ECHO = 1460 }; /* the longest payload of one QISEND */

/* Until AT+QISDE=0 the module sends the payload back, and then it looks like a line. */
static bool is_echo_of_payload(const struct story *story, const struct story_item *stray)
{
    const struct story_item *sent = story->sent != STORY_NONE ? &story->items[story->sent] : NULL;
    return sent && sent->len <= MAX_ECHO &&
           memmem(story_text(story, sent), sent->len, story_text(story, stray), stray->len) != NULL;
}

static void explain_stray(struct story *story, size_t item, const struct meaning *meaning)
{
    struct meaning stray = {.words = "the payload comes back as an echo", .conn = -1};
    if (!is_echo_of_payload(story, &story->items[item])) {
        stray.fault = true;
        snprintf(stray.words, sizeof(stray.words), "unexpected%s%.180s", meaning->words[0] ? ": " : "", meaning->words);
    }
    explain(story, item, &stray);
}

static void check_time(struct story *story, size_t item)
{
    const struct story_item *command = &story->items[item];
    uint32_t limit = meaning_limit_ms(&story->spoken);
    char words[100];
    if (command->took_ms > limit) {
        snprintf(words, sizeof(words), "it took %.3g s, the manual says %.3g s at most",
                 (double)command->took_ms / 1000, (double)limit / 1000);
        story_blame(story, item, words);
    }
}

/* The driver tries settings that only some modules have. */
static void excuse(struct story *story, size_t item, const struct spoken *line)
{
    if (strcmp(line->name, "ERROR") == 0 && strcmp(story->spoken.name, "+QICFG") == 0) {
        story->items[item].fault = false;
        story->items[item].words = add_words(story, "the module does not know this setting");
        story->faults--;
    }
}

static void see_final(struct story *story, size_t item, const struct spoken *line)
{
    struct story_item *final = &story->items[item];
    size_t command = story->command;
    if (command < story->count) {
        story->items[command].final = item;
        story->items[command].took_ms = story->end_ms - story->items[command].at_ms;
        final->conn = story->items[command].conn;
        check_time(story, command);
        excuse(story, item, line);
    }
    story_life_final(story, item, line);
    story->command = STORY_NONE;
    story->payload_left = 0;
}

/* A module that starts in the middle of a session has lost everything; at its beginning it is what one waits for. */
static void look_for_restart(struct story *story, size_t item, const struct spoken *line)
{
    if (story->asked && strcmp(line->name, "RDY") == 0) {
        story_blame(story, item, "all it knew is lost");
    }
}

static void see_line(struct story *story, enum story_kind kind, const char *text, size_t len)
{
    struct spoken line;
    struct meaning meaning;
    size_t item = add_item(story, kind, text, len);
    if (item == STORY_NONE) {
        return;
    }
    spoken_line(&line, text, len);
    meaning_find(&meaning, &line);
    if (kind == STORY_STRAY) {
        explain_stray(story, item, &meaning);
        return;
    }
    explain(story, item, &meaning);
    story->payload_conn = meaning.conn;
    story->payload_command = STORY_NONE;
    if (kind == STORY_URC) {
        look_for_restart(story, item, &line);
    } else {
        struct story_item *it = &story->items[item];
        it->command = story->command;
        story->payload_command = story->command;
        if (it->conn < 0 && story->command < story->count) {
            it->conn = story->items[story->command].conn;
        }
        story->payload_conn = it->conn;
    }
    if (kind == STORY_FINAL) {
        see_final(story, item, &line);
    } else {
        story_life_line(story, item, &line);
    }
}

static void see_prompt(struct story *story)
{
    size_t item = add_item(story, STORY_PROMPT, ">", 1);
    if (item == STORY_NONE) {
        return;
    }
    struct meaning meaning = {.words = "the module waits for the bytes", .conn = -1};
    explain(story, item, &meaning);
    story->items[item].command = story->command;
    if (story->command < story->count) {
        story->items[item].conn = story->items[story->command].conn;
    }
    story->accepted = 0;
    story->payload_left = spoken_number(&story->spoken, 2, UINT32_MAX);
}

static size_t begin_payload(struct story *story, bool from_host)
{
    char words[40];
    size_t item = add_item(story, STORY_PAYLOAD, "", 0);
    if (item == STORY_NONE) {
        return item;
    }
    struct story_item *it = &story->items[item];
    it->from_host = from_host;
    it->command = from_host ? story->command : story->payload_command;
    it->conn = story->payload_conn;
    if (from_host && story->command < story->count) {
        it->conn = story->items[story->command].conn;
    }
    if (it->conn >= 0) {
        snprintf(words, sizeof(words), "payload of connection %d", it->conn);
        it->words = add_words(story, words);
    }
    return item;
}

/* One byte of payload, of either side. */
static void see_payload(struct story *story, bool from_host, char byte)
{
    size_t item = story->payload;
    if (item == STORY_NONE || story->items[item].from_host != from_host) {
        item = story->payload = begin_payload(story, from_host);
    }
    if (item == STORY_NONE) {
        return;
    }
    story_add(story, &story->text, &byte, 1);
    story->items[item].len++;
    if (from_host) {
        story->sent = item;
    } else {
        story->last_payload = item;
        story_life_bytes(story, item, story->items[item].conn, false, 1);
    }
}

static void see_echo(struct story *story)
{
    if (story->command < story->count) {
        story->items[story->command].echoed = true;
    }
    if (story->reading.channel.echo_returned) {
        story->reading.channel.echo_returned = false;
        story->reading.channel.echo = true;
        story_blame(story, story->command, "the echo is back: the module has restarted");
    }
}

static void blame_payload(struct story *story)
{
    story_blame(story, story->last_payload, "bytes of this payload were lost or added");
}

/* The rest of a payload that has stalled for so long is not waited for: what comes then is text, as for the driver. */
static void give_up_payload(struct story *story)
{
    if (story->reading.channel.lexer.data_left > 0) {
        usk_lexer_reset(&story->reading.channel.lexer);
        story_blame(story, story->last_payload, "the rest of this payload did not come");
    }
}

static void observe(void *ctx, int seen, const char *text, size_t len)
{
    struct story *story = ctx;
    switch (seen) {
    case USK_SEEN_ECHO:
        see_echo(story);
        break;
    case USK_SEEN_RESPONSE:
        see_line(story, STORY_ANSWER, text, len);
        break;
    case USK_SEEN_FINAL:
        see_line(story, STORY_FINAL, text, len);
        break;
    case USK_SEEN_PROMPT:
        see_prompt(story);
        break;
    case USK_SEEN_DATA: /* the bytes are fed one by one */
        see_payload(story, false, story->byte);
        break;
    case USK_SEEN_URC:
        see_line(story, STORY_URC, text, len);
        break;
    case USK_SEEN_UNKNOWN:
    case USK_SEEN_LATE:
        see_line(story, STORY_STRAY, text, len);
        break;
    case USK_SEEN_RESYNC:
        blame_payload(story);
        break;
    default:
        break;
    }
}

static bool no_urc(void *ctx, struct usk_text line)
{
    (void)ctx;
    (void)line;
    return false;
}

static void *no_room(void *ctx, size_t *room)
{
    (void)ctx;
    *room = 0;
    return NULL;
}

static void on_end(void *ctx, bool whole)
{
    if (!whole) {
        blame_payload(ctx);
    }
}

static const struct usk_hooks hooks = {.on_urc = no_urc, .on_room = no_room, .on_end = on_end};

/* --- the host's side ---------------------------------------------------------------------------------------------- */

/* The command in flight was not answered, and the host waits no longer. */
static void give_up(struct story *story)
{
    size_t item = story->command;
    char words[100];
    if (item >= story->count) {
        return;
    }
    uint64_t ms = story->end_ms - story->items[item].at_ms;
    if (ms > 0) {
        snprintf(words, sizeof(words), "no answer in %" PRIu64 ".%03" PRIu64 " s", ms / 1000, ms % 1000);
    } else {
        snprintf(words, sizeof(words), "no answer");
    }
    story->items[item].took_ms = ms;
    story_blame(story, item, words);
    story->command = STORY_NONE;
}

static void see_command(struct story *story)
{
    struct meaning meaning;
    give_up(story);
    size_t item = add_item(story, STORY_COMMAND, story->host, story->host_len);
    if (item == STORY_NONE) {
        return;
    }
    spoken_command(&story->spoken, story->host, story->host_len);
    meaning_find(&meaning, &story->spoken);
    explain(story, item, &meaning);
    story->items[item].from_host = true;
    story->asked = true;
    story->command = item;
    story->payload_left = 0;
    reading_command(&story->reading, story->host, story->host_len);
    story_life_command(story, item);
}

/* A payload of which no length was told ends with a Ctrl-Z, which is not sent on. */
static void payload_byte(struct story *story, char byte)
{
    bool counted = story->payload_left != UINT32_MAX;
    bool ends = !counted && byte == '\x1a';
    see_payload(story, true, byte);
    story->accepted += !ends;
    story->payload_left -= counted;
    if (ends || story->payload_left == 0) {
        story->payload_left = 0;
        story->payload = STORY_NONE;
    }
}

static void host_byte(struct story *story, char byte)
{
    if (reading_wants_payload(&story->reading) && story->payload_left > 0) {
        payload_byte(story, byte);
    } else if (byte == '\r') {
        if (story->host_len > 0) {
            see_command(story);
        }
        story->host_len = 0;
    } else if ((unsigned char)byte >= ' ' && story->host_len < sizeof(story->host)) {
        story->host[story->host_len++] = byte;
    }
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static void advance(struct story *story, uint64_t now_ms)
{
    if (story->started && now_ms - story->last_ms >= STORY_GAP_MS) {
        story->end_ms = story->last_ms;
        give_up_payload(story);
        size_t item = add_item(story, STORY_GAP, "", 0);
        if (item != STORY_NONE) {
            story->items[item].took_ms = now_ms - story->last_ms;
        }
    }
    story->started = true;
    story->last_ms = story->end_ms = now_ms;
}

void story_host(struct story *story, uint64_t now_ms, const void *bytes, size_t len)
{
    advance(story, now_ms);
    for (size_t i = 0; i < len; i++) {
        host_byte(story, ((const char *)bytes)[i]);
    }
}

void story_modem(struct story *story, uint64_t now_ms, const void *bytes, size_t len)
{
    advance(story, now_ms);
    for (size_t i = 0; i < len; i++) {
        story->byte = ((const char *)bytes)[i];
        reading_modem(&story->reading, &story->byte, 1);
    }
}

void story_init(struct story *story)
{
    *story =
        (struct story){.command = STORY_NONE, .payload = STORY_NONE, .last_payload = STORY_NONE, .sent = STORY_NONE};
    for (int i = 0; i < READING_IDS; i++) {
        story->life_of[i] = STORY_NONE;
    }
    reading_init(&story->reading);
    story->reading.channel.observe = observe;
    story->reading.channel.observe_ctx = story;
    story->reading.channel.hooks = &hooks;
    story_add(story, &story->words, "", 1); /* the meaning of what has none */
}

void story_tell(struct story *story, const struct usk_atlog *log)
{
    uint64_t now_ms = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct usk_atlog_record *record = &log->records[i];
        switch (record->kind) {
        case USK_ATLOG_DELAY:
            now_ms += record->delay_ms;
            break;
        case USK_ATLOG_HOST:
            story_host(story, now_ms, record->bytes, record->len);
            break;
        case USK_ATLOG_MODEM:
            story_modem(story, now_ms, record->bytes, record->len);
            break;
        case USK_ATLOG_COMMENT:
            story->end_ms = now_ms;
            add_item(story, STORY_NOTE, (const char *)record->bytes, record->len);
            break;
        }
    }
    story->end_ms = now_ms;
    story_end(story);
}

void story_end(struct story *story)
{
    give_up(story);
}

void story_free(struct story *story)
{
    free(story->items);
    free(story->lives);
    free(story->changes);
    free(story->text.at);
    free(story->words.at);
    story_init(story);
    free(story->words.at);
    story->words = (struct story_buffer){0};
}

int story_read(struct usk_atlog *log, const char *path)
{
    struct usk_atlog_error error;
    if (usk_atlog_load(log, path, &error) == 0) {
        return CLI_OK;
    }
    if (error.line > 0) {
        cli_complain("%s:%u: %s", path, error.line, error.reason);
    } else {
        cli_complain("%s: %s", path, error.reason);
    }
    return CLI_FAILED;
}

int story_load(struct story *story, const char *path)
{
    struct usk_atlog log;
    story_init(story);
    int code = story_read(&log, path);
    if (code != CLI_OK) {
        return code;
    }
    story_tell(story, &log);
    usk_atlog_free(&log);
    if (story->no_memory) {
        cli_complain("%s: not enough memory for so long a transcript", path);
        return CLI_FAILED;
    }
    return CLI_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

const char *story_text(const struct story *story, const struct story_item *item)
{
    return story->text.at ? story->text.at + item->text : "";
}

const char *story_words(const struct story *story, const struct story_item *item)
{
    return story->words.at ? story->words.at + item->words : "";
}
