/* A transcript as events; see events.h. */
#include "story/events.h"

#include <stdio.h>

enum { TEXT_SIZE = 4 * (USOCKET_LINE_SIZE + USOCKET_COMMAND_SIZE) + 32 };

static void end_data(struct events *events)
{
    char text[32];

    if (events->data > 0) {
        snprintf(text, sizeof(text), "data %zu", events->data);
        events->data = 0;
        events->line(events->ctx, text);
    }
}

static void observe(void *ctx, int seen, const char *text, size_t len)
{
    static const struct {
        const char *name;
        bool with_text;
    } names[] = {
        [USK_SEEN_COMMAND] = {"> ", true},         [USK_SEEN_ECHO] = {"echo", false},
        [USK_SEEN_RESPONSE] = {"response ", true}, [USK_SEEN_FINAL] = {"final ", true},
        [USK_SEEN_PROMPT] = {"prompt", false},     [USK_SEEN_URC] = {"urc ", true},
        [USK_SEEN_UNKNOWN] = {"unknown ", true},   [USK_SEEN_RESYNC] = {NULL, false},
    };
    struct events *events = ctx;
    char escaped[TEXT_SIZE] = "";
    char line[TEXT_SIZE + 16];

    if (seen == USK_SEEN_DATA) {
        events->data += len;
    } else if (names[seen].name != NULL) {
        end_data(events);
        if (names[seen].with_text) {
            usk_atlog_escape(escaped, sizeof(escaped), text, len);
        }
        snprintf(line, sizeof(line), "%s%s", names[seen].name, escaped);
        events->line(events->ctx, line);
    }
}

/* The host's bytes are a command line once its CR is there, whatever pieces they were written in; or payload. */
static void host_bytes(struct events *events, const unsigned char *bytes, size_t len)
{
    if (reading_wants_payload(&events->reading)) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\r') {
            if (events->host_len > 0) {
                reading_command(&events->reading, events->host, events->host_len);
            }
            events->host_len = 0;
        } else if (bytes[i] >= ' ' && events->host_len < sizeof(events->host)) {
            events->host[events->host_len++] = (char)bytes[i];
        }
    }
}

static void modem_bytes(struct events *events, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = events->cut != NULL ? events->cut(events->ctx, len) : len;

        reading_modem(&events->reading, (const char *)bytes, n);
        bytes += n;
        len -= n;
    }
}

void events_init(struct events *events, void (*line)(void *ctx, const char *text), void *ctx)
{
    reading_init(&events->reading);
    events->reading.channel.observe = observe;
    events->reading.channel.observe_ctx = events;
    events->line = line;
    events->ctx = ctx;
    events->data = 0;
    events->host_len = 0;
    events->cut = NULL;
}

void events_play(struct events *events, const struct usk_atlog *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct usk_atlog_record *record = &log->records[i];

        if (record->kind == USK_ATLOG_HOST) {
            host_bytes(events, record->bytes, record->len);
        } else if (record->kind == USK_ATLOG_MODEM) {
            modem_bytes(events, record->bytes, record->len);
        }
    }
    end_data(events);
}
