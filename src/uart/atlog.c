/*
 * Reader and writer of transcripts; see atlog.h. One pass over the text, one allocation for the records and one for
 * their bytes, which can't be more than the text's.
 */
#include "uart/atlog.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 64 * 1024 * 1024, MAX_RECORD = 2048 };

static const struct {
    char letter;
    unsigned char byte;
} escapes[] = {
    {'r', '\r'},  {'n', '\n'}, {'t', '\t'}, {'\\', '\\'}, {'"', '"'},
    {'\'', '\''}, {'a', '\a'}, {'b', '\b'}, {'f', '\f'},  {'v', '\v'},
};

enum { ESCAPES = sizeof escapes / sizeof escapes[0], WRITTEN_ESCAPES = 4 }; /* the writer uses \r \n \t \\ only */

/* ---- reading ---- */

struct parser {
    struct usk_atlog *log;
    struct usk_atlog_error *error;
    unsigned char *free; /* where the next decoded byte goes */
    unsigned line;
};

struct span {
    const unsigned char *at, *end;
};

static int reject(struct parser *p, const char *reason)
{
    p->error->line = p->line;
    snprintf(p->error->reason, sizeof p->error->reason, "%s", reason);
    return -EINVAL;
}

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* What follows a backslash. Returns the byte, or -1. */
static int unescape(struct span *s)
{
    if (s->at == s->end)
        return -1;
    unsigned char letter = *s->at++;
    if (letter == 'x') {
        if (s->end - s->at < 2)
            return -1;
        int high = hex_digit(s->at[0]), low = hex_digit(s->at[1]);
        s->at += 2;
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }
    for (size_t i = 0; i < ESCAPES; i++)
        if ((unsigned char)escapes[i].letter == letter)
            return escapes[i].byte;
    return -1;
}

static int parse_bytes(struct parser *p, struct span s, struct usk_atlog_record *r)
{
    r->bytes = p->free;
    while (s.at < s.end) {
        int byte = *s.at++;
        if (byte < ' ' || byte == 0x7f)
            return reject(p, "a control byte as it is: write it as an escape");
        if (byte == '\\' && (byte = unescape(&s)) < 0)
            return reject(p, "an escape that is none of \\r \\n \\t \\a \\b \\f \\v \\\\ \\\" \\' \\xHH");
        *p->free++ = (unsigned char)byte;
    }
    r->len = (size_t)(p->free - r->bytes);
    return r->len ? 0 : reject(p, "a record without bytes");
}

static int parse_delay(struct parser *p, struct span s, struct usk_atlog_record *r)
{
    uint64_t ms = 0;
    if (s.end - s.at < 2 || *s.at++ != '+')
        return reject(p, "a delay is written \"@ +MILLISECONDS\"");
    for (; s.at < s.end; s.at++) {
        if (*s.at < '0' || *s.at > '9')
            return reject(p, "a delay is written \"@ +MILLISECONDS\"");
        ms = ms * 10 + (uint64_t)(*s.at - '0');
        if (ms > UINT32_MAX)
            return reject(p, "a delay of more than 4294967295 ms");
    }
    r->delay_ms = (uint32_t)ms;
    return 0;
}

static int parse_comment(struct parser *p, struct span s, struct usk_atlog_record *r)
{
    r->bytes = p->free;
    r->len = (size_t)(s.end - s.at);
    if (r->len)
        memcpy(p->free, s.at, r->len);
    p->free += r->len;
    return 0;
}

static const struct {
    unsigned char mark;
    bool space_needed;
    enum usk_atlog_kind kind;
    int (*parse)(struct parser *p, struct span rest, struct usk_atlog_record *r);
} marks[] = {
    {'#', false, USK_ATLOG_COMMENT, parse_comment},
    {'>', true, USK_ATLOG_HOST, parse_bytes},
    {'<', true, USK_ATLOG_MODEM, parse_bytes},
    {'@', true, USK_ATLOG_DELAY, parse_delay},
};

static int parse_line(struct parser *p, struct span s)
{
    if (s.at < s.end && s.end[-1] == '\r')
        s.end--;
    if (s.at == s.end)
        return 0;

    unsigned char mark = *s.at++;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i].mark != mark)
            continue;
        if (s.at < s.end && *s.at == ' ')
            s.at++;
        else if (marks[i].space_needed)
            return reject(p, "no space after the first character of the line");
        struct usk_atlog_record *r = &p->log->records[p->log->count++];
        *r = (struct usk_atlog_record){.kind = marks[i].kind, .line = p->line};
        return marks[i].parse(p, s, r);
    }
    return reject(p, "a line begins with one of # > < @");
}

static const unsigned char *line_end(struct span s)
{
    const unsigned char *end = memchr(s.at, '\n', (size_t)(s.end - s.at));
    return end ? end : s.end;
}

/* At least as many as there are records. */
static size_t count_lines(struct span s)
{
    size_t lines = 1;
    while (s.at < s.end)
        lines += *s.at++ == '\n';
    return lines;
}

static int parse_lines(struct parser *p, struct span s)
{
    while (s.at < s.end) {
        const unsigned char *end = line_end(s);
        p->log->lines = ++p->line;
        int err = parse_line(p, (struct span){s.at, end});
        if (err)
            return err;
        s.at = end == s.end ? end : end + 1;
    }
    return 0;
}

int usk_atlog_parse(struct usk_atlog *log, const void *text, size_t len, struct usk_atlog_error *error)
{
    *log = (struct usk_atlog){0};
    *error = (struct usk_atlog_error){0};
    if (len == 0)
        return 0;
    if (len > MAX_FILE)
        return -EFBIG;

    struct span all = {text, (const unsigned char *)text + len};
    log->records = calloc(count_lines(all), sizeof *log->records);
    log->bytes = malloc(len);
    struct parser p = {.log = log, .error = error, .free = log->bytes};
    int err = log->records && log->bytes ? parse_lines(&p, all) : -ENOMEM;
    if (err)
        usk_atlog_free(log);
    return err;
}

/* All of a file, of unknown size. *text is to be freed whatever comes back. */
static int slurp(FILE *in, char **text, size_t *len)
{
    size_t room = 0;
    for (;;) {
        if (*len == room) {
            room = room ? 2 * room : 4096;
            char *bigger = *len > MAX_FILE ? NULL : realloc(*text, room);
            if (!bigger)
                return *len > MAX_FILE ? -EFBIG : -ENOMEM;
            *text = bigger;
        }
        size_t n = fread(*text + *len, 1, room - *len, in);
        *len += n;
        if (n == 0)
            return ferror(in) ? (errno ? -errno : -EIO) : 0;
    }
}

int usk_atlog_read(struct usk_atlog *log, FILE *in, struct usk_atlog_error *error)
{
    char *text = NULL;
    size_t len = 0;
    *log = (struct usk_atlog){0};
    *error = (struct usk_atlog_error){0};
    errno = 0;
    int err = slurp(in, &text, &len);
    if (!err)
        err = usk_atlog_parse(log, text, len, error);
    free(text);
    return err;
}

int usk_atlog_load(struct usk_atlog *log, const char *path, struct usk_atlog_error *error)
{
    *log = (struct usk_atlog){0};
    *error = (struct usk_atlog_error){0};
    FILE *in = fopen(path, "rb");
    int err = in ? usk_atlog_read(log, in, error) : -errno;
    if (in)
        fclose(in);
    if (err && error->reason[0] == '\0')
        snprintf(error->reason, sizeof error->reason, "%s", strerror(-err));
    return err;
}

void usk_atlog_free(struct usk_atlog *log)
{
    free(log->records);
    free(log->bytes);
    *log = (struct usk_atlog){0};
}

/* ---- writing ---- */

/* One byte as text, NUL-terminated. Returns its length. */
static size_t escape_byte(char text[5], unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < WRITTEN_ESCAPES; i++) {
        if (escapes[i].byte == byte) {
            memcpy(text, (const char[]){'\\', escapes[i].letter, '\0'}, 3);
            return 2;
        }
    }
    if (byte >= ' ' && byte < 0x7f) {
        memcpy(text, (const char[]){(char)byte, '\0'}, 2);
        return 1;
    }
    memcpy(text, (const char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15], '\0'}, 5);
    return 4;
}

size_t usk_atlog_escape(char *text, size_t size, const void *bytes, size_t len)
{
    const unsigned char *byte = bytes;
    size_t done = 0, used = 0;
    if (size == 0)
        return 0;
    for (; done < len; done++) {
        char piece[5];
        size_t n = escape_byte(piece, byte[done]);
        if (used + n >= size)
            break;
        memcpy(text + used, piece, n);
        used += n;
    }
    text[used] = '\0';
    return done;
}

void usk_atlog_put_comment(FILE *out, const char *text)
{
    do {
        size_t len = strcspn(text, "\r\n");
        fprintf(out, "# %.*s\n", (int)len, text);
        text += len;
        text += strspn(text, "\r\n");
    } while (*text);
}

void usk_atlog_put_delay(FILE *out, uint32_t delay_ms)
{
    fprintf(out, "@ +%lu\n", (unsigned long)delay_ms);
}

/* How many of the bytes make the next record. */
static size_t record_length(const unsigned char *bytes, size_t len)
{
    bool text = false; /* something that is no line end has been seen */
    if (len > MAX_RECORD)
        len = MAX_RECORD;
    for (size_t i = 0; i < len; i++) {
        text = text || (bytes[i] != '\r' && bytes[i] != '\n');
        if (text && bytes[i] == '\n')
            return i + 1;
    }
    return len;
}

void usk_atlog_put_bytes(FILE *out, enum usk_atlog_kind kind, const void *bytes, size_t len)
{
    const unsigned char *next = bytes;
    while (len) {
        size_t n = record_length(next, len);
        char line[2 + 4 * MAX_RECORD + 2] = {kind == USK_ATLOG_HOST ? '>' : '<', ' '};
        usk_atlog_escape(line + 2, sizeof line - 3, next, n);
        size_t end = strlen(line);
        line[end] = '\n';
        fwrite(line, 1, end + 1, out); /* in one call, so that two threads' records don't mix */
        next += n;
        len -= n;
    }
}
