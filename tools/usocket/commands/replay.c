/*
 * usocket replay: a transcript as text that one can read, as JSON, or as the events that lexer and channel make of it;
 * or its host side sent to a modem.
 */
#include "story/against.h"
#include "story/events.h"
#include "story/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- text --------------------------------------------------------------------------------------------------------- */

enum { COLUMN = 46, SHOWN = 60 }; /* where the meaning begins; bytes of a payload that are shown */

struct look {
    const char *fault, *host, *payload, *dim, *off;
};

static const struct look plain = {"", "", "", "", ""};
static const struct look coloured = {"\033[31m", "\033[36m", "\033[35m", "\033[2m", "\033[0m"};

static const struct look *find_look(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) ? &coloured : &plain;
}

static void make_text(const struct story *story, const struct story_item *item, char *to, size_t size)
{
    size_t used = 0, shown = item->len;
    if (item->kind == STORY_PAYLOAD) {
        used = (size_t)snprintf(to, size, "[%zu bytes] ", item->len);
        shown = shown < SHOWN ? shown : SHOWN;
    }
    if (usk_atlog_escape(to + used, size - used, story_text(story, item), shown) < item->len) {
        used = strlen(to);
        snprintf(to + used, size - used, "...");
    }
}

static void make_meaning(const struct story *story, const struct story_item *item, char *to, size_t size)
{
    const char *words = story_words(story, item);
    uint64_t ms = item->kind == STORY_FINAL && item->command != STORY_NONE ? story->items[item->command].took_ms : 0;
    if (ms > 0) {
        snprintf(to, size, "%s (%" PRIu64 ".%03" PRIu64 " s)", words, ms / 1000, ms % 1000);
    } else {
        snprintf(to, size, "%s", words);
    }
}

static void print_item(const struct story *story, const struct story_item *item, const struct look *look)
{
    static char text[4 * 4096 + 64];
    char meaning[2 * MEANING_SIZE + 40];
    if (item->kind == STORY_GAP) {
        printf("%s               ... %.1f s of silence%s\n", look->dim, (double)item->took_ms / 1000, look->off);
        return;
    }
    make_text(story, item, text, sizeof(text) - 4);
    if (item->kind == STORY_NOTE) {
        printf("%s# %s%s\n", look->dim, text, look->off);
        return;
    }
    make_meaning(story, item, meaning, sizeof(meaning));
    const char *colour = item->fault                   ? look->fault
                         : item->kind == STORY_PAYLOAD ? look->payload
                         : item->from_host             ? look->host
                                                       : "";
    printf("%6" PRIu64 ".%03" PRIu64 " %c %s%c %-*s%s%s%s\n", item->at_ms / 1000, item->at_ms % 1000,
           item->fault ? '!' : ' ', colour, item->from_host ? '>' : '<', meaning[0] ? COLUMN : 0, text,
           colour[0] ? look->off : "", meaning[0] ? "  " : "", meaning);
}

static const char *life_time(const struct story *story, const struct story_life *life, enum story_state state,
                             char to[24])
{
    if (life->item[state] == STORY_NONE) {
        return "-";
    }
    uint64_t ms = story->items[life->item[state]].at_ms;
    snprintf(to, 24, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
    return to;
}

static void print_lives(const struct story *story)
{
    char open[24], closed[24];
    if (story->life_count > 0) {
        printf("\n%-3s %-32s %10s %10s %10s %10s\n", "id", "connection", "open", "closed", "sent", "received");
    }
    for (size_t i = 0; i < story->life_count; i++) {
        const struct story_life *life = &story->lives[i];
        printf("%-3d %-32s %10s %10s %10" PRIu64 " %10" PRIu64 "%s\n", life->id, story->words.at + life->name,
               life_time(story, life, STORY_OPEN, open), life_time(story, life, STORY_CLOSED, closed), life->out,
               life->in, life->failed ? "  failed" : "");
    }
    printf("\n%zu item%s, %" PRIu64 ".%03" PRIu64 " s, %zu fault%s\n", story->count, story->count == 1 ? "" : "s",
           story->end_ms / 1000, story->end_ms % 1000, story->faults, story->faults == 1 ? "" : "s");
}

static void print_text(const struct story *story)
{
    const struct look *look = find_look();
    for (size_t i = 0; i < story->count; i++) {
        print_item(story, &story->items[i], look);
    }
    print_lives(story);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *index_json(size_t index)
{
    return index == STORY_NONE ? json_null() : json_integer((json_int_t)index);
}

static json_t *item_json(const struct story *story, const struct story_item *item, char *text, size_t size)
{
    static const char *const kinds[] = {"note",   "gap",     "command", "answer", "final",
                                        "prompt", "payload", "urc",     "stray"};
    bool of_nobody = item->kind == STORY_NOTE || item->kind == STORY_GAP;
    usk_atlog_escape(text, size, story_text(story, item), item->len);
    json_t *json = json_pack(
        "{s:s, s:I, s:o, s:s, s:I, s:s, s:b, s:o, s:o}", "kind", kinds[item->kind], "at_ms", (json_int_t)item->at_ms,
        "from", of_nobody ? json_null() : json_string(item->from_host ? "host" : "module"), "text", text, "bytes",
        (json_int_t)item->len, "meaning", story_words(story, item), "fault", item->fault, "connection",
        item->conn < 0 ? json_null() : json_integer(item->conn), "command", index_json(item->command));
    if (item->kind == STORY_COMMAND) {
        json_object_set_new(json, "final", index_json(item->final));
        json_object_set_new(json, "echoed", json_boolean(item->echoed));
    }
    if (item->kind == STORY_COMMAND || item->kind == STORY_GAP) {
        json_object_set_new(json, "took_ms", json_integer((json_int_t)item->took_ms));
    }
    return json;
}

/* What items did to connections: "changes" of those that did. */
static void add_changes(const struct story *story, json_t *items)
{
    for (size_t i = 0; i < story->change_count; i++) {
        const struct story_change *change = &story->changes[i];
        json_t *item = json_array_get(items, change->item);
        if (!json_object_get(item, "changes")) {
            json_object_set_new(item, "changes", json_array());
        }
        json_array_append_new(json_object_get(item, "changes"),
                              json_pack("{s:i, s:s}", "connection", story->lives[change->life].id, "state",
                                        story_state_name(change->state)));
    }
}

static int print_json(const struct story *story)
{
    size_t longest = 0;
    for (size_t i = 0; i < story->count; i++) {
        longest = story->items[i].len > longest ? story->items[i].len : longest;
    }
    char *text = malloc(4 * longest + 1);
    if (!text) {
        cli_complain("not enough memory for so long a transcript");
        return CLI_FAILED;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < story->count; i++) {
        json_array_append_new(items, item_json(story, &story->items[i], text, 4 * longest + 1));
    }
    add_changes(story, items);
    cli_print_json(items);
    free(text);
    return CLI_OK;
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void print_event(void *ctx, const char *text)
{
    (void)ctx;
    puts(text);
}

static int print_events(const char *path)
{
    static struct events events;
    struct usk_atlog log;
    int code = story_read(&log, path);
    if (code == CLI_OK) {
        events_init(&events, print_event, NULL);
        events_play(&events, &log);
        usk_atlog_free(&log);
    }
    return code;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static int run(struct cli *cli, int argc, char **argv)
{
    static struct story story;
    (void)argc;
    if (!cli_option(cli, "against") && (cli_option(cli, "all") || cli_option(cli, "verbose"))) {
        cli_complain("replay: --all and --verbose are for --against PORT");
        return CLI_USAGE;
    }
    if (cli_option(cli, "events")) {
        return print_events(argv[0]);
    }
    int code = story_load(&story, argv[0]);
    if (code != CLI_OK) {
        /* said already */
    } else if (cli_option(cli, "against")) {
        code = against(cli, &story);
    } else if (cli->options.json) {
        code = print_json(&story);
    } else {
        print_text(&story);
    }
    story_free(&story);
    return code;
}

static const struct cli_option options[] = {
    {"events", 0, NULL, "one event of the driver a line, for tests"},
    {"against", 0, "PORT", "send the host's side to the modem there and compare"},
    {"all", 0, NULL, "with --against: also what restarts or changes the modem"},
    {"verbose", 'v', NULL, "with --against: also what may differ, as signal or time"},
    {0},
};

const struct cli_command usk_cmd_replay = {
    .name = "replay",
    .args = "FILE",
    .summary = "show a transcript with its meaning, or try it on a modem",
    .help = "Shows the transcript FILE (.atlog, see record): time, direction (> sent, <\n"
            "received), the line, what it means; ! marks a fault. At the end its connections.\n"
            "--json prints one array of items. No modem is needed.\n"
            "\n"
            "--against sends the commands and payloads of the host to a modem, waits for the\n"
            "answers that FILE has, and prints the lines that differ (- FILE, + modem). The\n"
            "exit code is 1 then. Commands that restart or change the modem are skipped.\n"
            "\n"
            "Example:\n"
            "  usocket replay session.atlog\n"
            "  usocket replay session.atlog --against /dev/ttyUSB2\n",
    .min_args = 1,
    .max_args = 1,
    .offline = true,
    .options = options,
    .run = run,
};
