/*
 * Recorded sessions of real modules replayed into the simulated one: the host's lines go in at their times, and what
 * comes out must be the same bytes. The tables say what had to be arranged, and which lines can't be compared and why.
 *
 * Not replayed: 016, 017 (boot messages at moments only that board knows), 053 (a cell and contexts of its own), 055
 * (dial-up), and those of other dialects (019-022, 026, 029, 032, 037-047, 052, 061-065).
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define A198 "198.51.100."

/* ---- what each session needs ---- */

static const struct session {
    const char *file, *module;
    bool echo, active, boots; /* at the first line of the recording */
    const char *address;      /* of the module */
    const char *address6;
    const char *dns;  /* both servers */
    const char *name; /* a name that the peer below has */
    struct memnet_peer peer;
    const char *faults[3];
    const char *prepare[4]; /* said before, answers not compared */
} sessions[] = {
    {.file = "001", .module = "BG96", .echo = true, .address = "100.78.25.235", .faults = {"qiact-delay=826"}},
    {.file = "002",
     .module = "BG96",
     .echo = true,
     .active = true,
     .peer = {.host = A198 "212", .port = 8009, .kind = MEMNET_SCRIPT, .latency_ms = 1500, .never_fins = true}},
    {.file = "004", .module = "BG96", .echo = true, .address = "100.84.28.125", .faults = {"qiact-delay=3170"}},
    {.file = "005",
     .module = "BG96",
     .echo = true,
     .active = true,
     .name = "www.google.com",
     .peer = {.host = "172.217.27.228", .port = 80, .kind = MEMNET_SCRIPT, .lport = 10451},
     .faults = {"drop-urc=closed"}},
    {.file = "007", .module = "BG96", .echo = true},
    {.file = "008",
     .module = "BG96",
     .active = true,
     .name = "hhhhhhhhhhhhhh.example.org",
     .peer = {.host = A198 "190", .port = 1883, .kind = MEMNET_SCRIPT, .lport = 22742},
     .faults = {"qistate-client-state=3"}},
    {.file = "010", .module = "BG96", .echo = true, .address = "10.XXX.YYY.160", .dns = "100.XXX.YYY.10"},
    {.file = "011", .module = "BG96", .echo = true, .address = "10.XXX.YYY.172", .dns = "100.XXX.YYY.10"},
    {.file = "013",
     .module = "BG96",
     .active = true,
     .peer = {.host = A198 "1", .port = 1, .kind = MEMNET_SCRIPT},
     .prepare = {"AT+QIOPEN=1,1,\"TCP\",\"198.51.100.1\",1,0,0\r"}},
    {.file = "014",
     .module = "BG96",
     .active = true,
     .peer = {.host = A198 "1", .port = 1, .kind = MEMNET_SCRIPT},
     .prepare = {"AT+QIOPEN=1,1,\"TCP\",\"198.51.100.1\",1,0,0\r"}},
    {.file = "023", .module = "EC25", .echo = true},
    {.file = "025",
     .module = "BG96",
     .active = true,
     .peer = {.host = A198 "1", .port = 1, .kind = MEMNET_SCRIPT},
     .prepare = {"AT+QIOPEN=1,0,\"TCP\",\"198.51.100.1\",1,0,0\r"}},
    {.file = "028",
     .module = "EC25",
     .address = "10.61.163.4",
     .address6 = "2001:DB8:0:1::1",
     .peer = {.host = A198 "15", .port = 54698, .kind = MEMNET_SINK},
     .prepare = {"AT+QICSGP=1,3,\"internet\"\r"}},
    {.file = "031",
     .module = "EC25",
     .active = true,
     .peer = {.host = A198 "1", .port = 1, .kind = MEMNET_SCRIPT},
     .prepare = {"AT+QIOPEN=1,0,\"TCP\",\"198.51.100.1\",1,0,1\r"}},
    {.file = "034",
     .module = "BG96",
     .active = true,
     .peer = {.host = A198 "1", .port = 1, .kind = MEMNET_SINK},
     .prepare = {"AT+QIOPEN=1,11,\"TCP\",\"198.51.100.1\",1,0,0\r", "AT+QIOPEN=1,10,\"TCP\",\"198.51.100.1\",1,0,0\r",
                 "AT+QIOPEN=1,0,\"TCP LISTENER\",\"127.0.0.1\",0,2020,1\r"}},
    {.file = "035",
     .module = "BG95",
     .active = true,
     .address = "198.51.100.166",
     .name = "hhh.example.org",
     .peer = {.host = "195.34.89.241", .port = 7, .kind = MEMNET_SCRIPT}},
    {.file = "049",
     .module = "EC25",
     .active = true,
     .address = "10.89.179.111",
     .peer = {.host = A198 "96", .port = 59969, .kind = MEMNET_SINK, .lport = 5000}},
    {.file = "050",
     .module = "BG95",
     .active = true,
     .name = "hhh.example.org",
     .peer = {.host = "192.0.2.1", .port = 4445, .kind = MEMNET_SINK}},
    {.file = "056", .module = "BG96", .boots = true, .echo = true, .faults = {"boot-delay=150", "urcport=usbat"}},
    {.file = "058",
     .module = "EC25",
     .active = true,
     .peer = {.host = A198 "9", .port = 9966, .kind = MEMNET_SCRIPT, .lport = 9437}},
    {.file = "059", .module = "BG96"},
};

/* Changes to what was recorded, in its escaped form; `to` NULL leaves the host's line and its answer out. */
static const struct edit {
    const char *file, *from, *to, *why;
} edits[] = {
    {"001", "hh.example.org", "airtelgprs.com", "the authors replaced the name in the command, not in its echo"},
    {"004", "hh.example.org", "airtelgprs.com", "as in 001"},
    {"005", "hh.example.org", "www.google.com", "as in 001"},
    {"002", "< hi", "< ab", "payload re-authored in one direction only"},
    {"004", "< hi\\x1a", "< ab\\x1a", "as in 002"},
    {"004", "ab\\x1a\\x08\\x08\\x1a\\x08\\x08\\x08", "ab\\x1a\\x08\\x08\\x1a\\x08\\x08\\x08\\x08",
     "the screen showed one byte fewer than were counted"},
    {"004", "< 123456789\\x1a", "< cdefghijk\\x1a", "as in 002"},
    {"004", "30,30,0", "20,20,0", "one of three sends is not in the excerpt"},
    {"004", "usbmodem", "uart1", "that host sat on the USB port"},
    {"005", ",4,1,0,1,\"usbmodem\"\\r\\n", ",4,1,0,1,\"uart1\"\\r\\n\\r\\nOK\\r\\n",
     "USB port; the source lacks the OK"},
    {"008", "\\r\\n>", "\\r\\n> ", "the library's trace trimmed the blank"},
    {"010", "AT+QMTCFG", NULL, "MQTT is not simulated"},
    {"010", "AT+QSSLSTATE", NULL, "TLS is not simulated"},
    {"010", "> a", "> 1", "the value was masked"},
    {"010", "> b", "> 1", "the value was masked"},
    {"010", "> c", "> 0", "the value was masked"},
    {"011", "AT+QMTCFG", NULL, "MQTT is not simulated"},
    {"011", "AT+QSSLSTATE", NULL, "TLS is not simulated"},
    {"011", "> a", "> 1", "the value was masked"},
    {"011", "> b", "> 1", "the value was masked"},
    {"011", "> c", "> 0", "the value was masked"},
    {"023", "updates.geolink.io", "hhhhhh.example.org", "as in 001"},
    {"023", "AT+CEER", NULL, "CEER is not simulated"},
    {"025", "uvwx\\r\\n", "uvwx\\r\\n\\r\\nOK\\r\\n", "the excerpt ends with the payload"},
    {"028", "AT+COPS", NULL, "another operator"},
    {"028", "28,99", "24,99", "another signal"},
    {"028", "AT+CIMI", NULL, "another SIM"},
    {"035", "AT+QISTATE", NULL, "shows a remote port and another AT port for a UDP service"},
    {"035", "AT+QICLOSE", NULL, "the excerpt ends before the answer"},
    {"049", "10.89.179.111\"\\r\\n", "10.89.179.111\"\\r\\n\\r\\nOK\\r\\n", "the source lacks the OK"},
    {"049", "59969,0,2,1,0,1", "59969,5000,2,1,0,1", "its local port is printed as 0"},
    {"058", "AT+QIACT", NULL, "the context is active before QICSGP there"},
    {"059", "AT+QSIMSTAT", NULL, "OK left out by the source"},
    {"059", "AT+CPIN", NULL, "OK left out by the source"},
    {"059", "AT+COPS", NULL, "another operator"},
    {"059", "AT+CGREG", NULL, "OK left out by the source"},
    {"059", "AT+QIACT?", NULL, "an active context without an address has no other evidence"},
};

/* What the other side does, ten milliseconds after a record of the host (0 = before the first). */
static const struct act {
    const char *file;
    int after;
    enum { SENDS, SENDS_FILLER, SENDS_RECORD, SENDS_DATAGRAM, CLOSES, CONNECTS, SAYS } what;
    const char *text; /* SENDS, SENDS_DATAGRAM; SAYS: the host, its answer not compared */
    size_t len;       /* SENDS_FILLER, SENDS_RECORD: bytes */
    int record;       /* SENDS_RECORD: the record of the module that begins with the payload */
} acts[] = {
    {"002", 6, SENDS, "cd", 0, 0},
    {"005", 1, CLOSES, NULL, 0, 0},
    {"008", 7, SENDS, "lmno", 0, 0},
    {"013", 0, SENDS_FILLER, NULL, 1505, 0},
    {"013", 0, SENDS_RECORD, NULL, 1500, 3},
    {"013", 0, SENDS_FILLER, NULL, 519, 0},
    {"013", 0, SAYS, "AT+QIRD=1,1500\r", 0, 0},
    {"013", 0, SAYS, "AT+QIRD=1,5\r", 0, 0},
    {"014", 0, SENDS_FILLER, NULL, 3530, 0},
    {"014", 0, SENDS_RECORD, NULL, 5, 7},
    {"014", 0, SENDS_FILLER, NULL, 80, 0},
    {"014", 0, SAYS, "AT+QIRD=1,1500\r", 0, 0},
    {"014", 0, SAYS, "AT+QIRD=1,1500\r", 0, 0},
    {"014", 0, SAYS, "AT+QIRD=1,530\r", 0, 0},
    {"025", 0, SENDS_RECORD, NULL, 1500, 3},
    {"031", 0, SENDS_RECORD, NULL, 256, 2},
    {"034", 0, CONNECTS, NULL, 0, 0},
    {"034", 0, SENDS, "&", 0, 0},
    {"035", 4, SENDS_DATAGRAM, "mnop qrstu vwx", 0, 0},
    {"058", 2, SENDS, "stuvwxyz 01234 56789", 0, 0},
    {"058", 3, SENDS, "abcdefgh ijklm nopq", 0, 0},
    {"058", 6, CLOSES, NULL, 0, 0},
};

/* ---- reading a recording ---- */

enum { RECORDS = 100, LONGEST = 4000, ACT_MS = 10, SHORTEST_MS = 100 };

struct record {
    char direction;    /* 0 = left out */
    uint64_t after_ms; /* the record before it */
    char bytes[LONGEST];
    size_t len;
};

struct recording {
    struct record record[RECORDS];
    int count;
};

static size_t unescape(const char *text, char *out)
{
    size_t len = 0;
    while (*text) {
        if (*text != '\\') {
            out[len++] = *text++;
        } else if (text[1] == 'x') {
            char hex[3] = {text[2], text[3], 0};
            out[len++] = (char)strtol(hex, NULL, 16);
            text += 4;
        } else {
            out[len++] = text[1] == 'r' ? '\r' : text[1] == 'n' ? '\n' : text[1];
            text += 2;
        }
    }
    return len;
}

/* Applies the edits to one line; false if the record is to be left out. */
static bool edit_line(const char *file, char *line, size_t size)
{
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        const struct edit *e = &edits[i];
        char *at = strcmp(e->file, file) == 0 ? strstr(line, e->from) : NULL;
        if (at && !e->to) {
            return false;
        }
        if (at) {
            char rest[LONGEST];
            snprintf(rest, sizeof rest, "%s", at + strlen(e->from));
            snprintf(at, size - (size_t)(at - line), "%s%s", e->to, rest);
        }
    }
    return true;
}

static void read_recording(struct recording *r, const char *file, const char *path)
{
    static char line[LONGEST];
    FILE *in = fopen(path, "r");
    uint64_t after_ms = 0;
    bool left_out = false;
    assert_non_null(in);
    r->count = 0;
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '@') {
            after_ms += strtoull(line + 3, NULL, 10);
        } else if (line[0] == '>' || line[0] == '<') {
            struct record *n = &r->record[r->count++];
            assert_true(r->count < RECORDS);
            bool kept = edit_line(file, line, sizeof line);
            left_out = line[0] == '>' ? !kept : left_out;
            n->direction = left_out || !kept ? 0 : line[0];
            n->after_ms = after_ms;
            n->len = unescape(line + 2, n->bytes);
            after_ms = 0;
        }
    }
    fclose(in);
}

/* ---- replaying ---- */

struct replay {
    struct rig *rig;
    const struct session *session;
    struct recording recording;
    char got[2 * LONGEST], want[2 * LONGEST];
    size_t got_len, want_len;
};

static void gather(struct replay *p, uint64_t ms)
{
    rig_wait(p->rig, ms);
    assert_true(p->got_len + p->rig->heard_len < sizeof p->got);
    memcpy(p->got + p->got_len, p->rig->heard, p->rig->heard_len);
    p->got_len += p->rig->heard_len;
}

static uint32_t peer_handle(const struct replay *p)
{
    return memnet_handle(p->rig->net, p->session->peer.port);
}

static void act(struct replay *p, const struct act *a)
{
    static uint32_t client;
    struct memnet *net = p->rig->net;
    const struct record *r = &p->recording.record[0];
    char filler[LONGEST];
    memset(filler, '.', sizeof filler);
    switch (a->what) {
    case SENDS:
        memnet_send(net, client ? client : peer_handle(p), a->text, strlen(a->text));
        break;
    case SENDS_FILLER:
        memnet_send(net, peer_handle(p), filler, a->len);
        break;
    case SENDS_RECORD:
        for (int n = r->direction == '<'; n < a->record; n += r->direction == '<') {
            r++;
        }
        memnet_send(net, peer_handle(p), r->bytes, a->len);
        break;
    case SENDS_DATAGRAM:
        memnet_datagram(net, memnet_handle(net, 3030), a->text, strlen(a->text), p->session->peer.host,
                        p->session->peer.port);
        break;
    case CLOSES:
        memnet_close(net, peer_handle(p));
        break;
    case CONNECTS:
        client = memnet_connect(net, 2020, "10.176.100.3", 51257);
        assert_int_not_equal(client, 0);
        return;
    case SAYS:
        gather(p, ACT_MS);
        rig_say(p->rig, a->text, strlen(a->text));
        gather(p, ACT_MS);
        p->got_len = 0;
        break;
    }
    client = 0;
}

static void act_after(struct replay *p, int host_records)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (acts[i].after == host_records && strcmp(acts[i].file, p->session->file) == 0) {
            act(p, &acts[i]);
        }
    }
}

static void compare(struct replay *p, const char *what)
{
    rig_same(what, p->got, p->got_len, p->want, p->want_len);
    p->got_len = p->want_len = 0;
}

/* The time until the host speaks again. */
static uint64_t pause_after(const struct recording *r, int i)
{
    uint64_t ms = 0;
    for (i++; i < r->count; i++) {
        ms += r->record[i].after_ms;
        if (r->record[i].direction == '>') {
            break;
        }
    }
    return ms > SHORTEST_MS ? ms : SHORTEST_MS;
}

static void replay(struct replay *p)
{
    struct recording *r = &p->recording;
    char before = 0;
    char what[40] = "before the first line";
    int host_records = 0;
    act_after(p, 0);
    if (r->record[0].direction != '>') {
        gather(p, SHORTEST_MS);
    }
    for (int i = 0; i < r->count; i++) {
        struct record *now = &r->record[i];
        if (now->direction == '<') {
            memcpy(p->want + p->want_len, now->bytes, now->len);
            p->want_len += now->len;
        } else if (now->direction == '>') {
            if (before == '<') {
                compare(p, what);
            }
            snprintf(what, sizeof what, "%s: after host record %d", p->session->file, ++host_records);
            rig_say(p->rig, now->bytes, now->len);
            gather(p, ACT_MS);
            act_after(p, host_records);
            gather(p, pause_after(r, i) - ACT_MS);
        } else if (before == '<') {
            compare(p, what);
        }
        before = now->direction ? now->direction : before;
    }
    compare(p, what);
}

static struct rig *arrange(const struct session *s)
{
    struct modemsim_options options = {.module = s->module,
                                       .booted = !s->boots,
                                       .address = s->address,
                                       .address6 = s->address6,
                                       .dns = {s->dns, s->dns}};
    struct rig *r = rig_raw(&options);
    if (s->peer.host) {
        memnet_add(r->net, &s->peer);
    }
    if (s->name) {
        memnet_name(r->net, s->name, s->peer.host, 300);
    }
    for (size_t i = 0; i < 3 && s->faults[i]; i++) {
        rig_fault(r, s->faults[i]);
    }
    if (s->boots) {
        return r;
    }
    if (!s->echo) {
        rig_expect(r, "ATE0\r", "ATE0\r\r\nOK\r\n");
    }
    if (s->active) {
        rig_say(r, "AT+QIACT=1\r", 11);
        rig_wait(r, SHORTEST_MS);
    }
    for (size_t i = 0; i < 4 && s->prepare[i]; i++) {
        rig_say(r, s->prepare[i], strlen(s->prepare[i]));
        rig_wait(r, SHORTEST_MS);
    }
    return r;
}

static void test_recorded_session(void **state)
{
    const struct session *s = *state;
    static struct replay p;
    char pattern[400];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/%s-*.atlog", TRANSCRIPTS, s->file);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    memset(&p, 0, sizeof p);
    p.session = s;
    read_recording(&p.recording, s->file, found.gl_pathv[0]);
    globfree(&found);
    p.rig = arrange(s);
    replay(&p);
    rig_free(p.rig);
}

int main(void)
{
    enum { COUNT = sizeof sessions / sizeof sessions[0] };
    struct CMUnitTest tests[COUNT];
    static char names[COUNT][40];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "test_recorded_session_%s", sessions[i].file);
        void *session;
        memcpy(&session, &(const void *){&sessions[i]}, sizeof session);
        tests[i] = (struct CMUnitTest){names[i], test_recorded_session, NULL, NULL, session};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
