/* Cuts a transcript into exchanges; see script.h. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool starts(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static bool asks_totals(const char *fields)
{
    const char *comma = strchr(fields, ',');

    return comma != NULL && strcmp(comma + 1 + strspn(comma + 1, " "), "0") == 0;
}

void script_kind(char kind[KIND_TEXT], const char *command)
{
    size_t name = strcspn(command, "=?");
    bool transfer = starts(command, "AT+QIRD=") || starts(command, "AT+QISEND=");

    if (starts(command, "AT+QISTATE")) {
        snprintf(kind, KIND_TEXT, "AT+QISTATE");
        return;
    }
    snprintf(kind, KIND_TEXT, "%.*s", (int)(command[name] != '\0' ? name + 1 : name), command);
    for (char *p = kind; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    if (transfer && asks_totals(command + name + 1)) {
        strcat(kind, "0");
    }
    if (starts(command, "AT+QICSGP=") && strchr(command, ',') == NULL) {
        strcat(kind, "?"); /* the form that reads */
    }
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* "+QIRD: 5", "+QIRD: 14,"address",7" and "+QIURC: "recv",0,256" announce bytes; totals, "+QIRD: 4,0,4", do not. */
static size_t announced(const char *line, size_t len)
{
    char text[COMMAND_TEXT];
    unsigned id;
    unsigned n;
    int at = 0;

    snprintf(text, sizeof(text), "%.*s", (int)len, line);
    if (sscanf(text, "+QIRD: %u%n", &n, &at) == 1 && (text[at] == '\0' || text[at + 1] == '"')) {
        return n;
    }
    return sscanf(text, "+QIURC: \"recv\",%u,%u", &id, &n) == 2 ? n : 0;
}

bool script_line(struct script_line *line, const char *at, const char *end)
{
    while (at < end && (*at == '\r' || *at == '\n')) {
        at++;
    }
    line->at = at;
    while (at < end && *at != '\r' && *at != '\n') {
        at++;
    }
    line->len = (size_t)(at - line->at);
    line->payload = announced(line->at, line->len);
    if (line->payload > 0) {
        at += 2;
        line->payload = line->payload < (size_t)(end - at) ? line->payload : (size_t)(end - at);
        at += line->payload;
    }
    line->next = at;
    return line->len > 0;
}

static bool is(const struct script_line *line, const char *text)
{
    return line->len >= strlen(text) && strncmp(line->at, text, strlen(text)) == 0;
}

bool script_is_prompt(const struct turn *turn)
{
    size_t len = turn->len > 0 && turn->text[turn->len - 1] == ' ' ? turn->len - 1 : turn->len;

    return len > 0 && turn->text[len - 1] == '>' && (len == 1 || turn->text[len - 2] == '\n');
}

bool script_is_final(const struct turn *turn)
{
    static const char *const results[] = {"OK", "ERROR", "+CME ERROR", "+CMS ERROR", "SEND OK", "SEND FAIL", "CONNECT"};
    struct script_line line;

    for (const char *at = turn->text; script_line(&line, at, turn->text + turn->len); at = line.next) {
        for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
            if (is(&line, results[i])) {
                return true;
            }
        }
    }
    return script_is_prompt(turn);
}

bool script_is_urc(const struct exchange *exchange, const struct script_line *line)
{
    static const struct {
        const char *line, *unless; /* it is the answer to this command */
    } codes[] = {
        {"+QIURC", "-"}, {"+QIOPEN", "-"}, {"RDY", "-"},      {"+CFUN", "AT+CFUN?"},
        {"+QUSIM", "-"}, {"+QIND", "-"},   {"+QPING: ", "-"}, {"+CPIN", "AT+CPIN?"},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (is(line, codes[i].line) && !starts(exchange->command, codes[i].unless)) {
            return true;
        }
    }
    return false;
}

/* --- cutting ------------------------------------------------------------------------------------------------------ */

static struct exchange *add(struct script *script, const char *command, size_t len, size_t record)
{
    struct exchange *e = &script->exchange[script->count++];

    if (script->count == EXCHANGES || len >= COMMAND_TEXT) {
        abort();
    }
    memcpy(e->command, command, len);
    script_kind(e->kind, e->command);
    e->turns = 1;
    e->turn[0] = (struct turn){.first = record, .end = record, .text = calloc(1, 1)};
    e->turn[1] = (struct turn){.text = calloc(1, 1)};
    return e;
}

static void append(struct turn *turn, const struct usk_atlog_record *r)
{
    turn->text = realloc(turn->text, turn->len + r->len + 1);
    if (turn->text == NULL) {
        abort();
    }
    memcpy(turn->text + turn->len, r->bytes, r->len);
    turn->len += r->len;
    turn->text[turn->len] = '\0';
}

/* Names in commands and in echoes were re-authored apart from each other: any line that begins with AT is the echo. */
static void strip_echo(struct exchange *e)
{
    struct turn *turn = &e->turn[0];
    const char *end = turn->len > 0 ? memchr(turn->text, '\r', turn->len) : NULL;

    if (end != NULL && starts(e->command, "AT") && starts(turn->text, "AT")) {
        e->echoed = true;
        turn->skip = (size_t)(end + 1 - turn->text);
        turn->len -= turn->skip;
        memmove(turn->text, end + 1, turn->len + 1);
    }
}

/* The host's bytes: payload where a prompt was, else command lines, which may be spread over records. */
static void host_bytes(struct script *script, struct exchange **now, size_t record)
{
    static char line[COMMAND_TEXT];
    static size_t len;
    const struct usk_atlog_record *r = &script->log.records[record];

    if (*now != NULL && script_is_prompt(&(*now)->turn[0]) && (*now)->turn[1].len == 0) {
        (*now)->turns = 2;
        (*now)->turn[1].first = (*now)->turn[1].end = record + 1;
        return;
    }
    for (size_t i = 0; i < r->len; i++) {
        if (r->bytes[i] == '\r') {
            *now = add(script, line, len, record + 1);
            len = 0;
        } else if (len < sizeof(line)) {
            line[len++] = (char)r->bytes[i];
        }
    }
}

void script_open(struct script *script, const char *path)
{
    struct usk_atlog_error error;
    struct exchange *now = NULL;

    memset(script, 0, sizeof(*script));
    if (usk_atlog_load(&script->log, path, &error) != 0) {
        fprintf(stderr, "%s:%u: %s\n", path, error.line, error.reason);
        abort();
    }
    for (size_t i = 0; i < script->log.count; i++) {
        const struct usk_atlog_record *r = &script->log.records[i];

        if (r->kind == USK_ATLOG_HOST) {
            host_bytes(script, &now, i);
        } else if (r->kind == USK_ATLOG_MODEM) {
            now = now != NULL ? now : add(script, "", 0, i);
            append(&now->turn[now->turns - 1], r);
            now->turn[now->turns - 1].end = i + 1;
        }
    }
    for (size_t i = 0; i < script->count; i++) {
        strip_echo(&script->exchange[i]);
    }
}

void script_close(struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        free(script->exchange[i].turn[0].text);
        free(script->exchange[i].turn[1].text);
    }
    usk_atlog_free(&script->log);
}
