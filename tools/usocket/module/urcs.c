/*
 * What a module says unasked, in words: a table of names, each with how its fields are read.
 */
#include "module/urcs.h"

#include "module/numbers.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS = 5 };

/* The fields behind the name, quotes off; those that are missing are "". */
struct fields {
    char text[128];
    const char *field[FIELDS];
};

/* Makes words of the fields. */
typedef void (*decoder)(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS]);

static void split(struct fields *f, const char *text, size_t len)
{
    snprintf(f->text, sizeof(f->text), "%.*s", (int)len, text);
    char *at = f->text;
    for (int i = 0; i < FIELDS; i++) {
        f->field[i] = "";
    }
    for (int i = 0; i < FIELDS && at; i++) {
        at += strspn(at, " ");
        char *start = at + (*at == '"');
        char *end = *at == '"' ? strchr(start, '"') : NULL;
        at = strchr(end ? end : start, ',');
        if (at) {
            *at++ = '\0';
        }
        if (end) {
            *end = '\0';
        }
        f->field[i] = start;
    }
}

static void plain(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    (void)f;
    snprintf(words, CLI_URC_WORDS, "%s", meaning);
}

/* The meaning has the place of the first field. */
static void with_field(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    const char *place = strstr(meaning, "%");
    snprintf(words, CLI_URC_WORDS, "%.*s%s%s", (int)(place - meaning), meaning, f->field[0], place + 1);
}

static void registration(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    struct cli_words state = cli_stage_words(USOCKET_STAGE_REGISTRATION, cli_number(f->field[0], -1));
    snprintf(words, CLI_URC_WORDS, "%s: %s", meaning, state.text);
}

static void opened(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    (void)meaning;
    int code = cli_number(f->field[1], -1);
    if (code == 0) {
        snprintf(words, CLI_URC_WORDS, "connection %s is open", f->field[0]);
    } else {
        snprintf(words, CLI_URC_WORDS, "connection %s could not be opened: %s", f->field[0],
                 usocket_module_strerror(code));
    }
}

static void resolved(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    (void)meaning;
    const char *first = f->field[1];
    int code = cli_number(first, -1);
    bool address = strchr(first, '.') || strchr(first, ':');
    if (address) {
        snprintf(words, CLI_URC_WORDS, "an address of the name: %s", first);
    } else if (code == 0) {
        snprintf(words, CLI_URC_WORDS, "the name has %s addresses, for %s s", f->field[2], f->field[3]);
    } else {
        snprintf(words, CLI_URC_WORDS, "the name can't be resolved: %s", usocket_module_strerror(code));
    }
}

/* The events of sockets: the first field says which. TCP/IP notes, chapter 2.4 "URC". */
static void socket_event(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    static const struct {
        const char *kind;
        const char *before; /* the second field stands between the two */
        const char *behind;
    } kinds[] = {
        {"recv", "data came for connection ", ""},
        {"closed", "the peer closed connection ", ""},
        {"incoming", "a client came: connection ", ""},
        {"incoming full", "a client was refused: no connection is free", NULL},
        {"pdpdeact", "the network took data call ", " away"},
    };
    if (strcmp(f->field[0], "dnsgip") == 0) {
        resolved(f, meaning, words);
        return;
    }
    snprintf(words, CLI_URC_WORDS, "%s", meaning);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].kind, f->field[0]) == 0) {
            snprintf(words, CLI_URC_WORDS, "%s%s%s", kinds[i].before, kinds[i].behind ? f->field[1] : "",
                     kinds[i].behind ? kinds[i].behind : "");
        }
    }
}

static void sim_state(const struct fields *f, const char *meaning, char words[CLI_URC_WORDS])
{
    bool ready = strcmp(f->field[0], "READY") == 0, absent = strcmp(f->field[0], "NOT INSERTED") == 0;
    snprintf(words, CLI_URC_WORDS, "%s %s%s", meaning,
             ready    ? "is ready"
             : absent ? "is missing"
                      : "wants ",
             ready || absent ? "" : f->field[0]);
}

static const struct {
    const char *name;
    decoder decode;
    const char *meaning;
} urcs[] = {
    {"+QIURC", socket_event, "an event of a socket"},
    {"+QIOPEN", opened, ""},
    {"RDY", plain, "the module has started"},
    {"APP RDY", plain, "the module's applications have started"},
    {"POWERED DOWN", plain, "the module is off"},
    {"NORMAL POWER DOWN", plain, "the module goes off"},
    {"PSM POWER DOWN", plain, "the module goes to sleep"},
    {"+CFUN", with_field, "functionality is now %: 0 minimal, 1 full, 4 flight mode"},
    {"+CPIN", sim_state, "the SIM card"},
    {"+QUSIM", with_field, "kind of the SIM card: %"},
    {"+USIM", with_field, "kind of the SIM card: %"},
    {"+QSIMSTAT", plain, "the SIM card was put in or taken out"},
    {"+QIND", with_field, "the module reports: %"},
    {"+CREG", registration, "circuit network"},
    {"+CGREG", registration, "packet network"},
    {"+CEREG", registration, "LTE network"},
    {"+CGEV", with_field, "packet event: %"},
    {"+CSCON", with_field, "signalling connection: % (1 in use, 0 idle)"},
    {"+CTZV", with_field, "the network's time zone: % quarters of an hour"},
    {"+CTZE", with_field, "the network's time zone: % quarters of an hour"},
    {"+CMTI", with_field, "a short message was stored in %"},
    {"+CMT", plain, "a short message; its text is on the next line"},
    {"+CDS", plain, "the report of a short message"},
    {"+CUSD", plain, "an answer to a service code"},
    {"+CRING", with_field, "a call of kind %"},
    {"+CLIP", with_field, "the caller is %"},
    {"RING", plain, "somebody calls"},
    {"NO CARRIER", plain, "the call has ended"},
    {"Call Ready", plain, "calls can be made"},
    {"SMS Ready", plain, "short messages can be sent"},
    {"+QPING", plain, "a ping's answer, or the summary"},
    {"+QNTP", plain, "the time server's answer"},
    {"+QGPSURC", with_field, "positioning: %"},
    {"+QPSMTIMER", plain, "timers of power saving"},
    {"+QJDR", plain, "jamming was looked for"},
    {"+QMTSTAT", plain, "the state of an MQTT connection has changed"},
    {"+QMTRECV", plain, "an MQTT message came"},
    {"+QSSLURC", plain, "an event of a TLS connection"},
    {"+QHTTPGET", plain, "the end of an HTTP request"},
};

_Static_assert(sizeof(urcs) / sizeof(urcs[0]) <= CLI_URCS_MAX, "each name has its place");

void cli_urcs_listen(struct cli_urcs *listener, struct usocket_modem *modem, usocket_urc_fn fn, void *ctx)
{
    for (size_t i = 0; i < sizeof(urcs) / sizeof(urcs[0]); i++) {
        usocket_on_urc(modem, &listener->urc[i], urcs[i].name, fn, ctx);
    }
}

void cli_urc_words(const char *line, size_t len, char words[CLI_URC_WORDS])
{
    words[0] = '\0';
    for (size_t i = 0; i < sizeof(urcs) / sizeof(urcs[0]); i++) {
        size_t name = strlen(urcs[i].name);
        if (len >= name && memcmp(line, urcs[i].name, name) == 0 && (len == name || line[name] == ':')) {
            struct fields f;
            split(&f, line + name + (len > name), len - name - (len > name));
            urcs[i].decode(&f, urcs[i].meaning, words);
            return;
        }
    }
}
