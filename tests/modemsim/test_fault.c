/* Each fault that can be armed does what its line of help says, and nothing once it is used up or cleared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define FINE        "\r\nOK\r\n"
#define BAD         "\r\nERROR\r\n"
#define SENT        "\r\nSEND OK\r\n"
#define RECV0       "\r\n+QIURC: \"recv\",0\r\n"
#define CLOSED0     "\r\n+QIURC: \"closed\",0\r\n"
#define PDPDEACT    "\r\n+QIURC: \"pdpdeact\",1\r\n"
#define NOTE        "\r\n+QIND: SMS DONE\r\n"
#define INFO(text)  "\r\n" text "\r\n\r\nOK\r\n"
#define BG96_BOOT   "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n"
#define OPEN_SCRIPT "AT+QIOPEN=1,0,\"TCP\",\"" SCRIPT_SERVER "\",80,0,0\r"
#define OPENED      FINE "\r\n+QIOPEN: 0,0\r\n"

/*
 * What happens, a row at a time: a fault is armed, the host says something, the peer on port 80 sends or closes, or
 * time passes; then exactly the answer is there.
 */
struct row {
    enum { FAULT, SAY, PEER, PEER_CLOSES, WAIT } what;
    const char *text; /* WAIT: milliseconds */
    const char *answer;
};

struct story {
    const char *name; /* of the fault it is about */
    bool cold;        /* begins before power-on, with echo; else booted, echo off, context active */
    struct row rows[12];
};

static const struct story stories[] = {
    {"no-sim",
     true,
     {{FAULT, "no-sim", ""},
      {WAIT, "200", "\r\nRDY\r\n\r\nAPP RDY\r\n"},
      {SAY, "ATE0\r", "ATE0\r" FINE},
      {SAY, "AT+CPIN?\r", "\r\n+CME ERROR: 10\r\n"},
      {SAY, "AT+CMEE=2\r", FINE},
      {SAY, "AT+CPIN?\r", "\r\n+CME ERROR: SIM not inserted\r\n"},
      {SAY, "AT+CMEE=0\r", FINE},
      {SAY, "AT+CPIN?\r", BAD},
      {SAY, "AT+CREG?\r", INFO("+CREG: 0,0")},
      {SAY, "AT+QIACT=1\r", BAD}}},
    {"sim-pin",
     true,
     {{FAULT, "sim-pin", ""},
      {WAIT, "200", "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: SIM PIN\r\n"},
      {SAY, "ATE0\r", "ATE0\r" FINE},
      {SAY, "AT+CPIN?\r", INFO("+CPIN: SIM PIN")},
      {SAY, "AT+CIMI\r", "\r\n+CME ERROR: 11\r\n"},
      {SAY, "AT+CPIN=\"0000\"\r", "\r\n+CME ERROR: 16\r\n"},
      {SAY, "AT+CREG?\r", INFO("+CREG: 0,0")},
      {SAY, "AT+CPIN=1234\r", FINE "\r\n+CPIN: READY\r\n"},
      {SAY, "AT+CREG?\r", INFO("+CREG: 0,1")},
      {SAY, "AT+CPIN=1234\r", "\r\n+CME ERROR: 3\r\n"}}},
    {"no-registration",
     true,
     {{FAULT, "no-registration", ""},
      {WAIT, "200", BG96_BOOT},
      {SAY, "ATE0\r", "ATE0\r" FINE},
      {WAIT, "900000", ""},
      {SAY, "AT+CEREG?\r", INFO("+CEREG: 0,2")}}},
    {"registration",
     true,
     {{FAULT, "registration=5", ""},
      {WAIT, "200", BG96_BOOT},
      {SAY, "ATE0\r", "ATE0\r" FINE},
      {SAY, "AT+CEREG?\r", INFO("+CEREG: 0,5")},
      {SAY, "AT+QIACT=1\r", FINE}}},
    {"registration-after",
     true,
     {{FAULT, "registration-after=5000", ""},
      {WAIT, "200", BG96_BOOT},
      {SAY, "ATE0;+CREG=1\r", "ATE0;+CREG=1\r" FINE},
      {SAY, "AT+CREG?\r", INFO("+CREG: 1,2")},
      {WAIT, "4500", ""},
      {WAIT, "200", "\r\n+CREG: 1\r\n"}}},
    {"silent", true, {{FAULT, "silent", ""}, {WAIT, "200", ""}, {SAY, "AT\r", ""}, {SAY, "AT\r", ""}}},
    {"silent-after",
     false,
     {{FAULT, "silent-after=1000", ""}, {SAY, "AT\r", FINE}, {WAIT, "1000", ""}, {SAY, "AT\r", ""}}},
    {"silent-at", false, {{FAULT, "silent-at=9", ""}, {SAY, "AT+CSQ\r", "\r\n+CSQ: 2"}, {SAY, "AT\r", ""}}},
    {"boot-delay",
     true,
     {{FAULT, "boot-delay=3000", ""}, {SAY, "AT\r", ""}, {WAIT, "2850", ""}, {WAIT, "100", BG96_BOOT}}},
    {"urcport",
     false,
     {{FAULT, "urcport=usbat", ""},
      {SAY, OPEN_SCRIPT, FINE},
      {PEER, "x", ""},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 1\r\nx")},
      {SAY, "AT+QURCCFG=\"urcport\",\"uart1\"\r", FINE},
      {PEER, "x", RECV0}}},
    {"reset",
     false,
     {{FAULT, "boot-delay=2000", ""},
      {FAULT, "reset@4", ""},
      {SAY, "AT\r", "\r\nOK"},
      {WAIT, "1800", ""},
      {WAIT, "200", BG96_BOOT},
      {SAY, "AT\r", "AT\r" FINE}}},
    {"reset-after",
     false,
     {{FAULT, "reset-after=1000", ""}, {WAIT, "6990", ""}, {WAIT, "100", BG96_BOOT}, {SAY, "AT\r", "AT\r" FINE}}},
    {"drop-urc",
     false,
     {{FAULT, "drop-urc=recv*1", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {PEER, "x", ""},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 1\r\nx")},
      {PEER, "x", RECV0},
      {FAULT, "drop-urc=closed", ""},
      {PEER_CLOSES, "", ""},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 1\r\nx")}}},
    {"drop-urc-during-send",
     false,
     {{FAULT, "drop-urc-during-send", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", "\r\n> "},
      {PEER, "x", ""},
      {SAY, "hi", SENT},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 1\r\nx")},
      {PEER, "x", RECV0}}},
    {"drop-prompt",
     false,
     {{FAULT, "drop-prompt=1", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", ""},
      {SAY, "hi", SENT},
      {SAY, "AT+QISEND=0,2\r", "\r\n> "}}},
    {"late-prompt",
     false,
     {{FAULT, "late-prompt=500", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", ""},
      {WAIT, "399", ""},
      {WAIT, "1", "\r\n> "},
      {SAY, "hi", SENT}}},
    {"prompt-no-blank",
     false,
     {{FAULT, "prompt-no-blank", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", "\r\n>"},
      {SAY, "hi", " " SENT}}},
    {"prompt-crlf",
     false,
     {{FAULT, "prompt-crlf", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", "\r\n>\r\n"},
      {SAY, "hi", SENT}}},
    {"send-fail",
     false,
     {{FAULT, "send-fail=1", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", "\r\n> "},
      {SAY, "hi", "\r\nSEND FAIL\r\n"},
      {SAY, "AT+QISEND=0,0\r", INFO("+QISEND: 0,0,0")},
      {SAY, "AT+QISENDEX=0,\"6869\"\r", SENT}}},
    {"send-buffer",
     false,
     {{FAULT, "send-buffer=3", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISENDEX=0,\"68696A6B\"\r", "\r\nSEND FAIL\r\n"},
      {SAY, "AT+QISENDEX=0,\"68696A\"\r", SENT}}},
    {"error-for",
     false,
     {{FAULT, "error-for=AT+CSQ*2", ""},
      {SAY, "AT+CSQ\r", BAD},
      {SAY, "AT\r", FINE},
      {SAY, "at+csq\r", BAD},
      {SAY, "AT+QIGETERROR\r", INFO("+QIGETERROR: 550, unknown error")},
      {SAY, "AT+CSQ\r", INFO("+CSQ: 24,99")}}},
    {"error-code",
     false,
     {{FAULT, "error-for=AT+QIOPEN", ""},
      {FAULT, "error-code=553", ""},
      {SAY, OPEN_SCRIPT, BAD},
      {SAY, "AT+QIGETERROR\r", INFO("+QIGETERROR: 553, memory not enough")}}},
    {"late-answer",
     false,
     {{FAULT, "late-answer=5000", ""},
      {SAY, "AT+CSQ\r", ""},
      {WAIT, "4899", ""},
      {WAIT, "1", INFO("+CSQ: 24,99")},
      {SAY, "AT\r", FINE}}},
    {"no-answer",
     false,
     {{FAULT, "no-answer=AT+CSQ*1", ""}, {SAY, "AT+CSQ\r", ""}, {SAY, "AT+CSQ\r", INFO("+CSQ: 24,99")}}},
    {"qiact-delay",
     false,
     {{FAULT, "qiact-delay=800", ""},
      {SAY, "AT+QIDEACT=1\r", FINE},
      {SAY, "AT+QIACT=1\r", ""},
      {WAIT, "699", ""},
      {WAIT, "1", FINE},
      {SAY, "AT+QIACT=1\r", BAD}}},
    {"open-delay",
     false,
     {{FAULT, "open-delay=800", ""}, {SAY, OPEN_SCRIPT, FINE}, {WAIT, "699", ""}, {WAIT, "1", "\r\n+QIOPEN: 0,0\r\n"}}},
    {"open-error",
     false,
     {{FAULT, "open-error=553", ""},
      {SAY, OPEN_SCRIPT, FINE "\r\n+QIOPEN: 0,553\r\n"},
      {SAY, "AT+QIGETERROR\r", INFO("+QIGETERROR: 553, memory not enough")},
      {SAY, "AT+QICLOSE=0\r", FINE},
      {SAY, OPEN_SCRIPT, OPENED},
      {FAULT, "open-error=574*2", ""},
      {SAY, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"127.0.0.1\",0,2020,0\r", FINE "\r\n+QIOPEN: 1,574\r\n"},
      {SAY, "AT+QIOPEN=1,2,\"UDP SERVICE\",\"127.0.0.1\",0,2020,0\r", FINE "\r\n+QIOPEN: 2,574\r\n"},
      {SAY, "AT+QIOPEN=1,3,\"UDP SERVICE\",\"127.0.0.1\",0,2020,0\r", FINE "\r\n+QIOPEN: 3,0\r\n"}}},
    {"pdpdeact-after",
     false,
     {{FAULT, "pdpdeact-after=500", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {WAIT, "400", PDPDEACT},
      {SAY, "AT+QISTATE\r", FINE},
      {SAY, "AT+QIACT?\r", FINE},
      {SAY, "AT+QIDEACT=1\r", FINE},
      {SAY, "AT+QIACT=1\r", FINE}}},
    {"stale-qiact",
     false,
     {{FAULT, "stale-qiact", ""},
      {SAY, "AT+QIACT?\r", INFO("+QIACT: 1,1,1,\"10.64.0.2\"")},
      {SAY, "AT+CGACT?\r", INFO("+CGACT: 1,0\r\n+CGACT: 9,1")},
      {SAY, OPEN_SCRIPT, FINE "\r\n+QIOPEN: 0,570\r\n"},
      {SAY, "AT+QPING=1,\"192.0.2.7\"\r", FINE "\r\n+QPING: 559\r\n"},
      {SAY, "AT+QICLOSE=0\r", FINE},
      {SAY, "AT+QIDEACT=1\r", FINE},
      {SAY, "AT+QIACT=1\r", FINE},
      {SAY, OPEN_SCRIPT, OPENED}}},
    {"qiact-type",
     false,
     {{SAY, "AT+QIDEACT=1;+QICSGP=1,3,\"internet\";+QIACT=1\r", FINE},
      {FAULT, "qiact-type=3", ""},
      {SAY, "AT+QIACT?\r", INFO("+QIACT: 1,1,3,\"10.64.0.2\",\"2001:db8:64::2\"")}}},
    {"single-pdn",
     false,
     {{SAY, "AT+QIDEACT=1\r", FINE},
      {FAULT, "single-pdn", ""},
      {SAY, "AT+QIACT=1\r", BAD},
      {SAY, "AT+QIGETERROR\r", INFO("+QIGETERROR: 572, operation not allowed")},
      {SAY, "AT+CGACT=1,1\r", "\r\n+CME ERROR: 100\r\n"},
      {SAY, "AT+CGACT?\r", INFO("+CGACT: 1,0\r\n+CGACT: 9,1")},
      {SAY, "AT+CGACT=0,9\r", FINE},
      {SAY, "AT+QIACT=1\r", FINE}}},
    {"urc-before-response",
     false,
     {{FAULT, "urc-before-response", ""},
      {SAY, "AT\r", NOTE FINE},
      {SAY, "AT+CSQ\r", NOTE INFO("+CSQ: 24,99")},
      {FAULT, "urc-before-response=+CREG: 5*1", ""},
      {SAY, "AT+CREG?\r", "\r\n+CREG: 5\r\n" INFO("+CREG: 0,1")},
      {SAY, "AT\r", FINE}}},
    {"urc-inside-response",
     false,
     {{FAULT, "urc-inside-response", ""}, {SAY, "AT+CSQ\r", "\r\n+CSQ: 24,99\r\n" NOTE FINE}, {SAY, "AT\r", FINE}}},
    {"urc-before-prompt",
     false,
     {{FAULT, "urc-before-prompt", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", NOTE "\r\n> "},
      {SAY, "hi", SENT}}},
    {"spurious-recv",
     false,
     {{FAULT, "spurious-recv=1", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, "AT+QISEND=0,2\r", "\r\n> "},
      {SAY, "hi", SENT RECV0},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 0")},
      {SAY, "AT+QISEND=0,2\r", "\r\n> "},
      {SAY, "hi", SENT}}},
    {"close-policy",
     false,
     {{FAULT, "close-policy=deliver-then-close", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {PEER, "abc", RECV0},
      {PEER_CLOSES, "", CLOSED0},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 3\r\nabc")},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 0")}}},
    {"close-policy",
     false,
     {{FAULT, "close-policy=drop", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {PEER, "abc", RECV0},
      {PEER_CLOSES, "", CLOSED0},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 0")}}},
    {"close-policy",
     false,
     {{FAULT, "close-policy=hold", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {PEER, "abc", RECV0},
      {PEER_CLOSES, "", ""},
      {SAY, "AT+QIRD=0\r", INFO("+QIRD: 3\r\nabc") CLOSED0}}},
    {"fin-ack-delay",
     false,
     {{FAULT, "fin-ack-delay=2000", ""},
      {SAY, "AT+QIOPEN=1,0,\"TCP\",\"" SINK_SERVER "\",9,0,0\r", OPENED},
      {SAY, "AT+QICLOSE=0\r", ""},
      {WAIT, "1899", ""},
      {WAIT, "1", FINE}}},
    {"drop-byte", false, {{FAULT, "drop-byte=3", ""}, {SAY, "AT\r", "\r\nK\r\n"}, {SAY, "AT\r", FINE}}},
    {"flip-byte", false, {{FAULT, "flip-byte@4", ""}, {SAY, "AT\r", "\r\nO[\r\n"}, {SAY, "AT\r", FINE}}},
    {"insert-byte", false, {{FAULT, "insert-byte=1", ""}, {SAY, "AT\r", "~\r\nOK\r\n"}, {SAY, "AT\r", FINE}}},
    {"drop-host-byte", false, {{FAULT, "drop-host-byte=4", ""}, {SAY, "AT+CSQ\r", BAD}, {SAY, "AT\r", FINE}}},
    {"payload-trailing-crlf",
     false,
     {{SAY, "AT+QIOPEN=1,0,\"TCP\",\"" SCRIPT_SERVER "\",80,0,1\r", OPENED},
      {PEER, "abc", "\r\n+QIURC: \"recv\",0,3\r\nabc\r\n"},
      {FAULT, "payload-trailing-crlf=no", ""},
      {PEER, "abc", "\r\n+QIURC: \"recv\",0,3\r\nabc"}}},
    {"busy-id",
     false,
     {{FAULT, "busy-id=error", ""},
      {SAY, OPEN_SCRIPT, OPENED},
      {SAY, OPEN_SCRIPT, BAD},
      {SAY, "AT+QIGETERROR\r", INFO("+QIGETERROR: 563, socket identity has been used")},
      {FAULT, "busy-id=563", ""},
      {SAY, OPEN_SCRIPT, FINE "\r\n+QIOPEN: 0,563\r\n"}}},
    {"failed-open",
     false,
     {{FAULT, "failed-open=free", ""},
      {SAY, "AT+QIOPEN=1,0,\"TCP\",\"" SINK_SERVER "\",12\r", FINE "\r\n+QIOPEN: 0,566\r\n"},
      {SAY, OPEN_SCRIPT, OPENED}}},
    {"recvind", false, {{FAULT, "recvind=unsupported", ""}, {SAY, "AT+QICFG=\"recvind\",1\r", BAD}}},
    {"extra-blank-lines",
     false,
     {{FAULT, "extra-blank-lines", ""},
      {SAY, "AT\r", "\r\n\r\n" FINE},
      {SAY, "AT+CSQ\r", "\r\n\r\n" INFO("+CSQ: 24,99")}}},
    {"lost-ping",
     false,
     {{FAULT, "lost-ping=1", ""},
      {SAY, "AT+QPING=1,\"echo.example\",2,2\r", FINE},
      {WAIT, "1900", ""},
      {WAIT, "1000", "\r\n+QPING: 569\r\n\r\n+QPING: 0,\"192.0.2.7\",32,40,64\r\n\r\n+QPING: 0,2,1,1,40,40,40\r\n"}}},
    {"dns-error",
     false,
     {{FAULT, "dns-error=short", ""}, {SAY, "AT+QIDNSGIP=1,\"x\"\r", FINE "\r\n+QIURC: \"dnsgip\",565\r\n"}}},
};

static void play_row(struct rig *r, const struct row *row)
{
    uint32_t peer = memnet_handle(r->net, 80);
    switch (row->what) {
    case FAULT:
        rig_fault(r, row->text);
        return;
    case SAY:
        rig_expect(r, row->text, row->answer);
        return;
    case PEER:
        memnet_send(r->net, peer, row->text, strlen(row->text));
        break;
    case PEER_CLOSES:
        memnet_close(r->net, peer);
        break;
    case WAIT:
        rig_hears(r, strtoull(row->text, NULL, 10), row->answer);
        return;
    }
    rig_hears(r, 10, row->answer);
}

static void test_fault(void **state)
{
    const struct story *s = *state;
    struct rig *r = s->cold ? rig_raw(&(struct modemsim_options){.module = "BG96"}) : rig_new("BG96");
    for (size_t i = 0; i < sizeof s->rows / sizeof s->rows[0] && s->rows[i].answer; i++) {
        play_row(r, &s->rows[i]);
    }
    rig_free(r);
}

/* ---- the two that rows can't show ---- */

static void test_qistate_client_state_is_shown_for_clients_only(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_fault(r, "qistate-client-state=3");
    rig_expect(r, OPEN_SCRIPT, OPENED);
    rig_say(r, "AT+QISTATE=1,0\r", 15);
    rig_wait(r, 10);
    assert_non_null(strstr(r->heard, ",3,1,0,0,\"uart1\""));
    memnet_close(r->net, memnet_handle(r->net, 80));
    rig_hears(r, 10, CLOSED0);
    rig_say(r, "AT+QISTATE=1,0\r", 15);
    rig_wait(r, 10);
    assert_non_null(strstr(r->heard, ",4,1,0,0,\"uart1\""));
    rig_free(r);
}

static void test_chunk_splits_what_is_read_and_loses_nothing(void **state)
{
    static const char *const specs[] = {"chunk=1", "chunk=3", "chunk=random"};
    static const char answer[] = INFO("+QIACT: 1,1,1,\"10.64.0.2\"");
    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct rig *r = rig_new("BG96");
        char got[64];
        size_t len = 0;
        size_t reads = 0;
        rig_fault(r, specs[i]);
        rig_say(r, "AT+QIACT?\r", 10);
        for (size_t n; (n = modemsim_read(r->sim, r->now_us, got + len, sizeof got - len)) > 0; len += n) {
            reads++;
        }
        rig_same(specs[i], got, len, answer, sizeof answer - 1);
        assert_true(reads > 3);
        rig_free(r);
    }
}

/* ---- the table ---- */

static void test_wrong_specs_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "nosuch",
        "silent=1",
        "reset",
        "reset@",
        "reset@0",
        "reset@x",
        "late-prompt",
        "late-prompt=-1",
        "drop-urc",
        "drop-urc=",
        "send-fail=0",
        "late-answer",
        "late-answer=soon",
        "open-error",
        "open-error=x*2",
        "open-error=*2",
        "close-policy=maybe",
        "close-policy=drop hold",
        "chunk=some",
        "busy-id=",
        "no-si",
    };
    (void)state;
    struct rig *r = rig_new("BG96");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(modemsim_fault(r->sim, wrong[i]), -1);
    }
    rig_expect(r, "AT\r", FINE);
    rig_free(r);
}

static void test_a_cleared_fault_is_gone(void **state)
{
    (void)state;
    struct rig *r = rig_new("BG96");
    rig_fault(r, "extra-blank-lines");
    modemsim_fault_clear(r->sim, "extra-blank-lines");
    rig_expect(r, "AT\r", FINE);
    rig_free(r);
}

/* Every line of the help is one fault with at least one story above. */
static void test_each_listed_fault_has_its_test(void **state)
{
    char *text = NULL;
    size_t size = 0;
    int listed = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    modemsim_fault_help(out);
    fclose(out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), listed++) {
        char name[40];
        bool told = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(line + 2, "=@[ "), line + 2);
        for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
            told = told || strcmp(stories[i].name, name) == 0;
        }
        if (!told && strcmp(name, "chunk") != 0 && strcmp(name, "qistate-client-state") != 0) {
            fail_msg("no test for %s", name);
        }
    }
    assert_in_range(listed, 40, 60);
    free(text);
}

static void test_the_same_seed_gives_the_same_session(void **state)
{
    (void)state;
    char first[200] = "";
    for (uint64_t run = 0; run < 3; run++) {
        struct rig *r = rig_raw(&(struct modemsim_options){.booted = true, .seed = run / 2});
        rig_say(r, "ATE0;+QIACT=1\r", 14);
        rig_wait(r, 100);
        rig_expect(r, OPEN_SCRIPT, OPENED);
        rig_say(r, "AT+QISTATE\r", 11);
        rig_wait(r, 100);
        r->heard[r->heard_len] = '\0';
        if (run) {
            assert_int_equal(strcmp(first, r->heard) == 0, run == 1);
        }
        snprintf(first, sizeof first, "%.199s", r->heard);
        rig_free(r);
    }
}

int main(void)
{
    enum { STORIES = sizeof stories / sizeof stories[0], OTHERS = 6 };
    static char names[STORIES][60];
    struct CMUnitTest tests[STORIES + OTHERS] = {
        cmocka_unit_test(test_qistate_client_state_is_shown_for_clients_only),
        cmocka_unit_test(test_chunk_splits_what_is_read_and_loses_nothing),
        cmocka_unit_test(test_wrong_specs_are_refused),
        cmocka_unit_test(test_a_cleared_fault_is_gone),
        cmocka_unit_test(test_each_listed_fault_has_its_test),
        cmocka_unit_test(test_the_same_seed_gives_the_same_session),
    };
    for (size_t i = 0; i < STORIES; i++) {
        snprintf(names[i], sizeof names[i], "test_fault %s", stories[i].name);
        void *story;
        memcpy(&story, &(const void *){&stories[i]}, sizeof story);
        tests[OTHERS + i] = (struct CMUnitTest){names[i], test_fault, NULL, NULL, story};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
