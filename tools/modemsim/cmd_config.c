/*
 * Settings: the serial line, where URCs go, and the keys of QICFG as a table with the range each module documents.
 * A value that would change framing in a way nobody has published exactly (hex data, stream datagrams) is refused.
 */
#include "sim.h"

#include <string.h>
#include <strings.h>

static const struct key {
    const char *name;
    unsigned modules;
    int values; /* how many arguments */
    struct {
        long min, max, otherwise;
    } value[CFG_VALUES];
} keys[] = {
    /* EC200U note 2.4.1, BG95 note, EG25's own =? list */
    {"transpktsize", M_ALL, 1, {{1, 1460, 1024}}},
    {"transwaittm", M_ALL, 1, {{0, 20, 2}}},
    {"dataformat", M_ALL, 2, {{0, 0, 0}, {0, 0, 0}}},
    {"viewmode", M_ALL, 1, {{0, 1, 0}}},
    {"recvind", M_ALL, 1, {{0, 1, 0}}},
    {"tcp/keepalive", M_ALL, 4, {{0, 1, 0}, {1, 120, 120}, {25, 100, 75}, {3, 10, 9}}},
    {"tcp/retranscfg", M_BG95 | M_EC25, 2, {{3, 20, 12}, {5, 1000, 600}}},
    {"udp/sendmode", M_EC25, 1, {{0, 0, 0}}},
    {"udp/readmode", M_EC25, 1, {{0, 0, 0}}},
    {"tcp/accept", M_EC25, 1, {{1, 1, 1}}},
    {"passiveclosed", M_EC25, 1, {{0, 1, 0}}},
    {"dns/cache", M_EC25, 1, {{0, 1, 1}}},
    {"qisend/timeout", M_EC25, 1, {{0, 3600, 5}}},
    {"recv/buffersize", M_EC25, 1, {{10240, 524288, RECV_BUFFER}}},
    {"window/scale", M_EC25, 1, {{0, 1, 1}}},
};

enum { KEYS = sizeof keys / sizeof keys[0] };
_Static_assert((int)KEYS <= (int)CFG_KEYS, "room for each key");

/* ---- QICFG ---- */

void config_defaults(struct modemsim *sim)
{
    for (int k = 0; k < KEYS; k++) {
        for (int i = 0; i < CFG_VALUES; i++) {
            sim->cfg[k][i] = keys[k].value[i].otherwise;
        }
    }
}

static int find_key(const struct modemsim *sim, const char *name)
{
    for (int k = 0; k < KEYS; k++) {
        if (strcasecmp(keys[k].name, name) == 0 && (keys[k].modules & sim->profile->mask)) {
            bool missing = strcmp(name, "recvind") == 0 && strcmp(fault_text(sim, F_RECVIND, ""), "unsupported") == 0;
            return missing ? -1 : k;
        }
    }
    return -1;
}

long config_value(const struct modemsim *sim, const char *key, int i)
{
    int k = find_key(sim, key);
    return k < 0 ? 0 : sim->cfg[k][i];
}

long modemsim_config(const struct modemsim *sim, const char *key, int i)
{
    int k = find_key(sim, key);
    return k < 0 || i < 0 || i >= keys[k].values ? -1 : sim->cfg[k][i];
}

static enum final tell_key(struct modemsim *sim, int k)
{
    char values[80] = "";
    for (int i = 0; i < keys[k].values; i++) {
        size_t used = strlen(values);
        snprintf(values + used, sizeof values - used, ",%ld", sim->cfg[k][i]);
    }
    sim_line(sim, "+QICFG: \"%s\"%s", keys[k].name, values);
    return OK;
}

static enum final qicfg_list(struct modemsim *sim)
{
    for (int k = 0; k < KEYS; k++) {
        char ranges[120] = "";
        for (int i = 0; i < keys[k].values; i++) {
            size_t used = strlen(ranges);
            bool pair = keys[k].value[i].max - keys[k].value[i].min == 1;
            snprintf(ranges + used, sizeof ranges - used, ",(%ld%s%ld)", keys[k].value[i].min, pair ? "," : "-",
                     keys[k].value[i].max);
        }
        if (find_key(sim, keys[k].name) == k) {
            sim_line(sim, "+QICFG: \"%s\"%s", keys[k].name, ranges);
        }
    }
    return OK;
}

static enum final qicfg_write(struct modemsim *sim, struct args *a)
{
    if (a->count == 1 && strcmp(a->arg[0].text, "?") == 0) {
        return qicfg_list(sim);
    }
    const char *name = args_string(a, 0);
    int k = name ? find_key(sim, name) : -1;
    if (k < 0 || a->count - 1 > keys[k].values) {
        return sim_fail(sim, QI_INVALID);
    }
    if (a->count == 1) {
        return tell_key(sim, k);
    }
    long next[CFG_VALUES];
    memcpy(next, sim->cfg[k], sizeof next);
    for (int i = 0; i < a->count - 1; i++) {
        if (!args_int(a, i + 1, keys[k].value[i].min, keys[k].value[i].max, &next[i])) {
            return sim_fail(sim, QI_INVALID);
        }
    }
    memcpy(sim->cfg[k], next, sizeof next);
    return OK;
}

/* ---- QURCCFG, QISDE, QIGETERROR ---- */

static enum final qurccfg_write(struct modemsim *sim, struct args *a)
{
    static const char *const ports[] = {"usbat", "usbmodem", "uart1", "all"};
    const char *name = args_string(a, 0);
    const char *port = args_string(a, 1);
    if (!name || strcasecmp(name, "urcport") != 0 || a->count > 2) {
        return ERROR;
    }
    if (a->count == 1) {
        sim_line(sim, "+QURCCFG: \"urcport\",\"%s\"", sim->urcport);
        return OK;
    }
    for (size_t i = 0; port && i < sizeof ports / sizeof ports[0]; i++) {
        if (strcasecmp(port, ports[i]) == 0) {
            snprintf(sim->urcport, sizeof sim->urcport, "%s", ports[i]);
            return OK;
        }
    }
    return ERROR;
}

static enum final qisde_read(struct modemsim *sim)
{
    sim_line(sim, "+QISDE: %d", sim->payload_echo);
    return OK;
}

static enum final qisde_write(struct modemsim *sim, struct args *a)
{
    long on = 0;
    if (!args_int(a, 0, 0, 1, &on)) {
        return sim_fail(sim, QI_INVALID);
    }
    sim->payload_echo = on != 0;
    return OK;
}

static enum final qigeterror(struct modemsim *sim)
{
    sim_line(sim, "+QIGETERROR: %d, %s", sim->last_error, qi_text(sim->last_error));
    return OK;
}

/* ---- the serial line ---- */

static enum final ifc_read(struct modemsim *sim)
{
    sim_line(sim, "+IFC: %d,%d", sim->ifc[0], sim->ifc[1]);
    return OK;
}

static enum final ifc_write(struct modemsim *sim, struct args *a)
{
    long dce = 2;
    long dte = 2;
    if (!args_int(a, 0, 0, 2, &dce) || !args_int_or(a, 1, 0, 2, &dte) || dce == 1 || dte == 1) {
        return ERROR;
    }
    sim->ifc[0] = (int)dce;
    sim->ifc[1] = (int)dte;
    return OK;
}

static const uint32_t rates[] = {
    4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1000000, 2000000, 3000000, 4000000,
};

static enum final ipr_read(struct modemsim *sim)
{
    sim_line(sim, "+IPR: %u", sim->options.baud ? (unsigned)sim->options.baud : 115200u);
    return OK;
}

/* Effective right after OK is out; a line without a limit stays so. */
static void change_rate(void *ctx, uint64_t rate)
{
    struct modemsim *sim = ctx;
    sim->options.baud = (uint32_t)rate;
    line_set_baud(&sim->tx, sim->now_us, (uint32_t)rate);
    line_set_baud(&sim->rx, sim->now_us, (uint32_t)rate);
}

static enum final ipr_write(struct modemsim *sim, struct args *a)
{
    long rate = 0;
    args_int(a, 0, 0, 4000000, &rate);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (rates[i] == (uint32_t)rate) {
            sim_finish(sim, OK);
            if (sim->options.baud) {
                modemsim_at(sim, line_end_us(&sim->tx), change_rate, sim, rates[i]);
            }
            return PENDING;
        }
    }
    return ERROR;
}

const struct command config_commands[] = {
    {"+QICFG", NULL, NULL, qicfg_write, NULL},
    {"+QURCCFG", NULL, NULL, qurccfg_write, "+QURCCFG: \"urcport\",(\"usbat\",\"usbmodem\",\"uart1\",\"all\")"},
    {"+QISDE", NULL, qisde_read, qisde_write, "+QISDE: (0,1)"},
    {"+QIGETERROR", qigeterror, NULL, NULL, ""},
    {"+IFC", NULL, ifc_read, ifc_write, "+IFC: (0,2),(0,2)"},
    {"+IPR", NULL, ipr_read, ipr_write, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
