/*
 * Everything that is said to the user: one line a failure on standard error, facts as text or JSON on standard output.
 */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *place;

void cli_complain_at(const char *where)
{
    place = where;
}

void cli_complain(const char *format, ...)
{
    char line[1024];
    int start = place ? snprintf(line, sizeof(line) / 2, "%s: ", place) : 0;
    size_t used = (size_t)start < sizeof(line) / 2 ? (size_t)start : sizeof(line) / 2 - 1;
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - used, format, args);
    va_end(args);
    /* Names, URLs and the module's words come from outside: they stay one line and give the terminal no orders. */
    for (char *c = line; *c; c++) {
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    }
    fprintf(stderr, "usocket: %s\n", line);
}

void cli_fact(struct cli *cli, const char *key, json_t *value, const char *label, const char *text)
{
    if (cli->options.json) {
        if (!cli->facts) {
            cli->facts = json_object();
        }
        json_object_set_new(cli->facts, key, value);
        return;
    }
    json_decref(value);
    printf("%-12s %s\n", label, text);
}

void cli_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(value);
}

json_t *cli_json_text(const char *text, size_t len)
{
    json_t *value = json_stringn(text, len);
    if (value) {
        return value;
    }
    char safe[256];
    len = len < sizeof(safe) ? len : sizeof(safe);
    for (size_t i = 0; i < len; i++) {
        safe[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    return json_stringn(safe, len);
}

int cli_flush_output(int code)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || code != CLI_OK) {
        return code;
    }
    if (errno == EPIPE) {
        return 128 + SIGPIPE;
    }
    cli_complain("cannot write to standard output: %s", strerror(errno));
    return CLI_FAILED;
}
