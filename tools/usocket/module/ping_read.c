/*
 * What +QPING tells, read and counted; apart from ping.c so that its test needs no modem.
 */
#include "module/ping.h"

#include <stdio.h>
#include <string.h>

enum { TIMED_OUT = 569 };

enum ping_kind ping_read(const char *fields, struct ping_line *line)
{
    int sent, received, lost, used = 0;
    *line = (struct ping_line){0};
    if (sscanf(fields, "%d%n", &line->code, &used) != 1) {
        return PING_UNREADABLE;
    }
    if (line->code != 0) {
        return line->code == TIMED_OUT ? PING_LOST : PING_ERROR;
    }
    fields += used;
    if (sscanf(fields, ",\"%45[0-9a-fA-F.:]\",%d,%d,%d", line->address, &line->bytes, &line->ms, &line->ttl) == 4) {
        return PING_REPLY;
    }
    return sscanf(fields, ",%d,%d,%d", &sent, &received, &lost) == 3 ? PING_SUMMARY : PING_UNREADABLE;
}

void ping_count(struct ping_stats *stats, enum ping_kind kind, int ms)
{
    stats->sent++;
    if (kind != PING_REPLY) {
        return;
    }
    stats->min_ms = stats->received == 0 || ms < stats->min_ms ? ms : stats->min_ms;
    stats->max_ms = ms > stats->max_ms ? ms : stats->max_ms;
    stats->sum_ms += ms;
    stats->received++;
}

int ping_loss_percent(const struct ping_stats *stats)
{
    return stats->sent ? 100 * (stats->sent - stats->received) / stats->sent : 0;
}
