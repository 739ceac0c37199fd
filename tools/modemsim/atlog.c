/* Writes a session as an .atlog; see atlog.h. */
#include "atlog.h"

#include <stdbool.h>

int atlog_open(struct atlog *log, const char *path, const char *module)
{
    *log = (struct atlog){.file = fopen(path, "w")};
    if (!log->file) {
        return -1;
    }
    fprintf(log->file, "# module: %s\n# evidence: simulated by modemsim\n", module);
    return 0;
}

static void put_escaped(FILE *out, uint8_t c)
{
    if (c == '\r' || c == '\n') {
        fprintf(out, "\\%c", c == '\r' ? 'r' : 'n');
    } else if (c == '\\') {
        fputs("\\\\", out);
    } else if (c < 0x20 || c > 0x7e) {
        fprintf(out, "\\x%02x", c);
    } else {
        fputc(c, out);
    }
}

static void end_record(struct atlog *log)
{
    if (!log->len) {
        return;
    }
    if (log->began_ms > log->last_ms) {
        fprintf(log->file, "@ +%llu\n", (unsigned long long)(log->began_ms - log->last_ms));
    }
    log->last_ms = log->began_ms;
    fprintf(log->file, "%c ", log->direction);
    for (size_t i = 0; i < log->len; i++) {
        put_escaped(log->file, log->record[i]);
    }
    fputc('\n', log->file);
    fflush(log->file);
    log->len = 0;
}

void atlog_bytes(struct atlog *log, uint64_t now_us, char direction, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    if (!log->file) {
        return;
    }
    if (log->direction != direction) {
        end_record(log);
        log->direction = direction;
    }
    for (size_t i = 0; i < len; i++) {
        bool echo_ended = direction == '<' && log->len && log->record[log->len - 1] == '\r' && from[i] != '\n';
        if (echo_ended) {
            end_record(log);
        }
        if (!log->len) {
            log->began_ms = now_us / 1000;
        }
        log->record[log->len++] = from[i];
        bool line_ends = direction == '>' ? from[i] == '\r' : from[i] == '\n' && log->len > 2;
        if (line_ends || log->len == sizeof log->record) {
            end_record(log);
        }
    }
}

void atlog_close(struct atlog *log)
{
    if (log->file) {
        end_record(log);
        fclose(log->file);
        log->file = NULL;
    }
}
