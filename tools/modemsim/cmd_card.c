/*
 * The SIM card and what is kept on it: its files, its PIN counters, the own number; and messages, of which there are
 * none. 3GPP TS 27.007 (commands of the card), TS 27.005 (messages), TS 31.102 (files).
 */
#include "sim.h"

#include <string.h>

/* ---- files ---- */

enum { READ_BINARY = 176, GET_RESPONSE = 192 };

/* TS 31.102 4.2, TS 102 221 13.2. Numbers are of a test network, 001 01; digits stand in pairs, swapped. */
static const struct file {
    int id;
    const char *bytes;
} files[] = {
    {0x2fe2, "98680000000000000010"},               /* ICCID, as QCCID tells it */
    {0x6f07, "080910101032547698"},                 /* IMSI, as CIMI tells it */
    {0x6f46, "0153696D756C61746564FFFFFFFFFFFFFF"}, /* service provider: "Simulated" */
    {0x6fad, "00000002"},                           /* administrative data: MNC of two digits */
    {0x6fb7, "11F2FF"},                             /* emergency number: 112 */
};

static bool card_ready(const struct modemsim *sim)
{
    return sim_has_sim(sim) && !sim->pin_locked;
}

static enum final no_card(struct modemsim *sim)
{
    return sim_cme(sim, sim_has_sim(sim) ? CME_SIM_PIN : CME_NO_SIM);
}

static const struct file *find_file(long id)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].id == id) {
            return &files[i];
        }
    }
    return NULL;
}

/* 27.007 8.18: +CRSM: <sw1>,<sw2>[,<response>]; status words of TS 102 221 10.2. Nothing can be written. */
static enum final crsm_write(struct modemsim *sim, struct args *a)
{
    long command = 0;
    long id = 0;
    long offset = 0;
    long len = 0;
    if (!args_int(a, 0, 0, 255, &command) || !args_int_or(a, 1, 0, 65535, &id) || !args_int_or(a, 3, 0, 255, &offset) ||
        !args_int_or(a, 4, 0, 255, &len)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (!card_ready(sim)) {
        return no_card(sim);
    }
    const struct file *f = find_file(id);
    size_t digits = f ? strlen(f->bytes) : 0;
    size_t from = 2 * (size_t)offset;
    size_t want = len ? 2 * (size_t)len : digits - from;
    if (!f) {
        sim_line(sim, "+CRSM: 106,130"); /* file not found */
    } else if (command == GET_RESPONSE) {
        /* the file's size is what it is asked for, TS 51.011 9.2.1 */
        sim_line(sim, "+CRSM: 144,0,\"0000%04zX%04X040000FFFF01020000\"", digits / 2, (unsigned)f->id);
    } else if (command != READ_BINARY) {
        sim_line(sim, "+CRSM: 105,130"); /* security status not satisfied */
    } else if (from > digits || want > digits - from) {
        sim_line(sim, "+CRSM: 103,0"); /* wrong length */
    } else {
        sim_line(sim, "+CRSM: 144,0,\"%.*s\"", (int)want, f->bytes + from);
    }
    return OK;
}

/* 27.007 8.17. VERIFY and RESET RETRY COUNTER without a PIN ask how many tries are left: TS 102 221 11.1.9, 11.1.13. */
static enum final csim_write(struct modemsim *sim, struct args *a)
{
    const char *apdu = args_string(a, 1);
    long len = 0;
    if (!args_int(a, 0, 10, 520, &len) || !apdu || strlen(apdu) != (size_t)len) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (!sim_has_sim(sim)) {
        return no_card(sim);
    }
    bool verify = strncmp(apdu, "0020", 4) == 0;
    bool unblock = strncmp(apdu, "002C", 4) == 0;
    bool asks = strcmp(apdu + 8, "00") == 0;
    sim_line(sim, "+CSIM: 4,\"%s\"", !asks ? "6D00" : verify ? "63C3" : unblock ? "63CA" : "6D00");
    return OK;
}

static enum final cnum_exec(struct modemsim *sim)
{
    if (!card_ready(sim)) {
        return no_card(sim);
    }
    sim_line(sim, "+CNUM: ,\"+15555550100\",145");
    return OK;
}

/* 27.007 7.4: only the PIN can be asked for; it is on when the fault sim-pin says so. */
static enum final clck_write(struct modemsim *sim, struct args *a)
{
    const char *facility = args_string(a, 0);
    long mode = 0;
    if (!facility || strcmp(facility, "SC") != 0 || !args_int(a, 1, 2, 2, &mode)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    if (!sim_has_sim(sim)) {
        return no_card(sim);
    }
    sim_line(sim, "+CLCK: %d", fault_on(sim, F_SIM_PIN));
    return OK;
}

/* ---- texts: 27.007 5.5, and the messages of 27.005 ---- */

static const char *const charsets[] = {"GSM", "IRA", "UCS2"};
static const char *const memories[] = {"ME", "SM", "MT"};

static int number_of(const char *const *names, const char *name)
{
    for (int i = 0; name && i < 3; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static enum final cscs_read(struct modemsim *sim)
{
    sim_line(sim, "+CSCS: \"%s\"", charsets[sim->text.charset]);
    return OK;
}

static enum final cscs_write(struct modemsim *sim, struct args *a)
{
    int charset = number_of(charsets, args_string(a, 0));
    if (charset < 0) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    sim->text.charset = charset;
    return OK;
}

/* 3.2.1 */
static enum final csms_read(struct modemsim *sim)
{
    sim_line(sim, "+CSMS: %d,1,1,1", sim->text.service);
    return OK;
}

static enum final csms_write(struct modemsim *sim, struct args *a)
{
    long service = 0;
    if (!args_int(a, 0, 0, 1, &service)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    sim->text.service = (int)service;
    sim_line(sim, "+CSMS: 1,1,1");
    return OK;
}

/* 3.2.2: a memory each for reading, for writing and for what is received */
static int room_of(int memory)
{
    return memory == 0 ? 255 : 50;
}

static enum final cpms_read(struct modemsim *sim)
{
    const int *m = sim->text.memory;
    sim_line(sim, "+CPMS: \"%s\",0,%d,\"%s\",0,%d,\"%s\",0,%d", memories[m[0]], room_of(m[0]), memories[m[1]],
             room_of(m[1]), memories[m[2]], room_of(m[2]));
    return OK;
}

static enum final cpms_write(struct modemsim *sim, struct args *a)
{
    int *m = sim->text.memory;
    for (int i = 0; i < a->count; i++) {
        if (i >= 3 || number_of(memories, args_string(a, i)) < 0) {
            return sim_cme(sim, CME_NOT_ALLOWED);
        }
    }
    for (int i = 0; i < a->count; i++) {
        m[i] = number_of(memories, args_string(a, i));
    }
    sim_line(sim, "+CPMS: 0,%d,0,%d,0,%d", room_of(m[0]), room_of(m[1]), room_of(m[2]));
    return OK;
}

/* 3.2.3 */
static enum final cmgf_read(struct modemsim *sim)
{
    sim_line(sim, "+CMGF: %d", sim->text.format);
    return OK;
}

static enum final cmgf_write(struct modemsim *sim, struct args *a)
{
    long format = 0;
    if (!args_int(a, 0, 0, 1, &format)) {
        return sim_cme(sim, CME_NOT_ALLOWED);
    }
    sim->text.format = (int)format;
    return OK;
}

/* 3.4.1 */
static enum final cnmi_read(struct modemsim *sim)
{
    const int *n = sim->text.indication;
    sim_line(sim, "+CNMI: %d,%d,%d,%d,%d", n[0], n[1], n[2], n[3], n[4]);
    return OK;
}

static enum final cnmi_write(struct modemsim *sim, struct args *a)
{
    static const int max[5] = {2, 3, 2, 2, 1};
    long value[5] = {0};
    for (int i = 0; i < 5; i++) {
        value[i] = sim->text.indication[i];
        if (!args_int_or(a, i, 0, max[i], &value[i]) || value[2] == 1 || a->count > 5) {
            return sim_cme(sim, CME_NOT_ALLOWED);
        }
    }
    for (int i = 0; i < 5; i++) {
        sim->text.indication[i] = (int)value[i];
    }
    return OK;
}

static enum final no_messages(struct modemsim *sim)
{
    return card_ready(sim) ? OK : no_card(sim);
}

static enum final cmgl_write(struct modemsim *sim, struct args *a)
{
    (void)a;
    return no_messages(sim);
}

/* 3.3.1 */
static enum final csca_read(struct modemsim *sim)
{
    if (!card_ready(sim)) {
        return no_card(sim);
    }
    sim_line(sim, "+CSCA: \"+15555550199\",145");
    return OK;
}

void card_defaults(struct modemsim *sim)
{
    memset(&sim->text, 0, sizeof sim->text);
    sim->text.indication[0] = 2;
    sim->text.indication[1] = 1;
}

#define MEMORIES "(\"ME\",\"SM\",\"MT\")"

const struct command card_commands[] = {
    {"+CRSM", NULL, NULL, crsm_write, ""},
    {"+CSIM", NULL, NULL, csim_write, ""},
    {"+CNUM", cnum_exec, NULL, NULL, ""},
    {"+CLCK", NULL, NULL, clck_write, "+CLCK: (\"SC\")"},
    {"+CSCS", NULL, cscs_read, cscs_write, "+CSCS: (\"GSM\",\"IRA\",\"UCS2\")"},
    {"+CSMS", NULL, csms_read, csms_write, "+CSMS: (0,1)"},
    {"+CPMS", NULL, cpms_read, cpms_write, "+CPMS: " MEMORIES "," MEMORIES "," MEMORIES},
    {"+CMGF", NULL, cmgf_read, cmgf_write, "+CMGF: (0,1)"},
    {"+CNMI", NULL, cnmi_read, cnmi_write, "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"},
    {"+CMGL", no_messages, NULL, cmgl_write, "+CMGL: (0-4)"},
    {"+CSCA", NULL, csca_read, NULL, ""},
    {NULL, NULL, NULL, NULL, NULL},
};
