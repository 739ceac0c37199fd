/*
 * Transcripts of what passed on a modem's line (.atlog): one record a line.
 *
 *     # BG95 boots and is asked for its model      a comment
 *     < \r\nRDY\r\n                                bytes the module sent
 *     @ +250                                       milliseconds until the next record
 *     > ATI\r                                      bytes the host sent
 *
 * Bytes are printable ASCII, and the escapes of C for the rest: \r \n \t \a \b \f \v \\ \" \' and \xHH with exactly two
 * digits. Records of one direction with no delay between them passed together; `@ +0` says that they did not. Lines may
 * end in CR LF; empty lines are nothing.
 */
#ifndef USK_ATLOG_H
#define USK_ATLOG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum usk_atlog_kind { USK_ATLOG_COMMENT, USK_ATLOG_HOST, USK_ATLOG_MODEM, USK_ATLOG_DELAY };

struct usk_atlog_record {
    enum usk_atlog_kind kind;
    unsigned line;     /* in the file, from 1 */
    uint32_t delay_ms; /* of a delay */
    size_t len;        /* of a comment (its text), a host or a modem record; the latter two are never empty */
    const unsigned char *bytes;
};

struct usk_atlog {
    unsigned lines; /* of the text */
    size_t count;
    struct usk_atlog_record *records;
    unsigned char *bytes; /* what the records point into */
};

/* Why a text is no transcript. */
struct usk_atlog_error {
    unsigned line; /* 0: not about a line */
    char reason[80];
};

/*
 * Reads a transcript from memory. Any bytes are safe; memory used is in proportion to `len`.
 *
 * Returns 0; -EINVAL with `error` filled in; or -ENOMEM. The log is to be freed after 0 only.
 */
int usk_atlog_parse(struct usk_atlog *log, const void *text, size_t len, struct usk_atlog_error *error);

/* The same from a file that is open for reading, up to its end. Also -EFBIG and the errors of reading. */
int usk_atlog_read(struct usk_atlog *log, FILE *in, struct usk_atlog_error *error);

/* The same from the file `path`. Every failure fills in `error`. */
int usk_atlog_load(struct usk_atlog *log, const char *path, struct usk_atlog_error *error);

void usk_atlog_free(struct usk_atlog *log);

/*
 * Writes `len` bytes as the text of a record, as much of it as fits in `size` with a NUL. No escape is cut.
 *
 * Returns how many of the bytes were written.
 */
size_t usk_atlog_escape(char *text, size_t size, const void *bytes, size_t len);

/*
 * The writer. Errors are those of `out`: ferror(). Bytes that passed together become records of one readable line each:
 * a record ends after a line end, but a line end that stands alone begins the next one.
 */
void usk_atlog_put_comment(FILE *out, const char *text);
void usk_atlog_put_delay(FILE *out, uint32_t delay_ms);
void usk_atlog_put_bytes(FILE *out, enum usk_atlog_kind kind, const void *bytes, size_t len);

#endif
