/* Phrases for the lines of an AT conversation; see meaning.h. PROTOCOL.md says where the facts come from. */
#include "story/meaning.h"

#include "uart/atlog.h"
#include "usocket/usocket.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- splitting ---------------------------------------------------------------------------------------------------- */

static void set_name(struct spoken *spoken, const char *text, size_t len)
{
    len = len < sizeof(spoken->name) - 1 ? len : sizeof(spoken->name) - 1;
    for (size_t i = 0; i < len; i++) {
        spoken->name[i] = (char)toupper((unsigned char)text[i]);
    }
    spoken->name[len] = '\0';
}

static void set_params(struct spoken *spoken, const char *at, const char *end)
{
    struct usk_fields fields = {at, end};
    while (fields.at < end && *fields.at == ' ') {
        fields.at++;
    }
    while (spoken->count < SPOKEN_PARAMS && usk_field_text(&fields, &spoken->param[spoken->count])) {
        spoken->count++;
    }
}

void spoken_command(struct spoken *spoken, const char *text, size_t len)
{
    const char *end = text + len;
    *spoken = (struct spoken){.form = 'x', .link = -1};
    if (len < 2 || toupper((unsigned char)text[0]) != 'A' || toupper((unsigned char)text[1]) != 'T') {
        return;
    }
    text += 2;
    /* "+NAME" and "&W" end at what is neither letter nor digit; a basic command is one letter: E0. */
    const char *at = text;
    do {
        at += at < end;
    } while (at < end && !isalnum((unsigned char)text[0]) && isalnum((unsigned char)*at));
    set_name(spoken, text, (size_t)(at - text));
    if (at == end) {
        return;
    }
    spoken->form = *at == '?' ? '?' : '=';
    if (*at == '=') {
        at++;
        spoken->form = at < end && *at == '?' ? 't' : '=';
    }
    if (spoken->form == '=') {
        set_params(spoken, at, end);
    }
}

void spoken_line(struct spoken *spoken, const char *text, size_t len)
{
    *spoken = (struct spoken){.form = ':', .link = -1};
    if (len > 3 && isdigit((unsigned char)text[0]) && text[1] == ',' && text[2] == ' ') {
        spoken->link = text[0] - '0';
        text += 3;
        len -= 3;
    }
    const char *colon = memchr(text, ':', len);
    set_name(spoken, text, colon ? (size_t)(colon - text) : len);
    if (colon) {
        set_params(spoken, colon + 1, text + len);
    }
}

static bool read_number(struct usk_text text, uint32_t *value)
{
    struct usk_fields fields = {text.at, text.at + text.len};
    return usk_field_uint(&fields, UINT32_MAX, value) && fields.at >= fields.end;
}

uint32_t spoken_number(const struct spoken *spoken, int n, uint32_t otherwise)
{
    uint32_t value;
    return n <= spoken->count && read_number(spoken->param[n - 1], &value) ? value : otherwise;
}

bool spoken_is(const struct spoken *spoken, int n, const char *word)
{
    return n <= spoken->count && usk_text_equal(spoken->param[n - 1], word);
}

/* --- phrases ------------------------------------------------------------------------------------------------------ */

enum { LINK = 15 }; /* in place of a parameter's number: the connection in front, or the only one there is */

/*
 * The first row that fits is taken. In the text %3 stands for the third parameter, and with a letter before the number
 * for what it means: %e an error, %s a connection's state, %r a registration, %d a signal's strength.
 */
struct phrase {
    const char *name;
    char form;
    unsigned char conn;   /* which parameter is the connection id; 0: none */
    unsigned char fields; /* that are there at least */
    unsigned char at;     /* this parameter is ... 0: any */
    const char *value;    /* ... this; "#" for any number */
    const char *text;     /* with a '!' in front: it is a fault */
};

/* A table reads by its rows. */
/* clang-format off */
static const struct phrase phrases[] = {
    /* Connections */
    {"+QIOPEN", '=', 2, 6, 3, "TCP LISTENER", "listen on TCP port %6 as connection %2"},
    {"+QIOPEN", '=', 2, 6, 3, "UDP SERVICE", "open UDP port %6 as connection %2"},
    {"+QIOPEN", '=', 2, 5, 1, "#", "open %3 connection %2 to %4 port %5"},
    {"+QIOPEN", '=', 1, 4, 1, "#", "open %2 connection %1 to %3 port %4"},
    {"+QIOPEN", '=', LINK, 3, 0, NULL, "open a %1 connection to %2 port %3"},
    {"+QIOPEN", ':', 1, 2, 2, "0", "connection %1 is open"},
    {"+QIOPEN", ':', 1, 2, 0, NULL, "!connection %1 could not be opened: %e2"},
    {"+QSSLOPEN", '=', 3, 5, 0, NULL, "open TLS connection %3 to %4 port %5"},
    {"+QSSLOPEN", ':', 1, 2, 2, "0", "TLS connection %1 is open"},
    {"+QSSLOPEN", ':', 1, 2, 0, NULL, "!TLS connection %1 could not be opened: %e2"},
    {"+QICLOSE", '=', 1, 1, 0, NULL, "close connection %1"},
    {"+QICLOSE", 'x', LINK, 0, 0, NULL, "close the connection"},
    {"+QSSLCLOSE", '=', 1, 1, 0, NULL, "close TLS connection %1"},
    {"+QISTATE", '?', 0, 0, 0, NULL, "list the connections"},
    {"+QISTATE", '=', 2, 2, 1, "1", "ask for the state of connection %2"},
    {"+QISTATE", '=', 0, 2, 0, NULL, "list the connections of context %2"},
    {"+QISTATE", 'x', 0, 0, 0, NULL, "ask for the state of the connections"},
    {"+QISTATE", ':', 1, 6, 0, NULL, "connection %1: %2 to %3 port %4, %s6"},
    {"+QISWTMD", '=', 1, 2, 0, NULL, "switch the access mode of connection %1"},
    {"CONNECT OK", ':', LINK, 0, 0, NULL, "the connection is open"},
    {"CONNECT FAIL", ':', LINK, 0, 0, NULL, "!the connection could not be opened"},
    {"ALREADY CONNECT", ':', LINK, 0, 0, NULL, "!the connection is open already"},
    {"CLOSED", ':', LINK, 0, 0, NULL, "the peer closed the connection"},
    {"CLOSE OK", ':', LINK, 0, 0, NULL, "the connection is closed"},

    /* Data */
    {"+QISEND", '=', 1, 4, 0, NULL, "send %2 bytes on connection %1 to %3 port %4"},
    {"+QISEND", '=', 1, 2, 2, "0", "ask how many bytes of connection %1 are acknowledged"},
    {"+QISEND", '=', 1, 2, 0, NULL, "send %2 bytes on connection %1"},
    {"+QISEND", '=', 1, 1, 0, NULL, "send on connection %1"},
    {"+QISEND", 'x', LINK, 0, 0, NULL, "send on the connection"},
    {"+QISEND", ':', 0, 3, 0, NULL, "%1 bytes sent in all, %2 acknowledged, %3 on their way"},
    {"+QISENDEX", '=', 1, 2, 0, NULL, "send hexadecimal bytes on connection %1"},
    {"+QSSLSEND", '=', 1, 2, 0, NULL, "send %2 bytes on TLS connection %1"},
    {"+QSSLSEND", '=', 1, 1, 0, NULL, "send on TLS connection %1"},
    {"+QIRD", '=', 0, 4, 0, NULL, "read up to %4 bytes"},
    {"+QIRD", '=', 1, 2, 2, "0", "ask how many bytes of connection %1 were read"},
    {"+QIRD", '=', 1, 2, 0, NULL, "read up to %2 bytes of connection %1"},
    {"+QIRD", '=', 1, 1, 0, NULL, "read from connection %1"},
    {"+QIRD", ':', 0, 1, 1, "0", "nothing to read"},
    {"+QIRD", ':', 0, 3, 2, "#", "%1 bytes received in all, %2 read, %3 waiting"},
    {"+QIRD", ':', 0, 3, 1, "#", "a datagram of %1 bytes from %2 port %3"},
    {"+QIRD", ':', 0, 1, 1, "#", "%1 bytes follow"},
    {"+QSSLRECV", '=', 1, 2, 0, NULL, "read up to %2 bytes of TLS connection %1"},
    {"+QSSLRECV", ':', 0, 1, 1, "0", "nothing to read"},
    {"+QSSLRECV", ':', 0, 1, 0, NULL, "%1 bytes follow"},
    {"+RECEIVE", ':', 1, 2, 0, NULL, "%2 bytes of connection %1 follow"},
    {"SEND OK", ':', LINK, 0, 0, NULL, "the module has taken the bytes"},
    {"SEND FAIL", ':', LINK, 0, 0, NULL, "!the module's buffer is full: nothing was taken"},
    {"+QIURC", ':', 2, 5, 1, "recv", "connection %2 brings %3 bytes from %4 port %5"},
    {"+QIURC", ':', 2, 3, 1, "recv", "connection %2 brings %3 bytes"},
    {"+QIURC", ':', 2, 2, 1, "recv", "connection %2 has data to be read"},
    {"+QIURC", ':', 2, 2, 1, "closed", "the peer closed connection %2"},
    {"+QIURC", ':', 2, 5, 1, "incoming", "connection %2: a client of listener %3 from %4 port %5"},
    {"+QIURC", ':', 0, 1, 1, "incoming full", "!a client was refused: no connection id is free"},
    {"+QIURC", ':', 0, 2, 1, "pdpdeact", "!the network has ended data call %2 and its connections"},
    {"+QSSLURC", ':', 2, 3, 1, "recv", "TLS connection %2 brings %3 bytes"},
    {"+QSSLURC", ':', 2, 2, 1, "recv", "TLS connection %2 has data to be read"},
    {"+QSSLURC", ':', 2, 2, 1, "closed", "the peer closed TLS connection %2"},

    /* Names */
    {"+QIDNSGIP", '=', 0, 2, 0, NULL, "resolve %2"},
    {"+QIDNSGIP", '=', 0, 1, 0, NULL, "resolve %1"},
    {"+QIURC", ':', 0, 3, 2, "0", "the name has %3 addresses"},
    {"+QIURC", ':', 0, 2, 2, "#", "!the name was not resolved: %e2"},
    {"+QIURC", ':', 0, 2, 1, "dnsgip", "address %2"},
    {"+QIDNSCFG", '=', 0, 2, 0, NULL, "set the name servers"},
    {"+QIDNSCFG", '=', 0, 1, 0, NULL, "ask for the name servers"},
    {"+QIDNSCFG", ':', 0, 2, 0, NULL, "name servers %2 %3"},

    /* Data call */
    {"+QICSGP", '=', 0, 3, 0, NULL, "set context %1: access point %3"},
    {"+QICSGP", '=', 0, 1, 0, NULL, "ask for the settings of context %1"},
    {"+QIACT", '=', 0, 1, 0, NULL, "bring data call %1 up"},
    {"+QIACT", 'x', 0, 0, 0, NULL, "bring the data call up"},
    {"+QIACT", '?', 0, 0, 0, NULL, "list the data calls"},
    {"+QIACT", ':', 0, 4, 0, NULL, "data call %1 is up with address %4"},
    {"+QIDEACT", '=', 0, 1, 0, NULL, "take data call %1 down"},
    {"+QIDEACT", 'x', 0, 0, 0, NULL, "take the data call down"},
    {"DEACT OK", ':', 0, 0, 0, NULL, "the data call is down"},
    {"+PDP DEACT", ':', 0, 0, 0, NULL, "!the network has ended the data call"},
    {"+CGPADDR", ':', 0, 2, 0, NULL, "context %1 has address %2"},
    {"+CGATT", '?', 0, 0, 0, NULL, "is the module attached to the network?"},
    {"+CGATT", ':', 0, 1, 1, "1", "attached to the network"},
    {"+CGATT", ':', 0, 1, 1, "0", "not attached to the network"},
    {"+CGDCONT", '=', 0, 3, 0, NULL, "set context %1: access point %3"},
    {"+QIGETERROR", 'x', 0, 0, 0, NULL, "ask why the last command failed"},
    {"+QIGETERROR", ':', 0, 1, 0, NULL, "the last error: %e1"},
    {"+QPING", '=', 0, 2, 0, NULL, "ping %2"},
    {"+QNTP", '=', 0, 2, 0, NULL, "set the clock by %2"},

    /* SIM card and network */
    {"+CPIN", '?', 0, 0, 0, NULL, "ask for the state of the SIM card"},
    {"+CPIN", '=', 0, 1, 0, NULL, "give the SIM card its PIN"},
    {"+CPIN", ':', 0, 1, 0, NULL, "SIM card: %1"},
    {"+CREG", '?', 0, 0, 0, NULL, "ask for the registration (2G, 3G)"},
    {"+CGREG", '?', 0, 0, 0, NULL, "ask for the registration (packet data)"},
    {"+CEREG", '?', 0, 0, 0, NULL, "ask for the registration (LTE)"},
    {"+CREG", ':', 0, 2, 2, "#", "%r2"},
    {"+CGREG", ':', 0, 2, 2, "#", "%r2"},
    {"+CEREG", ':', 0, 2, 2, "#", "%r2"},
    {"+CREG", ':', 0, 1, 0, NULL, "%r1"},
    {"+CGREG", ':', 0, 1, 0, NULL, "%r1"},
    {"+CEREG", ':', 0, 1, 0, NULL, "%r1"},
    {"+COPS", '?', 0, 0, 0, NULL, "ask for the operator"},
    {"+COPS", 't', 0, 0, 0, NULL, "search for operators"},
    {"+COPS", '=', 0, 1, 0, NULL, "choose an operator"},
    {"+COPS", ':', 0, 3, 1, "#", "operator %3"},
    {"+CSQ", 'x', 0, 0, 0, NULL, "ask for the signal"},
    {"+CSQ", ':', 0, 2, 0, NULL, "signal %d1"},

    /* The module */
    {"", 'x', 0, 0, 0, NULL, "does the module answer?"},
    {"E", '=', 0, 1, 1, "0", "echo off"},
    {"E", '=', 0, 1, 1, "1", "echo on"},
    {"V", '=', 0, 1, 1, "1", "results in words"},
    {"I", 'x', 0, 0, 0, NULL, "which module is it?"},
    {"&W", 'x', 0, 0, 0, NULL, "store the settings"},
    {"&F", 'x', 0, 0, 0, NULL, "back to the factory's settings"},
    {"+CMEE", '=', 0, 1, 1, "1", "errors as numbers"},
    {"+CMEE", '=', 0, 1, 1, "2", "errors as words"},
    {"+CMEE", '?', 0, 0, 0, NULL, "is the module there? (how are errors told?)"},
    {"+CMEE", ':', 0, 1, 1, "1", "errors as numbers"},
    {"+CMEE", ':', 0, 1, 1, "2", "errors as words"},
    {"+QISDE", '=', 0, 1, 1, "0", "no echo of payload"},
    {"+QICFG", '=', 0, 2, 0, NULL, "set %1 to %2"},
    {"+QICFG", '=', 0, 1, 0, NULL, "ask for %1"},
    {"+QCFG", '=', 0, 2, 0, NULL, "set %1 to %2"},
    {"+QCFG", '=', 0, 1, 0, NULL, "ask for %1"},
    {"+CMGL", '=', 0, 1, 0, NULL, "list the messages"},
    {"+QURCCFG", '=', 0, 2, 0, NULL, "events are to come on port %2"},
    {"+QURCCFG", '=', 0, 1, 0, NULL, "on which port do events come?"},
    {"+QURCCFG", ':', 0, 2, 0, NULL, "events come on port %2"},
    {"+IPR", '=', 0, 1, 0, NULL, "set the line's rate to %1"},
    {"+IFC", '=', 0, 2, 0, NULL, "set flow control"},
    {"+CFUN", '=', 0, 2, 2, "1", "restart the module"},
    {"+CFUN", '=', 0, 1, 1, "0", "radio and SIM card off"},
    {"+CFUN", '=', 0, 1, 1, "1", "radio on"},
    {"+CFUN", '=', 0, 1, 1, "4", "radio off"},
    {"+CFUN", '?', 0, 0, 0, NULL, "is the radio on?"},
    {"+CFUN", ':', 0, 1, 1, "1", "radio on"},
    {"+CFUN", ':', 0, 1, 1, "0", "radio and SIM card off"},
    {"+CFUN", ':', 0, 1, 1, "4", "radio off"},
    {"+QPOWD", 'x', 0, 0, 0, NULL, "switch the module off"},
    {"+QPOWD", '=', 0, 1, 0, NULL, "switch the module off"},
    {"+GSN", 'x', 0, 0, 0, NULL, "ask for the serial number (IMEI)"},
    {"+CGSN", 'x', 0, 0, 0, NULL, "ask for the serial number (IMEI)"},
    {"+CIMI", 'x', 0, 0, 0, NULL, "ask for the subscriber number (IMSI)"},
    {"+QCCID", 'x', 0, 0, 0, NULL, "ask for the SIM card's number"},
    {"+CGMR", 'x', 0, 0, 0, NULL, "ask for the firmware"},
    {"+QGMR", 'x', 0, 0, 0, NULL, "ask for the firmware"},
    {"+CGMM", 'x', 0, 0, 0, NULL, "ask for the model"},
    {"+CCLK", '?', 0, 0, 0, NULL, "ask for the time"},
    {"RDY", ':', 0, 0, 0, NULL, "the module has started"},
    {"APP RDY", ':', 0, 0, 0, NULL, "the module's programs have started"},
    {"POWERED DOWN", ':', 0, 0, 0, NULL, "!the module switches off"},
    {"NORMAL POWER DOWN", ':', 0, 0, 0, NULL, "!the module switches off"},
    {"PSM POWER DOWN", ':', 0, 0, 0, NULL, "the module goes to sleep"},
    {"+QIND", ':', 0, 1, 0, NULL, "%1"},
    {"+QUSIM", ':', 0, 1, 0, NULL, "the SIM card is in use"},

    /* Final results */
    {"OK", ':', 0, 0, 0, NULL, "done"},
    {"ERROR", ':', 0, 0, 0, NULL, "!the module refuses"},
    {"+CME ERROR", ':', 0, 1, 1, "#", "!the module refuses: %e1 (%1)"},
    {"+CME ERROR", ':', 0, 1, 0, NULL, "!the module refuses: %1"},
    {"+CMS ERROR", ':', 0, 1, 0, NULL, "!the module refuses, SMS error %1"},
    {"CONNECT", ':', 0, 0, 0, NULL, "a data channel: bytes pass as they are"},
    {"NO CARRIER", ':', 0, 0, 0, NULL, "!the data channel has ended"},
};

static const struct {
    char form;
    const char *text;
} others[] = {{'=', "set "}, {'?', "ask for "}, {'t', "ask what can be set by "}, {'x', "run "}};
/* clang-format on */

/* --- filling in --------------------------------------------------------------------------------------------------- */

static bool fits(const struct phrase *p, const struct spoken *spoken)
{
    uint32_t number;
    if (strcmp(p->name, spoken->name) != 0 || p->form != spoken->form || spoken->count < p->fields) {
        return false;
    }
    if (p->at == 0) {
        return true;
    }
    return p->value[0] == '#' ? read_number(spoken->param[p->at - 1], &number) : spoken_is(spoken, p->at, p->value);
}

static size_t put_signal(char *to, size_t room, uint32_t value)
{
    /* 3GPP TS 27.007 8.5 */
    int n = value <= 31 ? snprintf(to, room, "%d dBm", -113 + 2 * (int)value) : snprintf(to, room, "not known");
    return (size_t)n;
}

static size_t put_param(char *to, size_t room, const struct spoken *spoken, char letter, int n)
{
    static const struct usk_text nothing = {"", 0};
    struct usk_text text = n <= spoken->count ? spoken->param[n - 1] : nothing;
    int value = (int)(spoken_number(spoken, n, 0) & 0xffff);
    switch (letter) {
    case 'e':
        return (size_t)snprintf(to, room, "%s", usocket_module_strerror(value));
    case 's':
        return (size_t)snprintf(to, room, "%s", cli_connection_state(value));
    case 'r':
        return (size_t)snprintf(to, room, "%s", cli_stage_words(USOCKET_STAGE_REGISTRATION, value).text);
    case 'd':
        return put_signal(to, room, (uint32_t)value);
    default:
        usk_atlog_escape(to, room, text.at, text.len < 80 ? text.len : 80);
        return strlen(to);
    }
}

static void fill_in(char *to, size_t room, const char *text, const struct spoken *spoken)
{
    to[0] = '\0';
    while (*text && room > 1) {
        size_t n = 1;
        if (*text == '%') {
            char letter = isdigit((unsigned char)text[1]) ? ' ' : *++text;
            n = put_param(to, room, spoken, letter, *++text - '0');
            n = n < room ? n : room - 1;
        } else {
            *to = *text;
        }
        text++;
        to += n;
        room -= n;
        *to = '\0';
    }
}

static int conn_of(const struct phrase *p, const struct spoken *spoken)
{
    if (p->conn == LINK) {
        return spoken->link < 0 ? 0 : spoken->link;
    }
    uint32_t id = p->conn ? spoken_number(spoken, p->conn, UINT32_MAX) : UINT32_MAX;
    return id <= INT8_MAX ? (int)id : -1;
}

void meaning_find(struct meaning *meaning, const struct spoken *spoken)
{
    *meaning = (struct meaning){.conn = -1};
    for (size_t i = 0; i < COUNT(phrases); i++) {
        const struct phrase *p = &phrases[i];
        if (fits(p, spoken)) {
            meaning->fault = p->text[0] == '!';
            meaning->conn = conn_of(p, spoken);
            fill_in(meaning->words, sizeof(meaning->words), p->text + meaning->fault, spoken);
            return;
        }
    }
    for (size_t i = 0; i < COUNT(others) && spoken->name[0] > ' '; i++) {
        if (others[i].form == spoken->form) {
            char name[4 * sizeof(spoken->name)];
            usk_atlog_escape(name, sizeof(name), spoken->name, strlen(spoken->name));
            snprintf(meaning->words, sizeof(meaning->words), "%s%s", others[i].text, name);
        }
    }
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

uint32_t meaning_limit_ms(const struct spoken *command)
{
    /* PROTOCOL.md 4.2 and 4.3; CGATT, COPS, CFUN: EC2x AT manual. */
    static const struct {
        const char *name;
        uint32_t ms;
    } limits[] = {{"+QIACT", 150000},  {"+QIDEACT", 40000}, {"+QIOPEN", 150000}, {"+QSSLOPEN", 150000},
                  {"+QISEND", 120000}, {"+QIRD", 120000},   {"+CGATT", 140000},  {"+COPS", 180000},
                  {"+CFUN", 15000},    {"+QICFG", 300},     {"+QISTATE", 300},   {"+QIGETERROR", 300}};
    if (strcmp(command->name, "+QICLOSE") == 0) {
        uint32_t seconds = spoken_number(command, 2, 10);
        return 1000 * ((seconds < 600 ? seconds : 600) + 1); /* 10.001 s were seen: transcript 002 */
    }
    for (size_t i = 0; i < COUNT(limits); i++) {
        if (strcmp(limits[i].name, command->name) == 0) {
            return limits[i].ms;
        }
    }
    return 60000;
}
