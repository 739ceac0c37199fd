/* One direction of a UART on virtual time; see line.h. */
#include "line.h"

#include <stdlib.h>
#include <string.h>

#define BITS_PER_BYTE 10u /* start, eight data, stop */

static const uint64_t byte_us = (uint64_t)BITS_PER_BYTE * 1000000u;

void line_init(struct line *l, uint32_t baud, size_t cap)
{
    size_t size = 64;
    while (size < cap) {
        size *= 2;
    }
    *l = (struct line){.baud = baud, .bytes = malloc(size), .cap = size};
    if (!l->bytes) {
        abort();
    }
}

void line_free(struct line *l)
{
    free(l->bytes);
    l->bytes = NULL;
}

static void copy_in(struct line *l, uint64_t number, const uint8_t *bytes, size_t len)
{
    size_t at = (size_t)number & (l->cap - 1);
    size_t first = len < l->cap - at ? len : l->cap - at;
    memcpy(l->bytes + at, bytes, first);
    memcpy(l->bytes, bytes + first, len - first);
}

static void grow(struct line *l, size_t need)
{
    const struct line old = *l;
    while (l->cap < need) {
        l->cap *= 2;
    }
    l->bytes = malloc(l->cap);
    if (!l->bytes) {
        abort();
    }
    for (uint64_t number = l->out; number < l->in;) {
        size_t at = (size_t)number & (old.cap - 1);
        size_t len = old.cap - at;
        if (len > l->in - number) {
            len = (size_t)(l->in - number);
        }
        copy_in(l, number, old.bytes + at, len);
        number += len;
    }
    free(old.bytes);
}

void line_put(struct line *l, uint64_t now_us, const void *bytes, size_t len)
{
    if (!len) {
        return;
    }
    if (now_us >= line_end_us(l)) {
        l->start_us = now_us;
        l->base = l->in;
    }
    if (l->in - l->out + len > l->cap) {
        grow(l, (size_t)(l->in - l->out) + len);
    }
    copy_in(l, l->in, bytes, len);
    l->in += len;
}

uint64_t line_arrival_us(const struct line *l, uint64_t number)
{
    if (!l->baud || number < l->base) {
        return l->start_us;
    }
    return l->start_us + ((number - l->base + 1) * byte_us + l->baud - 1) / l->baud;
}

uint64_t line_end_us(const struct line *l)
{
    return l->in == l->base ? l->start_us : line_arrival_us(l, l->in - 1);
}

size_t line_arrived(const struct line *l, uint64_t now_us)
{
    if (!l->baud || now_us >= line_end_us(l)) {
        return (size_t)(l->in - l->out);
    }
    uint64_t elapsed = now_us > l->start_us ? now_us - l->start_us : 0;
    uint64_t arrived = l->base + elapsed * l->baud / byte_us;
    return arrived > l->out ? (size_t)(arrived - l->out) : 0;
}

const uint8_t *line_peek(const struct line *l, size_t *len)
{
    size_t at = (size_t)l->out & (l->cap - 1);
    if (*len > l->cap - at) {
        *len = l->cap - at;
    }
    return l->bytes + at;
}

size_t line_take(struct line *l, uint64_t now_us, void *buf, size_t len)
{
    size_t ready = line_arrived(l, now_us);
    size_t total = len < ready ? len : ready;
    for (size_t done = 0; done < total;) {
        size_t part = total - done;
        const uint8_t *from = line_peek(l, &part);
        memcpy((uint8_t *)buf + done, from, part);
        l->out += part;
        done += part;
    }
    return total;
}

void line_set_baud(struct line *l, uint64_t now_us, uint32_t baud)
{
    l->start_us = now_us;
    l->base = l->in;
    l->baud = baud;
}
