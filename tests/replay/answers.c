/* What a module that has nothing to add answers to commands which the transcript does not have. */
#include "lenient.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void say(struct lenient *l, const char *line)
{
    lenient_put(l, "\r\n", 2, 0);
    lenient_put(l, line, strlen(line), 0);
    lenient_put(l, "\r\n", 2, 0);
}

static unsigned id_of(const char *command)
{
    unsigned id = 0;

    sscanf(strchr(command, '=') + 1, "%u", &id);
    return id % IDS;
}

static void say_identity(struct lenient *l)
{
    say(l, "Quectel");
    say(l, l->model);
    say(l, "Revision: 1");
}

/* Registered, once the record has nothing more to say about it. */
static void say_registration(struct lenient *l, const char *command)
{
    bool more = lenient_has(l, "AT+CEREG?") || lenient_has(l, "AT+CGREG?") || lenient_has(l, "AT+CREG?");
    char line[32];

    snprintf(line, sizeof(line), "%.*s: 0,%d", (int)(strlen(command) - 3), command + 2, more ? 2 : 1);
    say(l, line);
}

/* AT+QIOPEN=1,0,"TCP","198.51.100.9",80,0,0 told as a connection that is up. */
static void say_state(struct lenient *l, const char *command)
{
    unsigned cid = 0;
    unsigned id = IDS;
    char service[16] = "";
    char address[64] = "";
    unsigned port = 0;
    unsigned own = 0;
    unsigned access = 0;
    char line[200];

    if (sscanf(command, "AT+QISTATE=1,%u", &id) != 1 || id >= IDS ||
        sscanf(l->opened_as[id], "AT+QIOPEN=%u,%u,\"%15[^\"]\",\"%63[^\"]\",%u,%u,%u", &cid, &id, service, address,
               &port, &own, &access) != 7) {
        return;
    }
    snprintf(line, sizeof(line), "+QISTATE: %u,\"%s\",\"%s\",%u,%u,2,%u,0,%u,\"uart1\"", id, service, address, port,
             own != 0 ? own : 5000, cid, access);
    say(l, line);
}

static void say_totals(struct lenient *l, const char *name, size_t done)
{
    char line[80];

    snprintf(line, sizeof(line), "+%s: %zu,%zu,0", name, done, done);
    say(l, line);
}

static void say_open(struct lenient *l, const char *command)
{
    unsigned id = 0;
    char line[40];

    sscanf(command, "AT+QIOPEN=%*u,%u", &id);
    snprintf(line, sizeof(line), "+QIOPEN: %u,0", id);
    say(l, "OK");
    say(l, line);
}

static bool say_transfer(struct lenient *l, const char *command)
{
    char kind[KIND_TEXT];

    script_kind(kind, command);
    if (strcmp(kind, "AT+QISEND=") == 0) {
        lenient_put(l, "\r\n> ", 4, 0);
        return true; /* no OK */
    }
    if (strcmp(kind, "AT+QISEND=0") == 0) {
        say_totals(l, "QISEND", l->sent[id_of(command)]);
    } else if (strcmp(kind, "AT+QIRD=0") == 0) {
        say_totals(l, "QIRD", l->received[id_of(command)]);
    } else if (strcmp(kind, "AT+QIRD=") == 0) {
        say(l, "+QIRD: 0");
    }
    return false;
}

void lenient_default(struct lenient *l, const char *command)
{
    static const struct {
        const char *command, *line;
    } answers[] = {
        {"AT+CPIN?", "+CPIN: READY"},
        {"AT+CMEE?", "+CMEE: 1"},
        {"AT+QURCCFG=\"urcport\"", "+QURCCFG: \"urcport\",\"uart1\""},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strcmp(command, answers[i].command) == 0) {
            say(l, answers[i].line);
        }
    }
    if (strcmp(command, "AT+QIACT?") == 0 && l->active) {
        say(l, "+QIACT: 1,1,1,\"10.0.0.1\"");
    }
    l->active = l->active || begins(command, "AT+QIACT=");
    if (strstr(command, "REG?") != NULL) {
        say_registration(l, command);
    }
    if (strcmp(command, "ATI") == 0) {
        say_identity(l);
    }
    if (begins(command, "AT+QISTATE=")) {
        say_state(l, command);
    }
    if (begins(command, "AT+QIOPEN=")) {
        say_open(l, command);
    } else if (!say_transfer(l, command)) {
        say(l, "OK");
    }
}
