/*
 * The faults that can be armed, as one table: name, what value it takes, what it does.
 * A fault that strikes a limited number of times counts down in `left`; one on a timer fires once.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind {
    FLAG,       /* NAME */
    STRIKES,    /* NAME or NAME=N: strikes N times, or always */
    NUMBER,     /* NAME=N */
    BYTE,       /* NAME=N or NAME@N: at the N-th byte from now on, once */
    TIMER,      /* NAME=MS: once, so much later */
    TEXT,       /* NAME=TEXT or NAME=TEXT*N: strikes N times, or always */
    MAYBE_TEXT, /* NAME, NAME=TEXT or NAME=TEXT*N */
    CHOICE,     /* NAME=one of `choices` */
    NEXT,       /* NAME=N or NAME=N*TIMES: the next time, or so often */
};

static const struct entry {
    const char *name;
    enum kind kind;
    const char *choices; /* words with a blank after each */
    const char *help;
} table[FAULTS] = {
    [F_NO_SIM] = {"no-sim", FLAG, NULL, "no SIM card: CPIN? fails with CME 10, no registration"},
    [F_SIM_PIN] = {"sim-pin", FLAG, NULL, "SIM locked until AT+CPIN=1234"},
    [F_NO_REGISTRATION] = {"no-registration", FLAG, NULL, "searches for ever (stat 2)"},
    [F_REGISTRATION] = {"registration", NUMBER, NULL, "registration ends in this stat: 1 home, 3 denied, 5 roaming"},
    [F_REGISTRATION_AFTER] = {"registration-after", NUMBER, NULL, "registers MS after the SIM is ready"},
    [F_SILENT] = {"silent", FLAG, NULL, "sends nothing at all"},
    [F_SILENT_AFTER] = {"silent-after", TIMER, NULL, "hangs after MS; a reset revives it"},
    [F_SILENT_AT] = {"silent-at", BYTE, NULL, "hangs after N bytes to the host; a reset revives it"},
    [F_BOOT_DELAY] = {"boot-delay", NUMBER, NULL, "MS until RDY (0 at power-on, 6000 after a reset)"},
    [F_URCPORT] = {"urcport", CHOICE, "usbat usbmodem uart1 all ", "where URCs go; usbat leaves a UART host deaf"},
    [F_RESET_AT] = {"reset", BYTE, NULL, "resets after N bytes to the host"},
    [F_RESET_AFTER] = {"reset-after", TIMER, NULL, "resets after MS"},
    [F_DROP_URC] = {"drop-urc", TEXT, NULL, "loses URCs of this kind: recv, closed, dnsgip, QIOPEN, RDY ..."},
    [F_DROP_URC_DURING_SEND] = {"drop-urc-during-send", STRIKES, NULL, "loses URCs that fall into a data entry"},
    [F_DROP_PROMPT] = {"drop-prompt", STRIKES, NULL, "takes payload, but shows no prompt"},
    [F_LATE_PROMPT] = {"late-prompt", NUMBER, NULL, "the prompt comes MS late"},
    [F_PROMPT_NO_BLANK] = {"prompt-no-blank", FLAG, NULL, "prompt '>', its blank after the payload (transcript 037)"},
    [F_PROMPT_CRLF] = {"prompt-crlf", FLAG, NULL, "prompt '>' and a line end, EC200U formatcfg=1"},
    [F_SEND_FAIL] = {"send-fail", STRIKES, NULL, "answers SEND FAIL and takes nothing"},
    [F_SEND_BUFFER] = {"send-buffer", NUMBER, NULL, "bytes a socket may have unacknowledged (10240)"},
    [F_ERROR_FOR] = {"error-for", TEXT, NULL, "commands that begin with this text fail with ERROR"},
    [F_ERROR_CODE] = {"error-code", NUMBER, NULL, "what QIGETERROR tells after error-for (550)"},
    [F_LATE_ANSWER] = {"late-answer", NEXT, NULL, "the next command is answered MS late"},
    [F_NO_ANSWER] = {"no-answer", TEXT, NULL, "commands that begin with this text are never answered"},
    [F_QIACT_DELAY] = {"qiact-delay", NUMBER, NULL, "QIACT takes MS"},
    [F_OPEN_DELAY] = {"open-delay", NUMBER, NULL, "+QIOPEN comes MS late"},
    [F_OPEN_ERROR] = {"open-error", NEXT, NULL, "the next QIOPEN is OK and ends with +QIOPEN: id,N"},
    [F_PDPDEACT_AFTER] = {"pdpdeact-after", TIMER, NULL, "the network drops all contexts after MS"},
    [F_STALE_QIACT] = {"stale-qiact", FLAG, NULL, "contexts are lost, QIACT? still shows them (transcript 065)"},
    [F_QIACT_TYPE] = {"qiact-type", NUMBER, NULL, "the type QIACT? shows of a dual-stack context (EC200U note: 1)"},
    [F_SINGLE_PDN] = {"single-pdn", FLAG, NULL, "QIACT fails with 572 until CGACT=0,9 (transcript 065)"},
    [F_QISTATE_CLIENT_STATE] = {"qistate-client-state", NUMBER, NULL, "QISTATE of a live client (transcript 008: 3)"},
    [F_URC_BEFORE_RESPONSE] = {"urc-before-response", MAYBE_TEXT, NULL, "this URC before each response"},
    [F_URC_INSIDE_RESPONSE] = {"urc-inside-response", MAYBE_TEXT, NULL, "this URC between information and OK"},
    [F_URC_BEFORE_PROMPT] = {"urc-before-prompt", MAYBE_TEXT, NULL, "this URC between QISEND and its prompt"},
    [F_SPURIOUS_RECV] = {"spurious-recv", STRIKES, NULL, "a recv URC without data after SEND OK"},
    [F_CLOSE_POLICY] = {"close-policy", CHOICE, "hold deliver-then-close drop ", "unread data when the peer closes"},
    [F_FIN_ACK_DELAY] = {"fin-ack-delay", NUMBER, NULL, "the peer's FIN counts MS late for QICLOSE"},
    [F_DROP_BYTE] = {"drop-byte", BYTE, NULL, "loses the N-th byte to the host"},
    [F_FLIP_BYTE] = {"flip-byte", BYTE, NULL, "flips a bit of the N-th byte to the host"},
    [F_INSERT_BYTE] = {"insert-byte", BYTE, NULL, "a '~' before the N-th byte to the host"},
    [F_DROP_HOST_BYTE] = {"drop-host-byte", BYTE, NULL, "loses the N-th byte from the host"},
    [F_CHUNK] = {"chunk", TEXT, NULL, "splits reads: 'random', or N bytes each"},
    [F_PAYLOAD_TRAILING_CRLF] = {"payload-trailing-crlf", CHOICE, "yes no ", "after pushed payload"},
    [F_BUSY_ID] = {"busy-id", CHOICE, "error 563 ", "QIOPEN of an id in use"},
    [F_FAILED_OPEN] = {"failed-open", CHOICE, "keep free ", "whether a failed open keeps its id"},
    [F_RECVIND] = {"recvind", CHOICE, "unsupported supported ", "QICFG=\"recvind\" on old firmware"},
    [F_EXTRA_BLANK_LINES] = {"extra-blank-lines", FLAG, NULL, "blank lines before each response"},
    [F_DNS_ERROR] = {"dns-error", CHOICE, "long short ", "+QIURC: \"dnsgip\",565 with or without ,0,0"},
    [F_LOST_PING] = {"lost-ping", STRIKES, NULL, "an echo request of QPING has no reply: +QPING: 569"},
};

static const char *const value_help[] = {
    [FLAG] = "",          [STRIKES] = "[=N]",           [NUMBER] = "=N", [BYTE] = "@N",         [TIMER] = "=MS",
    [TEXT] = "=TEXT[*N]", [MAYBE_TEXT] = "[=TEXT[*N]]", [CHOICE] = "=",  [NEXT] = "=N[*TIMES]",
};

bool fault_on(const struct modemsim *sim, enum fault_id id)
{
    return sim->fault[id].on;
}

bool fault_strikes(struct modemsim *sim, enum fault_id id)
{
    struct fault *f = &sim->fault[id];
    if (!f->on) {
        return false;
    }
    f->on = --f->left > 0;
    return true;
}

uint64_t fault_number(const struct modemsim *sim, enum fault_id id, uint64_t otherwise)
{
    return sim->fault[id].on ? sim->fault[id].number : otherwise;
}

const char *fault_text(const struct modemsim *sim, enum fault_id id, const char *otherwise)
{
    return sim->fault[id].text[0] ? sim->fault[id].text : otherwise;
}

/* "recv" names +QIURC: "recv",0; "QIOPEN" names +QIOPEN: 0,0; "AT+QIACT" names AT+QIACT=1. */
bool fault_names(struct modemsim *sim, enum fault_id id, const char *text)
{
    static const char *const skipped[] = {"", "+", "+QIURC: \""};
    const char *name = sim->fault[id].text;
    for (size_t i = 0; sim->fault[id].on && i < sizeof skipped / sizeof skipped[0]; i++) {
        size_t skip = strlen(skipped[i]);
        if (strncmp(text, skipped[i], skip) == 0 && strncasecmp(text + skip, name, strlen(name)) == 0) {
            return fault_strikes(sim, id);
        }
    }
    return false;
}

/* ---- arming ---- */

static bool whole_number(const char *text, uint64_t *number)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end;
}

static bool one_of(const char *choices, const char *word)
{
    size_t len = strlen(word);
    const char *at = len ? strstr(choices, word) : NULL;
    return at && at[len] == ' ' && (at == choices || at[-1] == ' ');
}

/* Text and, after a '*', how many times. */
static bool text_value(struct fault *f, const char *value)
{
    const char *star = strrchr(value, '*');
    size_t len = strlen(value);
    uint64_t times;
    if (star && whole_number(star + 1, &times) && times) {
        f->left = times;
        len = (size_t)(star - value);
    }
    if (!len || len >= sizeof f->text) {
        return false;
    }
    memcpy(f->text, value, len);
    return true;
}

static bool read_value(const struct entry *e, struct fault *f, const char *value)
{
    switch (e->kind) {
    case FLAG:
        return !value;
    case STRIKES:
        return !value || (whole_number(value, &f->left) && f->left);
    case BYTE:
        f->left = 1;
        return value && whole_number(value, &f->number) && f->number;
    case NUMBER:
    case TIMER:
        return value && whole_number(value, &f->number);
    case TEXT:
        return value && text_value(f, value);
    case MAYBE_TEXT:
        return !value || text_value(f, value);
    case NEXT:
        f->left = 1;
        return value && text_value(f, value) && whole_number(f->text, &f->number);
    case CHOICE:
        return value && one_of(e->choices, value) && text_value(f, value);
    }
    return false;
}

static void strike_by_time(void *ctx, uint64_t id)
{
    struct modemsim *sim = ctx;
    if (!fault_strikes(sim, (enum fault_id)id)) {
        return;
    }
    if (id == F_RESET_AFTER) {
        modemsim_reset(sim);
    } else if (id == F_SILENT_AFTER) {
        sim->hung = true;
    } else if (id == F_PDPDEACT_AFTER) {
        sim_lose_contexts(sim, true);
    }
}

/* What a fault does at the moment it is armed. */
static bool arm(struct modemsim *sim, enum fault_id id, struct fault f)
{
    if (table[id].kind == BYTE) {
        f.number += id == F_DROP_HOST_BYTE ? sim->rx_count : sim->tx_count;
    }
    if (table[id].kind == TIMER) {
        f.left = 1;
        modemsim_at(sim, sim->now_us + f.number * 1000, strike_by_time, sim, (uint64_t)id);
    }
    if (id == F_CHUNK && strcmp(f.text, "random") != 0 && (!whole_number(f.text, &f.number) || !f.number)) {
        return false;
    }
    sim->fault[id] = f;
    if (id == F_URCPORT) {
        snprintf(sim->urcport, sizeof sim->urcport, "%.15s", f.text);
    } else if (id == F_STALE_QIACT) {
        sim_lose_contexts(sim, false);
    } else if (id == F_SINGLE_PDN) {
        sim->other_bearer = true;
    } else if (sim->started && (id == F_NO_SIM || id == F_NO_REGISTRATION || id == F_REGISTRATION)) {
        sim_register(sim);
    }
    return true;
}

int modemsim_fault(struct modemsim *sim, const char *spec)
{
    size_t len = strcspn(spec, "=@");
    for (int id = 0; id < FAULTS; id++) {
        const struct entry *e = &table[id];
        if (strlen(e->name) == len && strncmp(e->name, spec, len) == 0) {
            struct fault f = {.on = true, .left = UINT64_MAX};
            bool good = read_value(e, &f, spec[len] ? spec + len + 1 : NULL);
            return good && arm(sim, (enum fault_id)id, f) ? 0 : -1;
        }
    }
    return -1;
}

void modemsim_fault_clear(struct modemsim *sim, const char *name)
{
    for (int id = 0; id < FAULTS; id++) {
        if (strcmp(table[id].name, name) == 0) {
            sim->fault[id] = (struct fault){0};
        }
    }
}

void modemsim_fault_help(FILE *out)
{
    for (int id = 0; id < FAULTS; id++) {
        const struct entry *e = &table[id];
        char spec[80];
        int len = snprintf(spec, sizeof spec, "%s%s%s", e->name, value_help[e->kind], e->choices ? e->choices : "");
        for (int i = (int)strlen(e->name) + 1; e->choices && i < len - 1; i++) {
            spec[i] = spec[i] == ' ' ? '|' : spec[i];
        }
        fprintf(out, "  %-42s %s\n", spec, e->help);
    }
}
