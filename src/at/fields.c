/*
 * Parameter lists: comma-separated, blanks round a comma allowed, texts in quotes or bare (`+QIGETERROR: 552,invalid
 * parameters`, `+QISACK: 5, 5, 0`). A field is taken whole or not at all.
 */
#include "at/fields.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Length of @p word if the text begins with it, else -1. Compared byte by byte, for most words differ at once. */
static ptrdiff_t match(struct usk_text text, const char *word)
{
    size_t n = 0;

    while (word[n] != '\0') {
        if (n == text.len || text.at[n] != word[n]) {
            return -1;
        }
        n++;
    }
    return (ptrdiff_t)n;
}

bool usk_text_equal(struct usk_text text, const char *word)
{
    return match(text, word) == (ptrdiff_t)text.len;
}

bool usk_text_starts(struct usk_text text, const char *word)
{
    return match(text, word) >= 0;
}

static void skip_blanks(struct usk_fields *fields)
{
    while (fields->at < fields->end && *fields->at == ' ') {
        fields->at++;
    }
}

bool usk_fields_of(struct usk_fields *fields, struct usk_text line, const char *name)
{
    ptrdiff_t len = match(line, name);

    if (len < 0) {
        return false;
    }
    fields->at = line.at + len;
    fields->end = line.at + line.len;
    if (fields->at == fields->end) {
        return true;
    }
    if (*fields->at != ':') {
        return false;
    }
    fields->at++;
    skip_blanks(fields);
    return true;
}

bool usk_fields_more(const struct usk_fields *fields)
{
    return fields->at < fields->end;
}

bool usk_field_quoted(const struct usk_fields *fields)
{
    return usk_fields_more(fields) && *fields->at == '"';
}

/* Ends a field at @p at: only blanks, then a comma or the end of the line, may follow. */
static bool end_field(struct usk_fields *fields, const char *at)
{
    struct usk_fields rest = {at, fields->end};

    skip_blanks(&rest);
    if (rest.at < rest.end) {
        if (*rest.at != ',') {
            return false;
        }
        rest.at++;
        skip_blanks(&rest);
    }
    *fields = rest;
    return true;
}

bool usk_field_uint(struct usk_fields *fields, uint32_t max, uint32_t *value)
{
    const char *at = fields->at;
    uint32_t number = 0;

    while (at < fields->end && *at >= '0' && *at <= '9') {
        uint32_t digit = (uint32_t)(*at++ - '0');

        if (number > (UINT32_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    if (at == fields->at || number > max || !end_field(fields, at)) {
        return false;
    }
    *value = number;
    return true;
}

bool usk_field_text(struct usk_fields *fields, struct usk_text *text)
{
    const char *at = fields->at;
    bool quoted = usk_field_quoted(fields);
    const char *stop;

    if (at == fields->end) {
        return false;
    }
    at += quoted;
    stop = memchr(at, quoted ? '"' : ',', (size_t)(fields->end - at));
    if (stop == NULL && quoted) {
        return false;
    }
    if (stop == NULL) {
        stop = fields->end;
    }
    if (!end_field(fields, stop + quoted)) {
        return false;
    }
    while (!quoted && stop > at && stop[-1] == ' ') {
        stop--;
    }
    text->at = at;
    text->len = (size_t)(stop - at);
    return true;
}

bool usk_field_is(struct usk_fields *fields, const char *word)
{
    struct usk_fields rest = *fields;
    struct usk_text text;

    if (!usk_field_text(&rest, &text) || !usk_text_equal(text, word)) {
        return false;
    }
    *fields = rest;
    return true;
}

static void put_bytes(struct usk_line *line, const char *bytes, size_t len)
{
    if (line->error != 0) {
        return;
    }
    if (len > line->size - line->len) {
        line->error = -EMSGSIZE;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

void usk_put(struct usk_line *line, const char *literal)
{
    put_bytes(line, literal, strlen(literal));
}

static void put_uint(struct usk_line *line, unsigned value)
{
    char digits[10];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put_bytes(line, digits + n, sizeof(digits) - n);
}

bool usk_quotable(const char *argument)
{
    for (; *argument != '\0'; argument++) {
        unsigned char c = (unsigned char)*argument;

        if (c < ' ' || c == '"' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static void put_quoted(struct usk_line *line, const char *argument)
{
    if (!usk_quotable(argument)) {
        line->error = line->error != 0 ? line->error : -EINVAL;
        return;
    }
    put_bytes(line, "\"", 1);
    usk_put(line, argument);
    put_bytes(line, "\"", 1);
}

void usk_put_format(struct usk_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    while (*format != '\0') {
        size_t literal = 0;

        while (format[literal] != '%' && format[literal] != '\0') {
            literal++;
        }
        put_bytes(line, format, literal);
        format += literal;
        if (*format == '\0') {
            break;
        }
        if (format[1] == 'u') {
            put_uint(line, va_arg(arguments, unsigned));
        } else {
            put_quoted(line, va_arg(arguments, const char *));
        }
        format += 2;
    }
    va_end(arguments);
}
