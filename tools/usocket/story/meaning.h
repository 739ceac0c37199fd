/*
 * What the lines of an AT conversation mean, in words, for all families that transcripts come from: tables of phrases,
 * and the split of a line into name and parameters that they are looked up by.
 */
#ifndef MEANING_H
#define MEANING_H

#include "at/fields.h"

enum { SPOKEN_PARAMS = 12, MEANING_SIZE = 200 };

/* A command or a line of the module, split. The parameters point into it, without their quotes. */
struct spoken {
    char name[32]; /* "+QIRD", "E", "OK", "" for a bare AT */
    char form;     /* of a command: '=' set, '?' read, 't' test, 'x' neither; of a line: ':' */
    int link;      /* of the M series' "0, CLOSED"; -1: none */
    int count;
    struct usk_text param[SPOKEN_PARAMS];
};

struct meaning {
    char words[MEANING_SIZE]; /* printable ASCII; "" when there are none for it */
    int conn;                 /* the connection id it is about; -1: none */
    bool fault;
};

void spoken_command(struct spoken *spoken, const char *text, size_t len);
void spoken_line(struct spoken *spoken, const char *text, size_t len);

/* Parameter @p n, from 1, as a number; @p otherwise when it is none. */
uint32_t spoken_number(const struct spoken *spoken, int n, uint32_t otherwise);
/* True when parameter @p n, from 1, is @p word. */
bool spoken_is(const struct spoken *spoken, int n, const char *word);

void meaning_find(struct meaning *meaning, const struct spoken *spoken);

/* The longest that the manuals let a command take to its final result. */
uint32_t meaning_limit_ms(const struct spoken *command);

#endif
