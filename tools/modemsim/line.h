/*
 * One direction of a UART on virtual time: a ring of bytes and the moment at which each of them arrives.
 * Bytes sent back to back form a burst; the k-th byte of a burst arrives exactly k * 10 / baud seconds after its start,
 * rounded up to the microsecond, so that rounding never adds up.
 */
#ifndef MODEMSIM_LINE_H
#define MODEMSIM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    uint32_t baud; /* 0 = unlimited */
    uint8_t *bytes;
    size_t cap;        /* a power of two */
    uint64_t in;       /* bytes ever put */
    uint64_t out;      /* bytes ever taken */
    uint64_t base;     /* number of the first byte of the burst */
    uint64_t start_us; /* when the burst began */
};

void line_init(struct line *l, uint32_t baud, size_t cap);
void line_free(struct line *l);
/** Puts bytes on the line at @p now; the ring grows if it must. */
void line_put(struct line *l, uint64_t now_us, const void *bytes, size_t len);
/** When the byte with this number (counted from 0) has arrived. */
uint64_t line_arrival_us(const struct line *l, uint64_t number);
/** When all that was put has arrived. */
uint64_t line_end_us(const struct line *l);
/** How many bytes can be taken now. */
size_t line_arrived(const struct line *l, uint64_t now_us);
/** The oldest byte and how many follow it without a wrap, at most @p len. */
const uint8_t *line_peek(const struct line *l, size_t *len);
size_t line_take(struct line *l, uint64_t now_us, void *buf, size_t len);
/** Changes the rate; what was put before keeps its times. */
void line_set_baud(struct line *l, uint64_t now_us, uint32_t baud);

#endif
