/*
 * What +QNTP tells.
 */
#include "module/ntp.h"

#include "module/numbers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ZONES = 96 }; /* quarters of an hour, a day */

bool ntp_read(const char *fields, struct ntp_time *time)
{
    struct usk_fields rest = cli_fields(fields);
    struct usk_text text;
    struct tm tm = {0};
    *time = (struct ntp_time){0};
    if (!cli_field_int(&rest, 0, INT_MAX, &time->code)) {
        return false;
    }
    if (time->code != 0) {
        return true;
    }
    const char *zone = usk_field_text(&rest, &text) ? strptime(text.at, "%Y/%m/%d,%H:%M:%S", &tm) : NULL;
    if (!zone || tm.tm_year < 70) {
        return false;
    }
    long quarters = strtol(zone, NULL, 10);
    time->zone_quarters = quarters >= -ZONES && quarters <= ZONES ? (int)quarters : 0;
    time->unix_seconds = timegm(&tm);
    return true;
}

void ntp_text(int64_t unix_seconds, char text[32])
{
    time_t t = (time_t)unix_seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void ntp_difference(int64_t machine_ahead, char text[80])
{
    if (machine_ahead >= -1 && machine_ahead <= 1) {
        snprintf(text, 80, "none (this machine's clock is right within a second)");
    } else {
        snprintf(text, 80, "this machine's clock is %lld s %s",
                 (long long)(machine_ahead < 0 ? -machine_ahead : machine_ahead),
                 machine_ahead < 0 ? "behind" : "ahead");
    }
}
