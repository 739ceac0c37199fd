/*
 * PDP contexts: QICSGP, QIACT, QIDEACT and their 3GPP neighbours, and the name servers that belong to a context.
 */
#include "sim.h"

#include <string.h>

enum {
    BEARER_CID = 9, /* where the attach bearer sits in transcript 065 */
    LIST_MAX = 2 * ADDRESS_MAX + 8,
};

static bool cid_arg(const struct args *a, int i, long *cid)
{
    return args_int(a, i, 1, CONTEXTS, cid);
}

static bool copy(char *to, size_t size, const char *from)
{
    return snprintf(to, size, "%s", from) < (int)size;
}

/* ---- addresses ---- */

const char *sim_address(const struct modemsim *sim, unsigned family)
{
    return family == MODEMSIM_IPV6 ? sim->options.address6 : sim->options.address;
}

/* "ip4", "ip6" or both, as transcript 028 lists them; "0.0.0.0" for no family. */
static const char *address_list(const struct modemsim *sim, unsigned families, char *text, size_t size)
{
    if (families == (MODEMSIM_IPV4 | MODEMSIM_IPV6)) {
        snprintf(text, size, "\"%s\",\"%s\"", sim->options.address, sim->options.address6);
    } else {
        snprintf(text, size, "\"%s\"", families ? sim_address(sim, families) : "0.0.0.0");
    }
    return text;
}

/* ---- losing and having them ---- */

/* pdpdeact: every socket of the context is dead without a "closed" of its own (fact sheet 11, quirk 28). */
void sim_lose_contexts(struct modemsim *sim, bool say)
{
    for (int cid = 1; cid <= CONTEXTS; cid++) {
        struct context *c = &sim->context[cid];
        if (!c->active) {
            continue;
        }
        sim_sockets_drop(sim, cid);
        c->active = !say;
        c->stale = !say;
        if (say) {
            sim_urc(sim, "+QIURC: \"pdpdeact\",%d", cid);
        }
    }
}

static int active_count(const struct modemsim *sim)
{
    int count = 0;
    for (int cid = 1; cid <= CONTEXTS; cid++) {
        count += sim->context[cid].active;
    }
    return count;
}

/* ---- QICSGP, QIACT, QIDEACT ---- */

static enum final qicsgp_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    long type = 1;
    long auth = 0;
    if (!cid_arg(a, 0, &cid)) {
        return sim_fail(sim, QI_INVALID);
    }
    struct context *c = &sim->context[cid];
    if (a->count == 1) {
        sim_line(sim, "+QICSGP: %d,\"%s\",\"%s\",\"%s\",%d", c->type, c->apn, c->user, c->password, c->auth);
        return OK;
    }
    const char *apn = args_string(a, 2);
    const char *user = a->count > 3 ? args_string(a, 3) : "";
    const char *password = a->count > 4 ? args_string(a, 4) : "";
    struct context next = {.active = c->active, .stale = c->stale, .families = c->families};
    if (!args_int(a, 1, 1, 3, &type) || !args_int_or(a, 5, 0, 3, &auth) || !apn || !user || !password || a->count > 6 ||
        !copy(next.apn, sizeof next.apn, apn) || !copy(next.user, sizeof next.user, user) ||
        !copy(next.password, sizeof next.password, password)) {
        return sim_fail(sim, QI_INVALID);
    }
    next.type = (int)type;
    next.auth = (int)auth;
    *c = next;
    return OK;
}

/* The types are sets of families: 1 IPv4, 2 IPv6, 3 both (EC200U note 2.4.2; renode's BG96 reads 2 as both). */
static void bring_up(struct context *c)
{
    c->active = true;
    c->families = (unsigned)c->type;
}

static bool may_activate(const struct modemsim *sim)
{
    return sim_registered(sim) && (!sim->owner.network || sim->owner.data);
}

static void activate(void *ctx, uint64_t cid)
{
    struct modemsim *sim = ctx;
    int error = QI_OK;
    if (sim->context[cid].active || active_count(sim) == MAX_ACTIVE || sim->other_bearer) {
        error = QI_NOT_ALLOWED;
    } else if (!may_activate(sim) || !sim->cgatt) {
        error = QI_PDP_OPEN;
    }
    if (error) {
        sim_finish(sim, sim_fail(sim, error));
        return;
    }
    bring_up(&sim->context[cid]);
    sim_finish(sim, OK);
}

static enum final qiact_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    if (!cid_arg(a, 0, &cid) || a->count != 1) {
        return sim_fail(sim, QI_INVALID);
    }
    uint64_t ms = sim->context[cid].active ? 0 : fault_number(sim, F_QIACT_DELAY, 0);
    if (ms) {
        sim_after(sim, ms, activate, (uint64_t)cid);
    } else {
        activate(sim, (uint64_t)cid);
    }
    return PENDING;
}

/* A dual-stack context is shown with both addresses and type 1, EC200U note 3.1. */
static int shown_type(const struct modemsim *sim, unsigned families)
{
    bool both = families == (MODEMSIM_IPV4 | MODEMSIM_IPV6);
    return both ? (int)fault_number(sim, F_QIACT_TYPE, MODEMSIM_IPV4) : (int)families;
}

static enum final qiact_read(struct modemsim *sim)
{
    for (int cid = 1; cid <= CONTEXTS; cid++) {
        const struct context *c = &sim->context[cid];
        char list[LIST_MAX];
        if (c->active) {
            sim_line(sim, "+QIACT: %d,1,%d,%s", cid, shown_type(sim, c->families),
                     address_list(sim, c->families, list, sizeof list));
        }
    }
    return OK;
}

static void deactivate(struct modemsim *sim, long cid)
{
    sim_sockets_drop(sim, (int)cid);
    sim->context[cid].active = sim->context[cid].stale = false;
}

static enum final qideact_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    if (!cid_arg(a, 0, &cid) || a->count != 1) {
        return sim_fail(sim, QI_INVALID);
    }
    deactivate(sim, cid);
    return OK;
}

/* ---- 3GPP commands ---- */

static enum final cgatt_read(struct modemsim *sim)
{
    sim_line(sim, "+CGATT: %d", sim->cgatt && sim_registered(sim));
    return OK;
}

static enum final cgatt_write(struct modemsim *sim, struct args *a)
{
    long attach = 0;
    if (!args_int(a, 0, 0, 1, &attach)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    sim->cgatt = (int)attach;
    if (!attach) {
        sim_lose_contexts(sim, true);
    }
    return OK;
}

/* Unlike QIACT? it tells where the bearer really is (fact sheet 11, quirk 24). */
static enum final cgact_read(struct modemsim *sim)
{
    bool bearer = sim->other_bearer || sim->context[1].stale;
    sim_line(sim, "+CGACT: 1,%d", sim->context[1].active && !sim->context[1].stale);
    for (int cid = 2; cid <= CONTEXTS; cid++) {
        bool active = sim->context[cid].active && !sim->context[cid].stale;
        if (active || (bearer && cid == BEARER_CID)) {
            sim_line(sim, "+CGACT: %d,1", cid);
        }
    }
    return OK;
}

static enum final cgact_write(struct modemsim *sim, struct args *a)
{
    long on = 0;
    long cid = 1;
    if (!args_int(a, 0, 0, 1, &on) || !cid_arg(a, 1, &cid)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (on && (sim->other_bearer || !may_activate(sim))) {
        return sim_cme(sim, CME_UNKNOWN);
    }
    if (on) {
        bring_up(&sim->context[cid]);
    } else {
        deactivate(sim, cid);
        sim->other_bearer = sim->other_bearer && cid != BEARER_CID;
    }
    return OK;
}

static enum final cgpaddr(struct modemsim *sim, long only)
{
    for (int cid = 1; cid <= CONTEXTS; cid++) {
        const struct context *c = &sim->context[cid];
        char list[LIST_MAX];
        if (only ? cid == only : c->active) {
            sim_line(sim, "+CGPADDR: %d,%s", cid, address_list(sim, c->active ? c->families : 0, list, sizeof list));
        }
    }
    return OK;
}

static enum final cgpaddr_exec(struct modemsim *sim)
{
    return cgpaddr(sim, 0);
}

static enum final cgpaddr_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    return cid_arg(a, 0, &cid) ? cgpaddr(sim, cid) : sim_cme(sim, CME_NOT_ALLOWED);
}

static const char *const pdp_types[] = {"", "IP", "IPV6", "IPV4V6"};

static enum final cgdcont_read(struct modemsim *sim)
{
    for (int cid = 1; cid <= CONTEXTS; cid++) {
        const struct context *c = &sim->context[cid];
        if (cid == 1 || c->apn[0]) {
            sim_line(sim, "+CGDCONT: %d,\"%s\",\"%s\",\"0.0.0.0\",0,0,0,0", cid, pdp_types[c->type], c->apn);
        }
    }
    return OK;
}

static enum final cgdcont_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    const char *type = args_string(a, 1);
    const char *apn = a->count > 2 ? args_string(a, 2) : "";
    if (!cid_arg(a, 0, &cid) || !type || !apn) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    for (int i = 1; i <= 3; i++) {
        if (strcmp(type, pdp_types[i]) == 0 && copy(sim->context[cid].apn, sizeof sim->context[cid].apn, apn)) {
            sim->context[cid].type = i;
            return OK;
        }
    }
    return sim_cme(sim, CME_NOT_ALLOWED);
}

/* ---- name servers: only of an active context, transcript 011 ---- */

static enum final qidnscfg_write(struct modemsim *sim, struct args *a)
{
    long cid = 0;
    if (!cid_arg(a, 0, &cid)) {
        return sim_fail(sim, QI_INVALID);
    }
    if (!sim->context[cid].active) {
        return sim_fail(sim, QI_PDP_BROKEN);
    }
    if (a->count == 1) {
        sim_line(sim, "+QIDNSCFG: %ld,\"%s\",\"%s\"", cid, sim->dns[0], sim->dns[1]);
        return OK;
    }
    for (int i = 1; i < a->count; i++) {
        const char *server = args_string(a, i);
        if (i > 2 || !server || !copy(sim->dns[i - 1], sizeof sim->dns[0], server)) {
            return sim_fail(sim, QI_INVALID);
        }
    }
    return OK;
}

/* 27.007 10.1.1: a line for each type */
#define CGDCONT_OF(type) "+CGDCONT: (1-16),\"" type "\",,,(0-2),(0-3)"

const struct command context_commands[] = {
    {"+QICSGP", NULL, NULL, qicsgp_write, "+QICSGP: (1-16),(1-3),<APN>,<username>,<password>,(0-3)"},
    {"+QIACT", NULL, qiact_read, qiact_write, "+QIACT: (1-16)"},
    {"+QIDEACT", NULL, NULL, qideact_write, "+QIDEACT: (1-16)"},
    {"+QIDNSCFG", NULL, NULL, qidnscfg_write, "+QIDNSCFG: (1-16),<pridnsaddr>,<secdnsaddr>"},
    {"+CGATT", NULL, cgatt_read, cgatt_write, "+CGATT: (0,1)"},
    {"+CGACT", NULL, cgact_read, cgact_write, "+CGACT: (0,1)"},
    {"+CGPADDR", cgpaddr_exec, NULL, cgpaddr_write, "+CGPADDR: (1-16)"},
    {"+CGDCONT", NULL, cgdcont_read, cgdcont_write,
     CGDCONT_OF("IP") "\r\n" CGDCONT_OF("IPV6") "\r\n" CGDCONT_OF("IPV4V6")},
    {NULL, NULL, NULL, NULL, NULL},
};
