/*
 * What +QNTP tells.
 */
#include "module/ntp.h"

#include <stdio.h>
#include <time.h>

static bool in_range(const struct tm *tm)
{
    return tm->tm_year >= 70 && tm->tm_year <= 1000 && tm->tm_mon >= 0 && tm->tm_mon <= 11 && tm->tm_mday >= 1 &&
           tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 && tm->tm_min <= 59 &&
           tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

bool ntp_read(const char *fields, struct ntp_time *time)
{
    struct tm tm = {0};
    *time = (struct ntp_time){0};
    int read = sscanf(fields, "%d,\"%4d/%2d/%2d,%2d:%2d:%2d%3d\"", &time->code, &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                      &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &time->zone_quarters);
    if (read >= 1 && time->code != 0) {
        return true;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if (read < 7 || !in_range(&tm)) {
        return false;
    }
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
