/*
 * Identity, echo and result format, power: the commands that any module answers whatever its SIM and network do.
 */
#include "sim.h"

/* ---- basic commands; `a` holds their number, 0 if none was given ---- */

static enum final ate(struct modemsim *sim, struct args *a)
{
    sim->echo = a->arg[0].value != 0;
    return a->arg[0].value <= 1 ? OK : ERROR;
}

static enum final atv(struct modemsim *sim, struct args *a)
{
    sim->verbose = a->arg[0].value != 0;
    return a->arg[0].value <= 1 ? OK : ERROR;
}

static enum final ati(struct modemsim *sim, struct args *a)
{
    (void)a;
    sim_line(sim, "Quectel");
    sim_line(sim, "%s", sim->profile->name);
    sim_line(sim, "Revision: %s", sim->profile->revision);
    return OK;
}

static enum final factory(struct modemsim *sim, struct args *a)
{
    (void)a;
    sim->echo = sim->verbose = true;
    sim->cmee = 1;
    return OK;
}

static enum final accepted(struct modemsim *sim, struct args *a)
{
    (void)sim;
    (void)a;
    return OK;
}

/* ---- identity ---- */

static enum final cgmi(struct modemsim *sim)
{
    sim_line(sim, "Quectel");
    return OK;
}

static enum final cgmm(struct modemsim *sim)
{
    sim_line(sim, "%s", sim->profile->name);
    return OK;
}

static enum final cgmr(struct modemsim *sim)
{
    sim_line(sim, "%s", sim->profile->revision);
    return OK;
}

static enum final gsn(struct modemsim *sim)
{
    sim_line(sim, "860000000000001");
    return OK;
}

/* ---- errors, functionality, power ---- */

static enum final cmee_read(struct modemsim *sim)
{
    sim_line(sim, "+CMEE: %d", sim->cmee);
    return OK;
}

static enum final cmee_write(struct modemsim *sim, struct args *a)
{
    long mode = 0;
    if (!args_int(a, 0, 0, 2, &mode)) {
        return ERROR;
    }
    sim->cmee = (int)mode;
    return OK;
}

static enum final cfun_read(struct modemsim *sim)
{
    sim_line(sim, "+CFUN: %d", sim->cfun);
    return OK;
}

static enum final cfun_write(struct modemsim *sim, struct args *a)
{
    long fun = 0;
    long reset = 0;
    if (!args_int(a, 0, 0, 4, &fun) || (fun != 0 && fun != 1 && fun != 4) || !args_int_or(a, 1, 0, 1, &reset)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (reset) {
        sim_restart(sim);
        return OK;
    }
    if (fun != 1) {
        sim_lose_contexts(sim, true);
    }
    sim->cfun = (int)fun;
    sim_register(sim);
    return OK;
}

static enum final cpas_exec(struct modemsim *sim)
{
    sim_line(sim, "+CPAS: 0");
    return OK;
}

static enum final qpowd_exec(struct modemsim *sim)
{
    sim_power_off(sim);
    return OK;
}

static enum final qpowd_write(struct modemsim *sim, struct args *a)
{
    long how = 0;
    return args_int(a, 0, 0, 1, &how) ? qpowd_exec(sim) : ERROR;
}

const struct command general_commands[] = {
    {"E", NULL, NULL, ate, NULL},
    {"V", NULL, NULL, atv, NULL},
    {"I", NULL, NULL, ati, NULL},
    {"&F", NULL, NULL, factory, NULL},
    {"&W", NULL, NULL, accepted, NULL},
    {"&D", NULL, NULL, accepted, NULL},
    {"+CGMI", cgmi, NULL, NULL, ""},
    {"+CGMM", cgmm, NULL, NULL, ""},
    {"+GMM", cgmm, NULL, NULL, ""},
    {"+CGMR", cgmr, NULL, NULL, ""},
    {"+GMR", cgmr, NULL, NULL, ""},
    {"+CGSN", gsn, NULL, NULL, ""},
    {"+GSN", gsn, NULL, NULL, ""},
    {"+CMEE", NULL, cmee_read, cmee_write, "+CMEE: (0-2)"},
    {"+CFUN", NULL, cfun_read, cfun_write, "+CFUN: (0,1,4),(0,1)"},
    {"+CPAS", cpas_exec, NULL, NULL, "+CPAS: (0,3,4)"},
    {"+QPOWD", qpowd_exec, NULL, qpowd_write, "+QPOWD: (0,1)"},
    {NULL, NULL, NULL, NULL, NULL},
};
