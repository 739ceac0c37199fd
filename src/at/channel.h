/*
 * The channel: one command in flight, and who each line of the module belongs to.
 *
 * The owner starts a command when usk_channel_idle(), writes what usk_channel_output() gives, feeds what arrives, and
 * calls usk_channel_tick() when the time of usk_channel_deadline() is over. All calls back come from feed and tick.
 * Does no I/O and knows no clock.
 *
 * Whose is a line? In this order: a final result of the command in flight; its echo; an information response that this
 * command can produce; an unsolicited result code of the table; any line, if the command takes any. Else it is
 * nobody's: counted and dropped.
 *
 * After a time-out an answer is owed. The channel sends probes and drops all answers until one is the probe's own, and
 * only then reports -ETIMEDOUT, so that the owner's buffers are not given back while the module might still ask for
 * them.
 */
#ifndef USK_AT_CHANNEL_H
#define USK_AT_CHANNEL_H

#include "at/fields.h"
#include "usocket/detail/at.h"

/** A final result besides OK, ERROR, +CME ERROR and +CMS ERROR. */
struct usk_final {
    const char *text;
    int result; /* for on_done */
};

enum {
    USK_ANY_LINE = 1, /* a line that is nothing else belongs to the answer */
    USK_PROMPT = 2,   /* the module asks for the payload with a prompt */
    USK_NO_OK = 4,    /* OK is not a final result of this command */
    USK_FOREIGN = 8,  /* the program's own command: overlong lines too go to on_line, piece by piece, all but the last
                      with fields NULL */
    USK_DOUBT_ERROR =
        16, /* ERROR counts only behind a probe: it may be the answer to a payload that lost its command */
};

/**
 * What on_line returns for a line that is not the command's after all. Else: how many payload bytes follow the line;
 * they are always counted, also those that nobody has room for, for what a peer sends must never be read as a line.
 */
#define USK_NOT_MINE (-1)

/** One kind of command. Const: what varies is in the text and in the context. Functions may be NULL. */
struct usk_command {
    const char *prefix;             /* name of its information responses, "+QIRD"; NULL: it has none */
    const struct usk_final *finals; /* ends with a NULL text; NULL: none */
    uint32_t timeout_ms;            /* from the last byte of the command or of the payload to the final result */
    uint8_t flags;
    int (*on_line)(void *ctx, struct usk_text line, struct usk_fields *fields);
    void (*on_final)(void *ctx, struct usk_text line); /* the text of the final result, before on_done */
    /* Payload: where the next bytes go (NULL: there is no room, they are dropped), and how many came. */
    void *(*on_room)(void *ctx, size_t *room);
    void (*on_data)(void *ctx, size_t len);
    /* 0 for OK; a final's result; -EIO for ERROR (the code of +CME ERROR is in channel->cme); -ETIMEDOUT; -EBADMSG:
     * bytes were lost or added in a payload; -ENETRESET: usk_channel_abort(). */
    void (*on_done)(void *ctx, int result);
};

/** An unsolicited result code: `name`, or `name: "key"`. Without a function it is known and of no interest. */
struct usk_urc {
    const char *name; /* NULL ends the table */
    const char *key;
    int (*on_urc)(void *ctx, struct usk_fields *fields); /* returns the length of the payload that follows, mostly 0 */
};

/** What the owner of the table may want besides; `hooks` of the channel, the context is that of the table. */
struct usk_hooks {
    bool (*on_urc)(void *ctx, struct usk_text line); /* each line that is no answer; true: it is known. May be NULL */
    /* The payload of an unsolicited result code: as in usk_command; and, by what comes behind it, whether it was whole or
     * bytes of it were lost or added. */
    void *(*on_room)(void *ctx, size_t *room);
    void (*on_data)(void *ctx, size_t len);
    void (*on_end)(void *ctx, bool whole);
};

/** What the observer is told, in the order it happens. */
enum usk_seen {
    USK_SEEN_COMMAND,
    USK_SEEN_PAYLOAD, /* payload to be sent */
    USK_SEEN_ECHO,
    USK_SEEN_RESPONSE,
    USK_SEEN_FINAL,
    USK_SEEN_PROMPT,
    USK_SEEN_DATA, /* payload received */
    USK_SEEN_URC,
    USK_SEEN_UNKNOWN,
    USK_SEEN_LATE, /* an answer to a command that was given up */
    USK_SEEN_RESYNC,
};

void usk_channel_init(struct usk_channel *channel, const struct usk_urc *urcs, void *urc_ctx);

bool usk_channel_idle(const struct usk_channel *channel);

/** Begins a command line: its text is written with usk_put…() into the line returned. Only when idle. */
struct usk_line usk_channel_line(struct usk_channel *channel);

/**
 * Sends the command line. @return 0, or the line's error, and then nothing was sent
 *
 * @param ctx  for the command's functions
 */
int usk_channel_start(struct usk_channel *channel, const struct usk_line *line, const struct usk_command *command,
                      void *ctx, uint32_t now_ms);

/** Sets another limit than the command's own for the one just started. */
void usk_channel_limit(struct usk_channel *channel, uint32_t timeout_ms);

/** The payload for the prompt of the command just started; must stay as it is until on_done. */
void usk_channel_payload(struct usk_channel *channel, const void *bytes, uint16_t len);

/** Ends the command in flight, if there is one, with @p result: the module has started anew. The next one is believed
 * only behind a probe, for it may still be answered. */
void usk_channel_abort(struct usk_channel *channel, int result);

/** Bytes to write now: @return their count, 0 for none. */
size_t usk_channel_output(const struct usk_channel *channel, const char **bytes);

/** The first @p len bytes of the output were written. */
void usk_channel_written(struct usk_channel *channel, size_t len, uint32_t now_ms);

void usk_channel_feed(struct usk_channel *channel, const char *bytes, size_t len, uint32_t now_ms);

/** Where payload may be read to past feed, and how much; NULL: all bytes must go through feed now. */
void *usk_channel_direct(struct usk_channel *channel, size_t *room);

/** @p len bytes were read there. */
void usk_channel_direct_taken(struct usk_channel *channel, size_t len, uint32_t now_ms);

/** Milliseconds until usk_channel_tick() has something to do; UINT32_MAX: never. */
uint32_t usk_channel_deadline(const struct usk_channel *channel, uint32_t now_ms);

void usk_channel_tick(struct usk_channel *channel, uint32_t now_ms);

#endif
