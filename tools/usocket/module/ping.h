/*
 * What +QPING tells, read and counted.
 */
#ifndef CLI_PING_H
#define CLI_PING_H

#include <stdbool.h>

/* A line of +QPING. BG96 TCP/IP application note 2.2.11, BG95 2.3.11. */
enum ping_kind {
    PING_UNREADABLE,
    PING_REPLY,   /* 0,"ip",bytes,ms,ttl */
    PING_LOST,    /* 569, with or without the fields of a reply: nothing came in time. There is one for each */
    PING_SUMMARY, /* 0,sent,received,lost[,min,max,average]: the last line */
    PING_ERROR,   /* any other number: the whole command has failed */
};

struct ping_line {
    int code; /* the module's number: 0, 569, ... */
    char address[46];
    int bytes, ms, ttl;
};

enum ping_kind ping_read(const char *fields, struct ping_line *line);

struct ping_stats {
    int sent, received;
    int min_ms, max_ms;
    long sum_ms;
};

void ping_count(struct ping_stats *stats, enum ping_kind kind, int ms);
int ping_loss_percent(const struct ping_stats *stats);

#endif
