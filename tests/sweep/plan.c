/* Which faults there are, and where each can strike; see plan.h. */
#include "plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN(s, ms)                                                                                                      \
    {                                                                                                                  \
        .strike = (s), .direction = TO_DRIVER, .mute_ms = (ms)                                                         \
    }
#define OUT(s, ms)                                                                                                     \
    {                                                                                                                  \
        .strike = (s), .direction = TO_MODULE, .mute_ms = (ms)                                                         \
    }
#define EVER UINT64_MAX

const struct kind kinds[] = {
    {"reset", "reset", AT_BYTE, IN(STRIKE_RESET, 0), NULL, NULL, NULL},
    {"reset-host", "reset", AT_BYTE, OUT(STRIKE_RESET, 0), NULL, NULL, NULL},
    {"silent-1s", "silent", AT_BYTE, IN(STRIKE_MUTE, 1000), NULL, NULL, NULL},
    {"silent-60s", "silent", AT_BYTE, IN(STRIKE_MUTE, 60000), NULL, NULL, NULL},
    {"silent-ever", "silent", AT_BYTE, IN(STRIKE_MUTE, EVER), NULL, NULL, NULL},
    {"silent-1s-host", "silent", AT_BYTE, OUT(STRIKE_MUTE, 1000), NULL, NULL, NULL},
    {"silent-60s-host", "silent", AT_BYTE, OUT(STRIKE_MUTE, 60000), NULL, NULL, NULL},
    {"silent-ever-host", "silent", AT_BYTE, OUT(STRIKE_MUTE, EVER), NULL, NULL, NULL},
    {"lost", "line-in", AT_BYTE, IN(STRIKE_LOSE, 0), NULL, NULL, NULL},
    {"flipped", "line-in", AT_BYTE, IN(STRIKE_FLIP, 0), NULL, NULL, NULL},
    {"inserted", "line-in", AT_BYTE, IN(STRIKE_INSERT, 0), NULL, NULL, NULL},
    {"lost-host", "line-out", AT_BYTE, OUT(STRIKE_LOSE, 0), NULL, NULL, NULL},
    {"flipped-host", "line-out", AT_BYTE, OUT(STRIKE_FLIP, 0), NULL, NULL, NULL},
    {"inserted-host", "line-out", AT_BYTE, OUT(STRIKE_INSERT, 0), NULL, NULL, NULL},
    {"urc", "urc", AT_GAP, IN(STRIKE_URC, 0), NULL, NULL, NULL},
    {"lost-recv", "counted", AT_LINE, {0}, "+QIURC: \"recv\"", "drop-urc=recv*1", NULL},
    {"lost-closed", "counted", AT_LINE, {0}, "+QIURC: \"closed\"", "drop-urc=closed*1", NULL},
    {"lost-open", "counted", AT_LINE, {0}, "+QIOPEN:", "drop-urc=QIOPEN*1", NULL},
    {"lost-name", "counted", AT_LINE, {0}, "+QIURC: \"dnsgip\"", "drop-urc=dnsgip*1", NULL},
    {"lost-incoming", "counted", AT_LINE, {0}, "+QIURC: \"incoming\"", "drop-urc=incoming*1", NULL},
    {"lost-prompt", "counted", AT_LINE, {0}, "SEND OK", "drop-prompt=1", NULL},
    {"late-prompt", "counted", AT_LINE, {0}, "SEND OK", "late-prompt=3000", "SEND OK"},
    {"later-prompt", "counted", AT_LINE, {0}, "SEND OK", "late-prompt=15000", ""},
    {"send-fail", "counted", AT_LINE, {0}, "SEND OK", "send-fail=1", NULL},
    {"send-fail-8", "counted", AT_LINE, {0}, "SEND OK", "send-fail=8", NULL},
    {"error", "counted", AT_COMMAND, {0}, NULL, "error-for=AT*1", NULL},
    {"error-3", "counted", AT_COMMAND, {0}, NULL, "error-for=AT*3", NULL},
    {"no-answer", "counted", AT_COMMAND, {0}, NULL, "no-answer=AT*1", NULL},
    {"late-answer", "counted", AT_COMMAND, {0}, NULL, "late-answer=20000", NULL},
    {"context-lost", "counted", AT_COMMAND, {0}, NULL, "pdpdeact-after=0", NULL},
    {"context-stale", "counted", AT_COMMAND, {0}, NULL, "stale-qiact", NULL},
};
const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) <= sizeof(((struct scout *)0)->lines) / sizeof(uint64_t),
               "a scout counts lines for each kind");

const struct kind *kind_named(const char *name)
{
    for (size_t i = 0; i < kind_count; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* --- arming ------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && memcmp(text, with, n) == 0;
}

static void arm(struct armed *a, struct world *w)
{
    a->on = true;
    w->struck = true;
    w->struck_us = w->now_us;
    if (modemsim_fault(w->sim, a->kind->fault) != 0) {
        fprintf(stderr, "sweep: no fault %s\n", a->kind->fault);
        abort();
    }
}

static void take_back(struct armed *a, struct world *w)
{
    char name[32];

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->kind->fault, "="), a->kind->fault);
    modemsim_fault_clear(w->sim, name);
}

static void count_line(void *ctx, struct world *w, enum usocket_log what, const char *text, size_t len)
{
    struct armed *a = ctx;
    const struct kind *k = a->kind;
    bool counts = k->unit == AT_COMMAND ? what == USOCKET_LOG_TX : what == USOCKET_LOG_RX && begins(text, len, k->line);

    if (a->on) {
        bool over = what == USOCKET_LOG_RX && k->until != NULL && begins(text, len, k->until);

        if (over) {
            take_back(a, w);
        }
        return;
    }
    a->count += counts;
    if (counts && a->count + (k->unit == AT_LINE) == a->at) { /* a line is lost when the one before it has come */
        arm(a, w);
    }
}

void plan_open(struct session *s, struct armed *armed, const struct kind *kind, uint64_t at, uint64_t seed)
{
    struct blow blow = {.strike = STRIKE_NONE};

    if (kind != NULL) {
        blow = kind->blow;
        blow.at = at;
        blow.seed = seed;
    }
    session_open(s, seed, &blow);
    *armed = (struct armed){.kind = kind, .at = at};
    if (kind != NULL && kind->fault != NULL) {
        s->world.on_line = count_line;
        s->world.on_line_ctx = armed;
        if (kind->unit == AT_LINE && at == 1) {
            arm(armed, &s->world);
        }
    }
}

/* --- the clean run ------------------------------------------------------------------------------------------------ */

static void scout_line(void *ctx, struct world *w, enum usocket_log what, const char *text, size_t len)
{
    struct scout *scout = ctx;

    (void)w;
    scout->commands += what == USOCKET_LOG_TX;
    for (size_t i = 0; i < kind_count; i++) {
        scout->lines[i] += kinds[i].line != NULL && what == USOCKET_LOG_RX && begins(text, len, kinds[i].line);
    }
}

/* The bytes that a line announces behind it: +QIRD: 1500 by the module, AT+QISEND=0,1460 by the driver. */
static size_t announces(const char *line, size_t len)
{
    unsigned long id;
    unsigned long n = 0;
    char text[64];
    char next = '\0';

    snprintf(text, sizeof(text), "%.*s", (int)len, line);
    if (sscanf(text, "+QIRD: %lu%c", &n, &next) >= 1) {
        return next == ',' && strchr(text, '"') == NULL ? 0 : n; /* three totals are no payload */
    }
    return sscanf(text, "AT+QISEND=%lu,%lu", &id, &n) == 2 ? n : 0;
}

static void classify(struct scout *scout, enum direction d)
{
    const char *bytes = (const char *)scout->passed[d].bytes;
    size_t len = scout->passed[d].len;
    uint8_t *is = scout->is[d] = calloc(len + 1, 1);

    for (size_t at = 0; at < len && is != NULL;) {
        size_t line = at;
        size_t payload;

        while (at < len && bytes[at] != '\r') {
            is[at] = isdigit((unsigned char)bytes[at]) ? BYTE_DIGIT : BYTE_TEXT;
            at++;
        }
        payload = announces(bytes + line, at - line);
        at += at < len;                                        /* its CR */
        at += d == TO_DRIVER && at < len && bytes[at] == '\n'; /* and LF */
        if (payload == 0 && at < len && d == TO_DRIVER) {
            is[at] = BYTE_LINE_START;
        }
        for (; payload > 0 && at < len; payload--) {
            is[at++] = BYTE_PAYLOAD;
        }
    }
}

const char *plan_scout(struct scout *scout, uint64_t seed, bool trace)
{
    static struct session s;
    struct armed armed;
    const char *why = NULL;
    uint64_t wrong;

    memset(scout, 0, sizeof(*scout));
    plan_open(&s, &armed, NULL, 0, seed);
    s.world.capture = scout->passed;
    s.world.on_line = scout_line;
    s.world.on_line_ctx = scout;
    s.world.trace = trace;
    session_run(&s);
    s.world.capture = NULL;
    s.world.on_line = NULL;
    session_check(&s, 60000);
    wrong = modemsim_report_wrong_use(modemsim_report(s.world.sim));
    if (s.failure[0] != '\0') {
        static char text[FAILURE_TEXT];

        memcpy(text, s.failure, sizeof(text));
        why = text;
    } else if (!s.complete || s.damage != 0) {
        why = s.damage != 0 ? "damaged data" : "not all came";
    } else if (wrong != 0) {
        why = "the module was used against its manual";
    }
    session_close(&s);
    classify(scout, TO_DRIVER);
    classify(scout, TO_MODULE);
    return why;
}

void plan_free(struct scout *scout)
{
    for (int d = 0; d < 2; d++) {
        free(scout->passed[d].bytes);
        free(scout->is[d]);
    }
}

/* --- the jobs ----------------------------------------------------------------------------------------------------- */

struct list {
    struct job *jobs;
    size_t n, cap;
};

static void add(struct list *l, struct job job)
{
    if (l->n == l->cap) {
        l->cap = 2 * l->cap + 1024;
        l->jobs = realloc(l->jobs, l->cap * sizeof(*l->jobs));
        if (l->jobs == NULL) {
            abort();
        }
    }
    l->jobs[l->n++] = job;
}

static bool sampled(uint64_t at, uint64_t salt, uint64_t stride)
{
    uint64_t z = (at + salt) * 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return (z ^ (z >> 31)) % stride == 0;
}

/*
 * What no driver can see: a changed byte of a payload; a byte put into a payload that goes out, for the module takes as
 * many as it was told. And what it can hardly see: a digit more, less or other in a command makes another command, and
 * the module carries it out; the totals tell, where they are asked for in time.
 */
static enum exception exception(const struct kind *k, const uint8_t *is, size_t i)
{
    bool out = k->blow.direction == TO_MODULE;
    bool digit = is[i] == BYTE_DIGIT || (k->blow.strike == STRIKE_INSERT && i > 0 && is[i - 1] == BYTE_DIGIT);

    if (is[i] == BYTE_PAYLOAD && (k->blow.strike == STRIKE_FLIP || (k->blow.strike == STRIKE_INSERT && out))) {
        return EXCEPT_PAYLOAD;
    }
    if (digit && out && k->blow.strike >= STRIKE_LOSE && k->blow.strike <= STRIKE_INSERT) {
        return EXCEPT_COMMAND;
    }
    return EXCEPT_NOTHING;
}

static uint64_t root(uint64_t n)
{
    uint64_t r = 1;

    while ((r + 1) * (r + 1) <= n) {
        r++;
    }
    return r;
}

static void add_bytes(struct list *l, const struct scout *scout, size_t kind, uint64_t seed, uint64_t stride)
{
    const struct kind *k = &kinds[kind];
    const uint8_t *is = scout->is[k->blow.direction];

    for (size_t i = 0; i < scout->passed[k->blow.direction].len; i++) {
        bool gap = is[i] == BYTE_LINE_START;
        uint64_t step = k->unit == AT_GAP ? 1 : is[i] == BYTE_PAYLOAD ? stride : root(stride) / 2 + 1;

        if ((k->unit == AT_BYTE || gap) && (stride == 1 || sampled(i, seed + kind, step))) {
            add(l, (struct job){(uint16_t)kind, (uint8_t)exception(k, is, i), (uint32_t)i + 1});
        }
    }
}

size_t plan_jobs(const struct scout *scout, uint64_t seed, uint64_t stride, const bool *wanted, struct job **jobs)
{
    struct list l = {0};

    for (size_t i = 0; i < kind_count; i++) {
        uint64_t n = kinds[i].unit == AT_COMMAND ? scout->commands : scout->lines[i];

        if (!wanted[i]) {
            continue;
        }
        if (kinds[i].unit == AT_BYTE || kinds[i].unit == AT_GAP) {
            add_bytes(&l, scout, i, seed, stride);
            continue;
        }
        for (uint64_t at = 1; at <= n; at++) {
            add(&l, (struct job){(uint16_t)i, EXCEPT_NOTHING, (uint32_t)at});
        }
    }
    *jobs = l.jobs;
    return l.n;
}
