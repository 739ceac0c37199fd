/*
 * What the fuzz targets share: the entry point, a condition that stops the run, and bytes of the input taken one after
 * the other.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds in every build, with NDEBUG too. */
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct input {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 at the end. */
static inline unsigned input_byte(struct input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

/* Up to @p most of the next bytes. */
static inline struct input input_piece(struct input *in, size_t most)
{
    struct input piece = {in->at, most < in->left ? most : in->left};

    in->at += piece.left;
    in->left -= piece.left;
    return piece;
}

/* A copy of exactly its size, so that a sanitizer sees one byte too many. The caller frees it. */
static inline char *input_copy(struct input in)
{
    char *copy = malloc(in.left > 0 ? in.left : 1);

    REQUIRE(copy != NULL);
    for (size_t i = 0; i < in.left; i++) {
        copy[i] = (char)in.at[i];
    }
    return copy;
}

#endif
