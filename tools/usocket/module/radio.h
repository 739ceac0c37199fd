/*
 * The signal as CSQ and QCSQ tell it, in dBm and dB, and in words.
 */
#ifndef CLI_RADIO_H
#define CLI_RADIO_H

#include <limits.h>
#include <stdbool.h>

enum { RADIO_UNKNOWN = INT_MIN };

enum radio_value { RADIO_RSSI, RADIO_RSCP, RADIO_ECIO, RADIO_RSRP, RADIO_RSRQ, RADIO_SINR, RADIO_VALUES };

struct radio {
    int csq_dbm;             /* RADIO_UNKNOWN: not known or not detectable */
    char technology[12];     /* "LTE", "CAT-M1", "GSM", ...; "": not told, "NOSERVICE": no network */
    int value[RADIO_VALUES]; /* dBm, dB; SINR in tenths of a dB; RADIO_UNKNOWN: not told */
};

/* What follows "+CSQ: " and "+QCSQ: "; NULL: the module does not tell it. */
void radio_read(struct radio *radio, const char *csq, const char *qcsq);

/* "RSRP", "dBm", and the name in JSON. */
const char *radio_name(enum radio_value value);
const char *radio_unit(enum radio_value value);
const char *radio_key(enum radio_value value);

/*
 * How good it is: "excellent", "good", "fair", "poor" or "none". By RSRP where there is one, from -80, -90 and -100 dBm
 * on; else by the received power, from -73, -83 and -93 dBm on.
 */
const char *radio_word(const struct radio *radio);

/* The same as 0..100, for a bar; from 80, 60 and 40 on. */
int radio_percent(const struct radio *radio);

#endif
