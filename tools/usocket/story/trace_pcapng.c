/*
 * A story as a pcapng file (draft-ietf-opsawg-pcapng). Each packet has link type 252, Wireshark's "exported PDU": tags
 * of two bytes type, two bytes length, big-endian, that name the dissector; then what passed on the line.
 */
#include "story/trace_file.h"

#include <string.h>

enum {
    SECTION = 0x0a0d0d0a,
    INTERFACE = 1,
    PACKET = 6,
    BYTE_ORDER = 0x1a2b3c4d,
    LINKTYPE = 252, /* LINKTYPE_WIRESHARK_UPPER_PDU */
    TAG_DISSECTOR = 12,
    OPT_COMMENT = 1,
    OPT_FLAGS = 2,      /* of a packet; 1: inbound, 2: outbound */
    OPT_NAME = 2,       /* of an interface */
    MAX_PACKET = 65536, /* Wireshark takes none above 262144 */
};

static void put16(FILE *out, unsigned value)
{
    fputc((int)(value & 0xff), out);
    fputc((int)(value >> 8 & 0xff), out);
}

static void put32(FILE *out, uint32_t value)
{
    put16(out, value & 0xffff);
    put16(out, value >> 16);
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void put_padded(FILE *out, const void *bytes, size_t len)
{
    fwrite(bytes, 1, len, out);
    fwrite("\0\0", 1, padded(len) - len, out);
}

static size_t option_size(size_t len)
{
    return len ? 4 + padded(len) : 0;
}

static void put_option(FILE *out, unsigned code, const void *bytes, size_t len)
{
    if (len > 0) {
        put16(out, code);
        put16(out, (unsigned)len);
        put_padded(out, bytes, len);
    }
}

static void put_header(FILE *out)
{
    static const char name[] = "AT";
    put32(out, SECTION);
    put32(out, 28);
    put32(out, BYTE_ORDER);
    put16(out, 1); /* version 1.0 */
    put16(out, 0);
    put32(out, UINT32_MAX); /* the length of the section is not told */
    put32(out, UINT32_MAX);
    put32(out, 28);

    uint32_t size = (uint32_t)(20 + option_size(2) + 4);
    put32(out, INTERFACE);
    put32(out, size);
    put16(out, LINKTYPE);
    put16(out, 0);
    put32(out, 0); /* packets are never cut */
    put_option(out, OPT_NAME, name, 2);
    put32(out, 0);
    put32(out, size);
}

struct packet {
    uint64_t at_ms;
    bool outbound;
    const char *dissector;
    const char *before, *bytes, *after; /* what passed, with its line ends */
    size_t len;
    const char *comment;
};

static void put_packet(FILE *out, const struct packet *p)
{
    const char end_of_tags[4] = {0}, end_of_options[4] = {0};
    const unsigned char flags[4] = {p->outbound ? 2 : 1};
    size_t name = padded(strlen(p->dissector)), comment = strlen(p->comment);
    size_t before = strlen(p->before), after = strlen(p->after);
    size_t len = 4 + name + sizeof(end_of_tags) + before + p->len + after;
    uint32_t size = (uint32_t)(28 + padded(len) + option_size(sizeof(flags)) + option_size(comment) + 4 + 4);
    uint64_t us = p->at_ms * 1000;

    put32(out, PACKET);
    put32(out, size);
    put32(out, 0);
    put32(out, (uint32_t)(us >> 32));
    put32(out, (uint32_t)us);
    put32(out, (uint32_t)len);
    put32(out, (uint32_t)len);

    const unsigned char tag[4] = {0, TAG_DISSECTOR, 0, (unsigned char)name};
    fwrite(tag, 1, sizeof(tag), out);
    put_padded(out, p->dissector, strlen(p->dissector));
    fwrite(end_of_tags, 1, sizeof(end_of_tags), out);
    fwrite(p->before, 1, before, out);
    fwrite(p->bytes, 1, p->len, out);
    fwrite(p->after, 1, after, out);
    fwrite("\0\0", 1, padded(len) - len, out);

    put_option(out, OPT_COMMENT, p->comment, comment);
    put_option(out, OPT_FLAGS, flags, sizeof(flags));
    fwrite(end_of_options, 1, sizeof(end_of_options), out);
    put32(out, size);
}

static void put_item(FILE *out, const struct story *story, const struct story_item *item, const char *notes)
{
    char comment[3 * MEANING_SIZE + 1024];
    struct packet p = {.at_ms = item->at_ms,
                       .outbound = item->from_host,
                       .dissector = "at",
                       .before = "\r\n",
                       .bytes = story_text(story, item),
                       .after = "\r\n",
                       .len = item->len,
                       .comment = comment};
    if (item->kind == STORY_COMMAND) {
        p.before = "";
        p.after = "\r"; /* a line feed would be taken for a parameter */
    } else if (item->kind == STORY_PAYLOAD || item->kind == STORY_PROMPT) {
        p.dissector = "data";
        p.before = p.after = "";
    }
    snprintf(comment, sizeof(comment), "%s%s%s%s", notes, notes[0] && story_words(story, item)[0] ? "\n" : "",
             item->fault ? "FAULT: " : "", story_words(story, item));
    while (p.len > MAX_PACKET) {
        struct packet piece = p;
        piece.len = MAX_PACKET;
        put_packet(out, &piece);
        p.bytes += MAX_PACKET;
        p.len -= MAX_PACKET;
    }
    put_packet(out, &p);
}

/* A note and a silence become part of the comment of the packet that follows. */
static void note(char *notes, size_t size, const struct story *story, const struct story_item *item)
{
    size_t len = strlen(notes);
    if (len > 0 && len + 1 < size) {
        notes[len++] = '\n';
        notes[len] = '\0';
    }
    if (item->kind == STORY_GAP) {
        snprintf(notes + len, size - len, "%.1f s of silence", (double)item->took_ms / 1000);
    } else {
        usk_atlog_escape(notes + len, size - len, story_text(story, item), item->len);
    }
}

void trace_pcapng(FILE *out, const struct story *story)
{
    char notes[1024] = "";
    put_header(out);
    for (size_t i = 0; i < story->count; i++) {
        const struct story_item *item = &story->items[i];
        if (item->kind == STORY_NOTE || item->kind == STORY_GAP) {
            note(notes, sizeof(notes), story, item);
        } else {
            put_item(out, story, item, notes);
            notes[0] = '\0';
        }
    }
}
