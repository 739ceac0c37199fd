/*
 * What differs between modules, and the texts of error codes, as data.
 * Boot URCs: RDY on all, APP RDY on BG96/BG95, +CFUN, +QUSIM and +QIND on EC2x (transcript 017 shows the order).
 */
#include "sim.h"

#include <strings.h>

static const struct profile profiles[] = {
    {
        .name = "BG96",
        .revision = "BG96MAR02A07M1G",
        .mask = M_BG96,
        .rat = "CAT-M1",
        .act = 8,
        .boot = {"RDY", "APP RDY", "+CPIN: READY"},
    },
    {
        .name = "BG95",
        .revision = "BG95M3LAR02A03",
        .mask = M_BG95,
        .rat = "eMTC",
        .act = 8,
        .boot = {"RDY", "APP RDY", "+CPIN: READY"},
    },
    {
        .name = "EC25",
        .revision = "EC25EFAR06A03M4G",
        .mask = M_EC25,
        .rat = "LTE",
        .act = 7,
        .boot = {"RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"},
    },
};

struct text {
    int code;
    const char *text;
};

/* EC200U TCP/IP note, chapter 4 */
static const struct text qi_texts[] = {
    {0, "operate successfully"},
    {550, "unknown error"},
    {551, "operation blocked"},
    {552, "invalid parameters"},
    {553, "memory not enough"},
    {554, "create socket failed"},
    {555, "operation not supported"},
    {556, "socket bind failed"},
    {557, "socket listen failed"},
    {558, "socket write failed"},
    {559, "socket read failed"},
    {560, "socket accept failed"},
    {561, "open PDP context failed"},
    {562, "close PDP context failed"},
    {563, "socket identity has been used"},
    {564, "DNS busy"},
    {565, "DNS parse failed"},
    {566, "socket connect failed"},
    {567, "socket has been closed"},
    {568, "operation busy"},
    {569, "operation timeout"},
    {570, "PDP context broken down"},
    {571, "cancel send"},
    {572, "operation not allowed"},
    {573, "APN not configured"},
    {574, "port busy"},
};

/* EC2x AT manual, table 22 */
static const struct text cme_texts[] = {
    {0, "phone failure"},
    {3, "operation not allowed"},
    {4, "operation not supported"},
    {10, "SIM not inserted"},
    {11, "SIM PIN required"},
    {12, "SIM PUK required"},
    {13, "SIM failure"},
    {14, "SIM busy"},
    {15, "SIM wrong"},
    {16, "incorrect password"},
    {30, "no network service"},
    {31, "network timeout"},
    {32, "network not allowed - emergency calls only"},
    {100, "unknown"},
};

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcasecmp(name, profiles[i].name) == 0) {
            return &profiles[i];
        }
    }
    return NULL;
}

static const char *text_of(const struct text *table, size_t count, int code)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].code == code) {
            return table[i].text;
        }
    }
    return "unknown error";
}

const char *qi_text(int code)
{
    return text_of(qi_texts, sizeof qi_texts / sizeof qi_texts[0], code);
}

const char *cme_text(int code)
{
    return text_of(cme_texts, sizeof cme_texts / sizeof cme_texts[0], code);
}
