/*
 * Parameter lists: reading any line, and writing arguments that can't break out of their command.
 *
 * Input: a byte with the count of the steps, the steps, a byte with the room for writing, and the line, which is the
 * argument as well.
 */
#include "at/fields.h"
#include "fuzz.h"

#include <errno.h>
#include <string.h>

static bool inside(struct usk_text text, struct usk_text line)
{
    return text.at >= line.at && text.at + text.len <= line.at + line.len;
}

/* Takes a field the way @p step says. A field is taken whole or not at all. */
static void take(struct usk_fields *fields, unsigned step, struct usk_text line)
{
    const struct usk_fields before = *fields;
    uint32_t max = step & 8 ? UINT32_MAX : step >> 4;
    uint32_t value = 0;
    struct usk_text text = {line.at, 0};
    bool taken;

    switch (step & 3) {
    case 0:
        taken = usk_field_uint(fields, max, &value);
        REQUIRE(value <= max);
        break;
    case 1:
        taken = usk_field_text(fields, &text);
        REQUIRE(inside(text, line));
        break;
    case 2:
        taken = usk_field_is(fields, "recv");
        break;
    default:
        taken = usk_field_quoted(fields) && usk_field_text(fields, &text);
        REQUIRE(inside(text, line) && (!taken || memchr(text.at, '"', text.len) == NULL));
    }
    REQUIRE(fields->end == before.end && fields->at <= fields->end);
    REQUIRE(taken ? fields->at > before.at : fields->at == before.at);
    REQUIRE(usk_fields_more(fields) == (fields->at < fields->end));
}

static void read_line(struct input steps, struct usk_text line)
{
    static const char *const names[] = {"+QIURC", "+QIRD", "+CME ERROR", ""};
    struct usk_fields fields = {line.at, line.at + line.len};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct usk_fields named;

        if (usk_fields_of(&named, line, names[i])) {
            REQUIRE(usk_text_starts(line, names[i]));
            REQUIRE(named.at >= line.at && named.at <= named.end && named.end == line.at + line.len);
            fields = named;
        }
        REQUIRE(!usk_text_equal(line, names[i]) || line.len == strlen(names[i]));
    }
    while (steps.left > 0) {
        take(&fields, input_byte(&steps), line);
    }
}

/* What is written can be read back as the one argument that it was. */
static void write_argument(size_t room, const char *argument)
{
    char *buf = malloc(room > 0 ? room : 1);
    struct usk_line line = {.text = buf, .size = room};
    struct usk_fields fields;
    struct usk_text text;
    uint32_t number = (uint32_t)strlen(argument) * 2654435761u;
    uint32_t read;

    REQUIRE(buf != NULL);
    usk_put_format(&line, "%s", argument);
    usk_put(&line, ",");
    usk_put_format(&line, "%u", number);
    REQUIRE(line.len <= line.size);
    REQUIRE(line.error == 0 || line.error == -EMSGSIZE || line.error == -EINVAL);
    REQUIRE(usk_quotable(argument) || line.error == -EINVAL);
    if (line.error == 0) {
        fields = (struct usk_fields){buf, buf + line.len};
        REQUIRE(memchr(buf, '\r', line.len) == NULL && memchr(buf, 0x1a, line.len) == NULL);
        REQUIRE(usk_field_text(&fields, &text) && usk_text_equal(text, argument));
        REQUIRE(usk_field_uint(&fields, UINT32_MAX, &read) && read == number && !usk_fields_more(&fields));
    }
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct input steps = input_piece(&in, input_byte(&in) % 16);
    size_t room = input_byte(&in);
    char *line = input_copy(in);
    char *argument = malloc(in.left + 1);

    REQUIRE(argument != NULL);
    memcpy(argument, line, in.left);
    argument[in.left] = '\0';
    read_line(steps, (struct usk_text){line, in.left});
    write_argument(room, argument);
    free(argument);
    free(line);
    return 0;
}
