/* The arguments of a command: fields between commas, quoted or not, blanks around them ignored (transcript 035). */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* Copies one field into *store, returns what follows it: a comma, the end, or NULL if a quote isn't closed. */
static const char *field(struct arg *a, const char *text, const char *end, char **store)
{
    char *out = *store;
    while (text < end && *text == ' ') {
        text++;
    }
    a->text = out;
    a->quoted = text < end && *text == '"';
    if (a->quoted) {
        for (text++; text < end && *text != '"'; text++) {
            *out++ = *text;
        }
        if (text++ == end) {
            return NULL;
        }
        while (text < end && *text == ' ') {
            text++;
        }
    } else {
        while (text < end && *text != ',') {
            *out++ = *text++;
        }
        while (out > a->text && out[-1] == ' ') {
            out--;
        }
    }
    *out++ = '\0';
    a->given = a->quoted || a->text[0];
    *store = out;
    return text;
}

void args_parse(struct args *a, const char *text, size_t len)
{
    memset(a->arg, 0, sizeof a->arg);
    a->count = 0;
    a->bad = false;
    char *store = a->store;
    const char *end = text + len;
    for (;;) {
        if (a->count == ARGS) {
            a->bad = true;
            return;
        }
        struct arg *arg = &a->arg[a->count++];
        text = field(arg, text, end, &store);
        if (!text || (text < end && *text != ',')) {
            a->bad = true;
            return;
        }
        char *rest;
        arg->value = strtol(arg->text, &rest, 10);
        arg->number = arg->given && !arg->quoted && !*rest;
        if (text++ == end) {
            return;
        }
    }
}

bool args_int(const struct args *a, int i, long min, long max, long *value)
{
    if (i >= a->count || !a->arg[i].number || a->arg[i].value < min || a->arg[i].value > max) {
        return false;
    }
    *value = a->arg[i].value;
    return true;
}

bool args_int_or(const struct args *a, int i, long min, long max, long *value)
{
    return i >= a->count || !a->arg[i].given || args_int(a, i, min, max, value);
}

const char *args_string(const struct args *a, int i)
{
    return i < a->count && a->arg[i].quoted ? a->arg[i].text : NULL;
}
