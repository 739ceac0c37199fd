/* Stand-in for Zephyr's ring_buffer.h; see device.h. */
#ifndef ZEPHYR_SYS_RING_BUFFER_H
#define ZEPHYR_SYS_RING_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

struct ring_buf {
    uint8_t *bytes;
    uint32_t size, in, out;
};

void ring_buf_init(struct ring_buf *ring, uint32_t size, uint8_t *bytes);
bool ring_buf_is_empty(const struct ring_buf *ring);
uint32_t ring_buf_space_get(const struct ring_buf *ring);
uint32_t ring_buf_put(struct ring_buf *ring, const uint8_t *bytes, uint32_t size);
uint32_t ring_buf_put_claim(struct ring_buf *ring, uint8_t **bytes, uint32_t size);
int ring_buf_put_finish(struct ring_buf *ring, uint32_t size);
uint32_t ring_buf_get(struct ring_buf *ring, uint8_t *bytes, uint32_t size);
uint32_t ring_buf_get_claim(struct ring_buf *ring, uint8_t **bytes, uint32_t size);
int ring_buf_get_finish(struct ring_buf *ring, uint32_t size);

#endif
