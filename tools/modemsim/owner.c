/*
 * A module that stands for another one: its owner answers commands that tell facts of that one, and says what the
 * network is like. See "an owner who knows better" in modemsim.h.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

/* ---- commands ---- */

void modemsim_on_command(struct modemsim *sim, modemsim_command_fn fn, void *ctx)
{
    sim->owner.on_command = fn;
    sim->owner.ctx = ctx;
}

bool sim_owner_takes(struct modemsim *sim, const char *text, size_t len, bool known)
{
    struct owner *o = &sim->owner;
    if (!o->on_command || len >= sizeof o->command) {
        return false;
    }
    memcpy(o->command, text, len);
    o->command[len] = '\0';
    o->answers = o->on_command(o->ctx, o->command, known);
    return o->answers;
}

void modemsim_answer_text(struct modemsim *sim, const char *text, size_t len, bool ends)
{
    if (sim->owner.answers) {
        sim_text(sim, "%.*s%s", (int)len, text, ends ? "\r\n" : "");
    }
}

static enum final result_of(struct modemsim *sim, const char *final)
{
    static const char cme[] = "+CME ERROR: ";
    if (!final) {
        return sim_answer_itself(sim, sim->owner.command);
    }
    if (strcmp(final, "OK") == 0) {
        return OK;
    }
    if (strcmp(final, "ERROR") == 0) {
        return ERROR;
    }
    if (strncmp(final, cme, sizeof cme - 1) == 0) {
        const char *digits = final + sizeof cme - 1;
        char *end;
        long code = strtol(digits, &end, 10);
        if (end > digits && !*end && code >= 0 && code <= UINT16_MAX) {
            return sim_cme(sim, (int)code);
        }
    }
    sim_line(sim, "%s", final);
    return NO_FINAL;
}

void modemsim_answer(struct modemsim *sim, const char *final)
{
    if (!sim->owner.answers) {
        return;
    }
    sim->owner.answers = false;
    enum final result = result_of(sim, final);
    if (result != OK && result != PENDING) {
        sim->chain = NULL;
    }
    sim_finish(sim, result);
}

void modemsim_tell(struct modemsim *sim, const char *line)
{
    if (sim->phase != PHASE_OFF) {
        sim_urc(sim, "%s", line);
    }
}

/* ---- the network ---- */

static void lose_data(struct modemsim *sim)
{
    bool open[SOCKETS];
    for (int id = 0; id < SOCKETS; id++) {
        open[id] = sim->socket[id].service != FREE && sim->socket[id].handle;
    }
    sim_lose_contexts(sim, true);
    for (int id = 0; id < SOCKETS; id++) {
        if (open[id]) {
            sim_urc(sim, "+QIURC: \"closed\",%d", id);
        }
    }
}

void modemsim_set_network(struct modemsim *sim, int stat, bool data)
{
    bool lost = sim->owner.data && !data;
    sim->owner.network = true;
    sim->owner.stat = stat;
    sim->owner.data = data;
    if (sim->phase == PHASE_OFF) {
        return;
    }
    sim_register(sim);
    if (lost) {
        lose_data(sim);
    }
}
