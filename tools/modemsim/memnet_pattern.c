/* The bytes that sources send, and the hash that tells whether they came; see memnet.h. */
#include "memnet.h"

uint64_t memnet_hash_bytes(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Eight bytes at a time, each word a function of its place. */
void memnet_pattern(uint64_t seed, uint64_t offset, void *buf, size_t len)
{
    uint8_t *out = buf;
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        uint64_t word = (seed + at / 8 + 1) * 0x9e3779b97f4a7c15u;
        word ^= word >> 29;
        word *= 0xbf58476d1ce4e5b9u;
        word ^= word >> 32;
        size_t skip = (size_t)(at % 8);
        size_t part = 8 - skip < len - done ? 8 - skip : len - done;
        for (size_t i = 0; i < part; i++) {
            out[done + i] = (uint8_t)(word >> 8 * (skip + i));
        }
        done += part;
    }
}
