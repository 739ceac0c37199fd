/*
 * What any modem knows, ITU-T V.250: profiles and result codes, and the data call by ATD*99# (3GPP TS 27.007 10.2.1.1).
 * The call goes through, but nobody speaks PPP at its other end.
 */
#include "sim.h"

#include <string.h>

enum { ESCAPE = 3 /* pluses */ };
static const uint64_t guard_ms = 1000;

/* ---- settings that a program makes and nothing here depends on ---- */

static enum final accepted(struct modemsim *sim, struct args *a)
{
    (void)sim;
    (void)a;
    return OK;
}

static enum final atz(struct modemsim *sim, struct args *a)
{
    sim->echo = sim->verbose = true;
    return a->arg[0].value == 0 ? OK : ERROR;
}

/* V.250 6.2.5: all results, or none; a module without results is of no use here. */
static enum final atq(struct modemsim *sim, struct args *a)
{
    (void)sim;
    return a->arg[0].value == 0 ? OK : ERROR;
}

static enum final atx(struct modemsim *sim, struct args *a)
{
    (void)sim;
    return a->arg[0].value <= 4 ? OK : ERROR;
}

/* V.250 6.1.9 */
static enum final gcap_exec(struct modemsim *sim)
{
    sim_line(sim, "+GCAP: +CGSM");
    return OK;
}

/* S0=0: a parameter, its value is not kept. V.250 5.3.2. */
enum final sim_parameter(const char **text)
{
    while (**text >= '0' && **text <= '9') {
        (*text)++;
    }
    if (**text != '=') {
        return ERROR;
    }
    do {
        (*text)++;
    } while (**text >= '0' && **text <= '9');
    return OK;
}

/* ---- the data call ---- */

/* "*99#" and "*99***1#", after a T or P of old */
static bool is_packet_call(const char *number)
{
    number += *number == 'T' || *number == 't' || *number == 'P' || *number == 'p';
    return strncmp(number, "*99", 3) == 0 && number[strlen(number) - 1] == '#';
}

enum final sim_dial(struct modemsim *sim, const char *number)
{
    if (!is_packet_call(number) || !sim_registered(sim) || !sim->cgatt || sim->owner.network) {
        return NO_CARRIER;
    }
    sim->call = true;
    return CONNECT;
}

/* Command mode again, the call goes on. */
static void escaped(void *ctx, uint64_t serial)
{
    struct modemsim *sim = ctx;
    if (sim->phase == PHASE_ONLINE && sim->pluses == ESCAPE && sim->online_serial == serial) {
        sim->answer_begun = false;
        sim_finish(sim, OK);
    }
}

/* What the host says to the peer is lost, but for "+++" between two silences: ITU-T V.250 and EC2x AT manual 2.22. */
size_t sim_feed_online(struct modemsim *sim, const uint8_t *bytes, size_t len)
{
    uint64_t last = line_arrival_us(&sim->rx, sim->rx.out + len - 1);
    bool after_silence = sim->now_us >= sim->online_us + guard_ms * 1000;
    size_t plus = 0;
    while (plus < len && bytes[plus] == '+') {
        plus++;
    }
    size_t before = after_silence ? 0 : sim->pluses;
    sim->pluses = plus == len && (after_silence || before) && before + len <= ESCAPE ? before + len : 0;
    sim->now_us = last > sim->now_us ? last : sim->now_us;
    sim->online_us = sim->now_us;
    sim->online_serial++;
    if (sim->pluses == ESCAPE) {
        sim_after(sim, guard_ms, escaped, sim->online_serial);
    }
    return len;
}

static enum final ato(struct modemsim *sim, struct args *a)
{
    (void)a;
    return sim->call ? CONNECT : NO_CARRIER;
}

static enum final ath(struct modemsim *sim, struct args *a)
{
    (void)a;
    sim->call = false;
    return OK;
}

const struct command v250_commands[] = {
    {"Z", NULL, NULL, atz, NULL},         {"Q", NULL, NULL, atq, NULL},      {"X", NULL, NULL, atx, NULL},
    {"L", NULL, NULL, accepted, NULL},    {"M", NULL, NULL, accepted, NULL}, {"&C", NULL, NULL, accepted, NULL},
    {"&K", NULL, NULL, accepted, NULL},   {"H", NULL, NULL, ath, NULL},      {"O", NULL, NULL, ato, NULL},
    {"+GCAP", gcap_exec, NULL, NULL, ""}, {NULL, NULL, NULL, NULL, NULL},
};
