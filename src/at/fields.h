/*
 * The two sides of an AT parameter list: reading the fields of a line, and writing a command line whose arguments can't
 * break out of it.
 */
#ifndef USK_AT_FIELDS_H
#define USK_AT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- reading ------------------------------------------------------------------------------------------------------ */

/** The part of a line that is not read yet. */
struct usk_fields {
    const char *at;
    const char *end;
};

/** A piece of text that is not terminated. */
struct usk_text {
    const char *at;
    size_t len;
};

/**
 * Begins with the parameters of a line whose name is @p name ("+QIRD" fits "+QIRD: 5" and "+QIRD:5" and "+QIRD", not
 * "+QIRDI: 0").
 *
 * @return false when the line has another name
 */
bool usk_fields_of(struct usk_fields *fields, struct usk_text line, const char *name);

/** True while a field is left. */
bool usk_fields_more(const struct usk_fields *fields);

/** True when the next field is in quotes. */
bool usk_field_quoted(const struct usk_fields *fields);

/** Takes an unsigned decimal number of at most @p max. Anything else: false, and nothing is taken. */
bool usk_field_uint(struct usk_fields *fields, uint32_t max, uint32_t *value);

/** Takes any field, without its quotes. False at the end of the line, or when a quote is not closed. */
bool usk_field_text(struct usk_fields *fields, struct usk_text *text);

/** Takes a field if it is @p word, with or without quotes. */
bool usk_field_is(struct usk_fields *fields, const char *word);

bool usk_text_equal(struct usk_text text, const char *word);
bool usk_text_starts(struct usk_text text, const char *word);

/* --- writing ------------------------------------------------------------------------------------------------------ */

/** A command line being written. `error` is sticky: look at it once at the end. */
struct usk_line {
    char *text;
    size_t size;
    size_t len;
    int error; /* 0, -EMSGSIZE, or -EINVAL: an argument that would break out of its quotes */
};

void usk_put(struct usk_line *line, const char *literal);

/**
 * Writes @p format, in which %u is an unsigned number and %s an argument, written in quotes. An argument with a quote, a
 * control byte or DEL is refused: 3GPP TS 27.007 has no escape.
 */
void usk_put_format(struct usk_line *line, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/** True when an argument of usk_put_format() may be @p argument. */
bool usk_quotable(const char *argument);

#endif
