/*
 * The reader of transcripts: any bytes are safe, memory is in proportion to them, and what was read is what is read
 * again after it was written.
 */
#include "fuzz.h"
#include "uart/atlog.h"

#include <errno.h>
#include <string.h>

enum { BYTES_PER_RECORD_LINE = 2 };

static void look_at(const struct usk_atlog *log, size_t size)
{
    size_t total = 0;
    unsigned line = 0;

    REQUIRE(log->count <= size / BYTES_PER_RECORD_LINE + 1);
    for (size_t i = 0; i < log->count; i++) {
        const struct usk_atlog_record *r = &log->records[i];

        REQUIRE(r->kind <= USK_ATLOG_DELAY && r->line > line && r->line <= log->lines);
        line = r->line;
        if (r->kind == USK_ATLOG_HOST || r->kind == USK_ATLOG_MODEM) {
            REQUIRE(r->len > 0 && r->bytes != NULL);
            total += r->len;
        }
    }
    REQUIRE(total <= size);
}

static void write_again(const struct usk_atlog *log, FILE *out)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct usk_atlog_record *r = &log->records[i];

        if (r->kind == USK_ATLOG_DELAY) {
            usk_atlog_put_delay(out, r->delay_ms);
        } else if (r->kind != USK_ATLOG_COMMENT) {
            usk_atlog_put_bytes(out, r->kind, r->bytes, r->len);
        }
    }
}

/* The bytes of one direction, joined. */
static size_t join(const struct usk_atlog *log, enum usk_atlog_kind kind, unsigned char *to)
{
    size_t len = 0;

    for (size_t i = 0; i < log->count; i++) {
        if (log->records[i].kind == kind) {
            memcpy(to + len, log->records[i].bytes, log->records[i].len);
            len += log->records[i].len;
        }
    }
    return len;
}

static void same_bytes(const struct usk_atlog *a, const struct usk_atlog *b, enum usk_atlog_kind kind, size_t size)
{
    unsigned char *one = malloc(size + 1);
    unsigned char *two = malloc(size + 1);

    REQUIRE(one != NULL && two != NULL);
    REQUIRE(join(a, kind, one) == join(b, kind, two) && memcmp(one, two, join(a, kind, one)) == 0);
    free(one);
    free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct usk_atlog log, again;
    struct usk_atlog_error error = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out;
    int result;
    char *copy = input_copy((struct input){data, size});

    result = usk_atlog_parse(&log, copy, size, &error);
    free(copy);
    if (result != 0) {
        REQUIRE(result == -EINVAL && error.line > 0 && error.reason[0] != '\0');
        REQUIRE(memchr(error.reason, '\0', sizeof(error.reason)) != NULL);
        return 0;
    }
    look_at(&log, size);
    out = open_memstream(&text, &len);
    REQUIRE(out != NULL);
    write_again(&log, out);
    REQUIRE(fclose(out) == 0);
    REQUIRE(usk_atlog_parse(&again, text, len, &error) == 0);
    same_bytes(&log, &again, USK_ATLOG_HOST, size);
    same_bytes(&log, &again, USK_ATLOG_MODEM, size);
    usk_atlog_free(&log);
    usk_atlog_free(&again);
    free(text);
    return 0;
}
