/*
 * SIM and registration: what the network does, and the commands that look at it.
 */
#include "sim.h"

#include <string.h>

enum { HOME = 1, SEARCHING = 2, ROAMING = 5 };

static const char *const domains[] = {"CREG", "CGREG", "CEREG"};

bool sim_has_sim(const struct modemsim *sim)
{
    return !fault_on(sim, F_NO_SIM);
}

/* ---- registration ---- */

bool sim_registered(const struct modemsim *sim)
{
    return sim->stat == HOME || sim->stat == ROAMING;
}

/* With mode 2 the cell is told too, transcript 053. */
static void cell(const struct modemsim *sim, int mode, char *text, size_t size)
{
    text[0] = '\0';
    if (mode == 2 && sim_registered(sim) && !sim->owner.network) {
        snprintf(text, size, ",\"00A1\",\"00B2C3D\",%d", sim->profile->act);
    }
}

void sim_set_stat(struct modemsim *sim, int stat)
{
    if (sim->stat == stat) {
        return;
    }
    sim->stat = stat;
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        char where[40];
        cell(sim, sim->reg_mode[i], where, sizeof where);
        if (sim->reg_mode[i]) {
            sim_urc(sim, "+%s: %d%s", domains[i], stat, where);
        }
    }
}

static void found_network(void *ctx, uint64_t stat)
{
    struct modemsim *sim = ctx;
    if (sim->stat == SEARCHING) {
        sim_set_stat(sim, (int)stat);
    }
}

void sim_register(struct modemsim *sim)
{
    if (!sim_has_sim(sim) || sim->pin_locked || sim->cfun != 1) {
        sim_set_stat(sim, 0);
        return;
    }
    if (sim->owner.network) {
        sim_set_stat(sim, sim->owner.stat);
        return;
    }
    int stat = (int)fault_number(sim, F_REGISTRATION, HOME);
    uint64_t after_ms = fault_number(sim, F_REGISTRATION_AFTER, 0);
    if (fault_on(sim, F_NO_REGISTRATION) || after_ms) {
        sim_set_stat(sim, SEARCHING);
    } else {
        sim_set_stat(sim, stat);
    }
    if (after_ms && !fault_on(sim, F_NO_REGISTRATION)) {
        sim_after(sim, after_ms, found_network, (uint64_t)stat);
    }
}

static enum final registration(struct modemsim *sim, int domain)
{
    char where[40];
    cell(sim, sim->reg_mode[domain], where, sizeof where);
    sim_line(sim, "+%s: %d,%d%s", domains[domain], sim->reg_mode[domain], sim->stat, where);
    return OK;
}

int modemsim_registration_mode(const struct modemsim *sim, const char *domain)
{
    size_t i = 0;
    while (i < sizeof domains / sizeof domains[0] && strcmp(domains[i], domain) != 0) {
        i++;
    }
    return i < sizeof domains / sizeof domains[0] ? sim->reg_mode[i] : 0;
}

static enum final set_registration(struct modemsim *sim, int domain, struct args *a)
{
    long mode = 0;
    if (!args_int(a, 0, 0, 2, &mode)) {
        return ERROR;
    }
    sim->reg_mode[domain] = (int)mode;
    return OK;
}

static enum final creg_read(struct modemsim *sim)
{
    return registration(sim, 0);
}

static enum final cgreg_read(struct modemsim *sim)
{
    return registration(sim, 1);
}

static enum final cereg_read(struct modemsim *sim)
{
    return registration(sim, 2);
}

static enum final creg_write(struct modemsim *sim, struct args *a)
{
    return set_registration(sim, 0, a);
}

static enum final cgreg_write(struct modemsim *sim, struct args *a)
{
    return set_registration(sim, 1, a);
}

static enum final cereg_write(struct modemsim *sim, struct args *a)
{
    return set_registration(sim, 2, a);
}

static enum final cops_read(struct modemsim *sim)
{
    static const char *const names[] = {"Simulated", "Sim", "00101"};
    if (sim_registered(sim)) {
        sim_line(sim, "+COPS: 0,%d,\"%s\",%d", sim->cops_format, names[sim->cops_format], sim->profile->act);
    } else {
        sim_line(sim, "+COPS: 0");
    }
    return OK;
}

static enum final cops_write(struct modemsim *sim, struct args *a)
{
    long mode = 0;
    long format = sim->cops_format;
    if (!args_int(a, 0, 0, 4, &mode) || !args_int_or(a, 1, 0, 2, &format)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    sim->cops_format = mode == 3 ? (int)format : sim->cops_format; /* 27.007 7.3 */
    if (mode == 0) {
        sim_register(sim);
    }
    return OK;
}

static enum final csq_exec(struct modemsim *sim)
{
    sim_line(sim, sim_registered(sim) ? "+CSQ: 24,99" : "+CSQ: 99,99");
    return OK;
}

static enum final qcsq_exec(struct modemsim *sim)
{
    if (sim_registered(sim)) {
        sim_line(sim, "+QCSQ: \"%s\",-65,-95,150,-10", sim->profile->rat);
    } else {
        sim_line(sim, "+QCSQ: \"NOSERVICE\"");
    }
    return OK;
}

/* ---- SIM ---- */

static enum final cpin_read(struct modemsim *sim)
{
    if (!sim_has_sim(sim)) {
        return sim_cme(sim, CME_NO_SIM);
    }
    sim_line(sim, "+CPIN: %s", sim->pin_locked ? "SIM PIN" : "READY");
    return OK;
}

static enum final cpin_write(struct modemsim *sim, struct args *a)
{
    if (!sim_has_sim(sim)) {
        return sim_cme(sim, CME_NO_SIM);
    }
    if (!sim->pin_locked) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (strcmp(a->arg[0].text, "1234") != 0) {
        return sim_cme(sim, CME_BAD_PASSWORD);
    }
    sim->pin_locked = false;
    sim_finish(sim, OK);
    sim_urc(sim, "+CPIN: READY");
    sim_register(sim);
    return PENDING;
}

static enum final need_sim(struct modemsim *sim, const char *format, const char *value)
{
    if (!sim_has_sim(sim)) {
        return sim_cme(sim, CME_NO_SIM);
    }
    if (sim->pin_locked) {
        return sim_cme(sim, CME_SIM_PIN);
    }
    sim_line(sim, "%s%s", format, value);
    return OK;
}

static enum final cimi_exec(struct modemsim *sim)
{
    return need_sim(sim, "", "001010123456789");
}

static enum final qccid_exec(struct modemsim *sim)
{
    return need_sim(sim, "+QCCID: ", "89860000000000000001");
}

static enum final qinistat_exec(struct modemsim *sim)
{
    sim_line(sim, "+QINISTAT: %d", sim_has_sim(sim) && !sim->pin_locked ? 7 : 0);
    return OK;
}

static enum final qsimstat_read(struct modemsim *sim)
{
    sim_line(sim, "+QSIMSTAT: 0,%d", sim_has_sim(sim));
    return OK;
}

const struct command network_commands[] = {
    {"+CPIN", NULL, cpin_read, cpin_write, ""},
    {"+CIMI", cimi_exec, NULL, NULL, ""},
    {"+QCCID", qccid_exec, NULL, NULL, ""},
    {"+QINISTAT", qinistat_exec, NULL, NULL, "+QINISTAT: (0-7)"},
    {"+QSIMSTAT", NULL, qsimstat_read, NULL, "+QSIMSTAT: (0,1)"},
    {"+CREG", NULL, creg_read, creg_write, "+CREG: (0-2)"},
    {"+CGREG", NULL, cgreg_read, cgreg_write, "+CGREG: (0-2)"},
    {"+CEREG", NULL, cereg_read, cereg_write, "+CEREG: (0-2)"},
    {"+COPS", NULL, cops_read, cops_write, "+COPS: (2,\"Simulated\",\"Sim\",\"00101\"),,(0-4),(0-2)"},
    {"+CSQ", csq_exec, NULL, NULL, "+CSQ: (0-31,99),(0-7,99)"},
    {"+QCSQ", qcsq_exec, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
