/*
 * The lives of the connections in a story: what opens one, what ends it, how many bytes it has carried.
 */
#include "story/story.h"

#include <stdio.h>
#include <string.h>

const char *story_state_name(enum story_state state)
{
    static const char *const names[STORY_STATES] = {"opening", "open", "closing", "closed"};
    return names[state];
}

size_t story_life_first(const struct story_life *life)
{
    size_t first = STORY_NONE;
    for (int i = 0; i < STORY_STATES; i++) {
        first = life->item[i] < first ? life->item[i] : first;
    }
    return first;
}

static struct story_life *living(struct story *story, int id)
{
    bool known = id >= 0 && id < READING_IDS && story->life_of[id] != STORY_NONE;
    return known ? &story->lives[story->life_of[id]] : NULL;
}

/* States follow each other in one direction only. */
static bool may_enter(const struct story_life *life, enum story_state state)
{
    for (int i = (int)state; life && i < STORY_STATES; i++) {
        life = life->item[i] == STORY_NONE ? life : NULL;
    }
    return life != NULL;
}

static void enter(struct story *story, int id, enum story_state state, size_t item)
{
    struct story_life *life = living(story, id);
    if (!may_enter(life, state)) {
        return;
    }
    struct story_change *changes =
        story_more(story, story->changes, sizeof(*changes), story->change_count, &story->change_room);
    if (!changes) {
        return;
    }
    story->changes = changes;
    changes[story->change_count++] = (struct story_change){item, story->life_of[id], state};
    life->item[state] = item;
    if (state == STORY_CLOSED) {
        story->life_of[id] = STORY_NONE;
    }
}

static void fail(struct story *story, int id, size_t item)
{
    struct story_life *life = living(story, id);
    if (life) {
        life->failed = true;
        enter(story, id, STORY_CLOSED, item);
    }
}

/* All of them are gone, with a fault or as it was meant. */
static void end_all(struct story *story, size_t item, bool meant)
{
    for (int id = 0; id < READING_IDS; id++) {
        char words[40];
        if (living(story, id)) {
            snprintf(words, sizeof(words), "connection %d is %s", id, meant ? "closed" : "lost");
            story_say(story, item, words);
            living(story, id)->failed = !meant;
            enter(story, id, STORY_CLOSED, item);
        }
    }
}

static void begin(struct story *story, int id, enum story_state state, size_t item, const char *name)
{
    if (id < 0 || id >= READING_IDS) {
        return;
    }
    struct story_life *lives = story_more(story, story->lives, sizeof(*lives), story->life_count, &story->life_room);
    if (!lives) {
        return;
    }
    story->lives = lives;
    enter(story, id, STORY_CLOSED, item); /* it was taken away without a word */
    lives[story->life_count] =
        (struct story_life){.id = id, .name = story_add(story, &story->words, name, strlen(name) + 1)};
    for (int i = 0; i < STORY_STATES; i++) {
        lives[story->life_count].item[i] = STORY_NONE;
    }
    story->life_of[id] = story->life_count++;
    enter(story, id, state, item);
}

/* "TCP 203.0.113.5:80" from parameters @p service, @p host, @p port; 0: it has none. */
static void make_name(char *name, size_t size, const struct spoken *spoken, int service, int host, int port)
{
    const int order[] = {service, host, port};
    const char *before[] = {"", " ", ":"};
    char text[256] = "";
    size_t len = 0;
    for (int i = 0; i < 3; i++) {
        if (order[i] > 0 && order[i] <= spoken->count) {
            struct usk_text p = spoken->param[order[i] - 1];
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", before[i], (int)(p.len < 70 ? p.len : 70),
                                    p.at);
        }
    }
    usk_atlog_escape(name, size, text, len);
}

static void begin_open(struct story *story, size_t item, int conn)
{
    const struct spoken *s = &story->spoken;
    char name[300];
    if (strcmp(s->name, "+QSSLOPEN") == 0) {
        snprintf(name, sizeof(name), "TLS");
        make_name(name + 3, sizeof(name) - 3, s, 0, 4, 5);
    } else if (spoken_is(s, 3, "TCP LISTENER") || spoken_is(s, 3, "UDP SERVICE")) {
        make_name(name, sizeof(name), s, 3, 0, 6);
    } else {
        /* The service is the first parameter that is no number. */
        int service = 1;
        while (service < s->count && spoken_number(s, service, UINT32_MAX) != UINT32_MAX) {
            service++;
        }
        make_name(name, sizeof(name), s, service, service + 1, service + 2);
    }
    begin(story, conn, STORY_OPENING, item, name);
}

static bool is_open(const char *name)
{
    return strcmp(name, "+QIOPEN") == 0 || strcmp(name, "+QSSLOPEN") == 0;
}

static bool is_close(const char *name)
{
    return strcmp(name, "+QICLOSE") == 0 || strcmp(name, "+QSSLCLOSE") == 0;
}

static bool is_send(const char *name)
{
    return strncmp(name, "+QISEND", 7) == 0 || strcmp(name, "+QSSLSEND") == 0;
}

void story_life_command(struct story *story, size_t item)
{
    int conn = story->items[item].conn;
    if (story->spoken.form != '=' && story->spoken.form != 'x') {
        return;
    }
    if (is_open(story->spoken.name)) {
        begin_open(story, item, conn);
    } else if (is_close(story->spoken.name)) {
        enter(story, conn, STORY_CLOSING, item);
    }
}

void story_life_final(struct story *story, size_t item, const struct spoken *line)
{
    const struct story_item *final = &story->items[item];
    const char *command = story->spoken.name;
    if (final->command == STORY_NONE) {
        return;
    }
    bool good = !final->fault;
    int conn = final->conn;
    if (is_open(command) && !good) {
        fail(story, conn, item);
    } else if (is_open(command) && strcmp(line->name, "CONNECT") == 0) {
        enter(story, conn, STORY_OPEN, item);
    } else if (is_close(command) && good && living(story, conn)) {
        char words[40];
        snprintf(words, sizeof(words), "connection %d is closed", conn);
        story_say(story, item, words);
        enter(story, conn, STORY_CLOSED, item);
    } else if (is_send(command) && good) {
        story_life_bytes(story, item, conn, true, story->accepted);
        story->accepted = 0;
    } else if (strcmp(command, "+QIDEACT") == 0 && good) {
        end_all(story, item, true);
    }
}

/* +QIOPEN: id,error */
static void opened(struct story *story, size_t item, int conn, const struct spoken *line)
{
    const struct story_life *life = living(story, conn);
    if (life && life->item[STORY_OPENING] != STORY_NONE && life->item[STORY_OPEN] == STORY_NONE) {
        uint64_t took = story->items[item].at_ms - story->items[life->item[STORY_OPENING]].at_ms;
        if (took > 150000) {
            story_blame(story, item, "it took more than the manual's 150 s");
        }
    }
    if (spoken_number(line, 2, 0) == 0) {
        enter(story, conn, STORY_OPEN, item);
    } else {
        fail(story, conn, item);
    }
}

static void event(struct story *story, size_t item, int conn, const struct spoken *line)
{
    char name[300];
    if (spoken_is(line, 1, "closed")) {
        enter(story, conn, STORY_CLOSING, item);
    } else if (spoken_is(line, 1, "incoming") && line->count >= 5) {
        make_name(name, sizeof(name), line, 0, 4, 5);
        char named[320];
        snprintf(named, sizeof(named), "client%s", name);
        begin(story, conn, STORY_OPEN, item, named);
    } else if (spoken_is(line, 1, "pdpdeact")) {
        end_all(story, item, false);
    }
}

static void listed(struct story *story, size_t item, int conn, const struct spoken *line)
{
    char name[300];
    uint32_t state = spoken_number(line, 6, 0);
    if (!living(story, conn) && state >= 1) {
        make_name(name, sizeof(name), line, 2, 3, 4);
        begin(story, conn, state == 1 ? STORY_OPENING : state == 4 ? STORY_CLOSING : STORY_OPEN, item, name);
    }
}

void story_life_line(struct story *story, size_t item, const struct spoken *line)
{
    static const struct {
        const char *name;
        void (*act)(struct story *story, size_t item, int conn, const struct spoken *line);
    } lines[] = {
        {"+QIOPEN", opened}, {"+QSSLOPEN", opened}, {"+QIURC", event}, {"+QSSLURC", event}, {"+QISTATE", listed}};
    static const struct {
        const char *name;
        enum story_state state;
    } links[] = {{"CONNECT OK", STORY_OPEN},
                 {"ALREADY CONNECT", STORY_OPEN},
                 {"CONNECT FAIL", STORY_CLOSED},
                 {"CLOSED", STORY_CLOSING},
                 {"CLOSE OK", STORY_CLOSED}};
    int conn = story->items[item].conn;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (strcmp(line->name, lines[i].name) == 0) {
            lines[i].act(story, item, conn, line);
        }
    }
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (strcmp(line->name, links[i].name) == 0) {
            enter(story, conn, links[i].state, item);
        }
    }
    if (strcmp(line->name, "SEND OK") == 0) { /* behind an OK, as a line of its own: BC66 and its like */
        story_life_bytes(story, item, conn, true, story->accepted);
        story->accepted = 0;
    }
    if (strcmp(line->name, "RDY") == 0 || strstr(line->name, "POWER") || strcmp(line->name, "+PDP DEACT") == 0) {
        end_all(story, item, false);
    }
}

void story_life_bytes(struct story *story, size_t item, int conn, bool from_host, uint64_t bytes)
{
    if (bytes > 0 && conn >= 0 && !living(story, conn)) {
        begin(story, conn, STORY_OPEN, item, "opened before");
    }
    struct story_life *life = living(story, conn);
    if (life) {
        *(from_host ? &life->out : &life->in) += bytes;
    }
}
