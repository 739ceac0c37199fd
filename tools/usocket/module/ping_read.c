/*
 * What +QPING tells, read and counted; apart from ping.c so that its test needs no modem.
 */
#include "module/numbers.h"
#include "module/ping.h"

#include <stdio.h>
#include <string.h>

enum { TIMED_OUT = 569, MOST = 1000000 /* more than any of its numbers: their sums do not overflow */ };

static bool read_address(struct usk_fields *fields, char *address, size_t size)
{
    struct usk_text text;
    if (!usk_field_text(fields, &text) || text.len == 0 || text.len >= size ||
        strspn(text.at, "0123456789abcdefABCDEF.:") != text.len) {
        return false;
    }
    snprintf(address, size, "%.*s", (int)text.len, text.at);
    return true;
}

static bool read_three(struct usk_fields *fields, int *first, int *second, int *third)
{
    return cli_field_int(fields, 0, MOST, first) && cli_field_int(fields, 0, MOST, second) &&
           cli_field_int(fields, 0, MOST, third);
}

enum ping_kind ping_read(const char *fields, struct ping_line *line)
{
    struct usk_fields rest = cli_fields(fields);
    int sent, received, lost;
    *line = (struct ping_line){0};
    if (!cli_field_int(&rest, 0, MOST, &line->code)) {
        return PING_UNREADABLE;
    }
    if (line->code != 0) {
        return line->code == TIMED_OUT ? PING_LOST : PING_ERROR;
    }
    if (!usk_field_quoted(&rest)) {
        return read_three(&rest, &sent, &received, &lost) ? PING_SUMMARY : PING_UNREADABLE;
    }
    bool reply = read_address(&rest, line->address, sizeof(line->address)) &&
                 read_three(&rest, &line->bytes, &line->ms, &line->ttl);
    return reply ? PING_REPLY : PING_UNREADABLE;
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
