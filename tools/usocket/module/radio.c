/*
 * The signal as CSQ and QCSQ tell it: which value stands where, and what is good.
 */
#include "module/radio.h"

#include "module/numbers.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What stands behind each <sysmode>: EC25&EC21 AT Commands Manual 6.4, BG96 and BG95 AT Commands Manuals, AT+QCSQ. */
static const struct {
    const char *technology;
    int count;
    enum radio_value order[4];
} modes[] = {
    {"GSM", 1, {RADIO_RSSI}},
    {"WCDMA", 3, {RADIO_RSSI, RADIO_RSCP, RADIO_ECIO}},
    {"TDSCDMA", 3, {RADIO_RSSI, RADIO_RSCP, RADIO_ECIO}},
    {"LTE", 4, {RADIO_RSSI, RADIO_RSRP, RADIO_SINR, RADIO_RSRQ}},
    {"CAT-M1", 4, {RADIO_RSSI, RADIO_RSRP, RADIO_SINR, RADIO_RSRQ}},
    {"eMTC", 4, {RADIO_RSSI, RADIO_RSRP, RADIO_SINR, RADIO_RSRQ}},
    {"CAT-NB1", 4, {RADIO_RSSI, RADIO_RSRP, RADIO_SINR, RADIO_RSRQ}},
    {"NBIoT", 4, {RADIO_RSSI, RADIO_RSRP, RADIO_SINR, RADIO_RSRQ}},
};

static const struct {
    const char *name, *unit, *key;
} values[RADIO_VALUES] = {
    [RADIO_RSSI] = {"RSSI", "dBm", "rssi_dbm"}, [RADIO_RSCP] = {"RSCP", "dBm", "rscp_dbm"},
    [RADIO_ECIO] = {"Ec/Io", "dB", "ecio_db"},  [RADIO_RSRP] = {"RSRP", "dBm", "rsrp_dbm"},
    [RADIO_RSRQ] = {"RSRQ", "dB", "rsrq_db"},   [RADIO_SINR] = {"SINR", "dB", "sinr_db"},
};

/*
 * Borders as makers of devices give them. RSRP: NimbeLink NL-M1DK user manual 4.13, Teltonika "Mobile Signal Strength
 * Recommendations". CSQ: 20, 15 and 10, Munic knowledge base 259; below 10 MultiTech calls it not enough for data.
 * `zero` and `full` are the ends of the bar: a fifth of it is 10 dB.
 */
static const struct scale {
    int excellent, good, fair, zero, full;
} by_rsrp = {-80, -90, -100, -120, -70}, by_csq = {-73, -83, -93, -113, -63};

/* 3GPP TS 27.007 8.5: steps of 2 dB from -113 dBm. Quectel adds 100..191 for TD-SCDMA: steps of 1 dB from -116 dBm. */
static int read_csq(const char *fields)
{
    int rssi = fields ? cli_number(fields, -1) : -1;
    if (rssi >= 0 && rssi <= 31) {
        return 2 * rssi - 113;
    }
    return rssi >= 100 && rssi <= 191 ? rssi - 100 - 116 : RADIO_UNKNOWN;
}

/* 0..250 in steps of a fifth of a dB, from -20 dB. */
static int sinr_in_tenths(int told)
{
    return told >= 0 && told <= 250 ? 2 * told - 200 : RADIO_UNKNOWN;
}

static void read_qcsq(struct radio *radio, const char *fields)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    struct usk_fields rest = cli_fields(fields);
    struct usk_text technology;
    int told[4], count = 0;
    if (!usk_field_text(&rest, &technology) || technology.len >= sizeof(radio->technology) ||
        strspn(technology.at, letters) != technology.len) {
        return;
    }
    snprintf(radio->technology, sizeof(radio->technology), "%.*s", (int)technology.len, technology.at);
    while (count < 4 && cli_field_int(&rest, -1000, 1000, &told[count])) {
        count++;
    }
    for (size_t m = 0; m < COUNT(modes); m++) {
        for (int i = 0; strcmp(modes[m].technology, radio->technology) == 0 && i < modes[m].count && i < count; i++) {
            enum radio_value value = modes[m].order[i];
            radio->value[value] = value == RADIO_SINR ? sinr_in_tenths(told[i]) : told[i];
        }
    }
}

void radio_read(struct radio *radio, const char *csq, const char *qcsq)
{
    radio->csq_dbm = read_csq(csq);
    radio->technology[0] = '\0';
    for (int i = 0; i < RADIO_VALUES; i++) {
        radio->value[i] = RADIO_UNKNOWN;
    }
    if (qcsq) {
        read_qcsq(radio, qcsq);
    }
}

const char *radio_name(enum radio_value value)
{
    return values[value].name;
}

const char *radio_unit(enum radio_value value)
{
    return values[value].unit;
}

const char *radio_key(enum radio_value value)
{
    return values[value].key;
}

static int judged_by(const struct radio *radio, const struct scale **scale)
{
    bool rsrp = radio->value[RADIO_RSRP] != RADIO_UNKNOWN;
    *scale = rsrp ? &by_rsrp : &by_csq;
    return rsrp ? radio->value[RADIO_RSRP] : radio->csq_dbm;
}

const char *radio_word(const struct radio *radio)
{
    const struct scale *scale;
    int dbm = judged_by(radio, &scale);
    return dbm == RADIO_UNKNOWN      ? "none"
           : dbm >= scale->excellent ? "excellent"
           : dbm >= scale->good      ? "good"
           : dbm >= scale->fair      ? "fair"
                                     : "poor";
}

int radio_percent(const struct radio *radio)
{
    const struct scale *scale;
    int dbm = judged_by(radio, &scale);
    if (dbm == RADIO_UNKNOWN || dbm <= scale->zero) {
        return 0;
    }
    return dbm >= scale->full ? 100 : 100 * (dbm - scale->zero) / (scale->full - scale->zero);
}
