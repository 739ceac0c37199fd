/*
 * Writes a session as an .atlog: "> " host, "< " module, "@ +ms" between records, C escapes; \xNN is always two digits.
 * A record ends where a line ends or the direction changes, so an answer reads as one reads a transcript.
 */
#ifndef MODEMSIM_ATLOG_H
#define MODEMSIM_ATLOG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct atlog {
    FILE *file; /* NULL: nothing is written */
    char direction;
    uint8_t record[2048];
    size_t len;
    uint64_t began_ms, last_ms;
};

/** Begins a log with its header; -1 and errno if the file can't be written. */
int atlog_open(struct atlog *log, const char *path, const char *module);
/** Bytes that passed now; direction '>' or '<'. */
void atlog_bytes(struct atlog *log, uint64_t now_us, char direction, const void *bytes, size_t len);
void atlog_close(struct atlog *log);

#endif
