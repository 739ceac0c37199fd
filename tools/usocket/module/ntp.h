/*
 * What +QNTP tells.
 */
#ifndef CLI_NTP_H
#define CLI_NTP_H

#include <stdbool.h>
#include <stdint.h>

struct ntp_time {
    int code;             /* the module's number; 0: the rest is there */
    int64_t unix_seconds; /* since 1970-01-01 00:00:00 UTC */
    int zone_quarters;    /* the suffix: where the module believes to be, in quarters of an hour from UTC */
};

/*
 * Reads <err>[,"yyyy/MM/dd,hh:mm:ss+zz"]. The time is UTC whatever the suffix says: BG96 TCP/IP application note 2.2.12,
 * and measured on an EG800K that was 8 hours from UTC. Returns false if it can't be read.
 */
bool ntp_read(const char *fields, struct ntp_time *time);

/* "2026-11-22T23:57:48Z" */
void ntp_text(int64_t unix_seconds, char text[32]);

/* "this machine's clock is 3 s ahead". The module tells whole seconds, so one more or less is nothing. */
void ntp_difference(int64_t machine_ahead, char text[80]);

#endif
