/*
 * A transcript told as a story: what passed on the line as timed items with their meaning, which answer belongs to
 * which command, the life of each connection, and what went wrong. What replay and trace show is written from this.
 */
#ifndef STORY_H
#define STORY_H

#include "story/meaning.h"
#include "story/reading.h"
#include "uart/atlog.h"

#define STORY_NONE SIZE_MAX

enum { STORY_GAP_MS = 2000 }; /* a silence of this length is an item of its own */

enum story_kind {
    STORY_NOTE, /* a comment of the transcript */
    STORY_GAP,
    STORY_COMMAND,
    STORY_ANSWER,
    STORY_FINAL,
    STORY_PROMPT,
    STORY_PAYLOAD,
    STORY_URC,
    STORY_STRAY, /* a line that nothing asked for */
};

struct story_item {
    enum story_kind kind;
    bool from_host;
    bool fault;
    bool echoed;  /* a command that the module has sent back */
    bool matched; /* for who compares two stories */
    int conn;     /* connection id; -1: it is about none */
    uint64_t at_ms;
    uint64_t took_ms; /* a command: to its final result; a gap: its length */
    size_t command;   /* the item of the command that it belongs to, or STORY_NONE */
    size_t final;     /* a command: the item of its final result, or STORY_NONE */
    size_t text, len; /* its bytes, in story->text */
    size_t words;     /* its meaning, printable ASCII, in story->words; "" when there is none */
};

enum story_state { STORY_OPENING, STORY_OPEN, STORY_CLOSING, STORY_CLOSED, STORY_STATES };

/* One life of a connection id. */
struct story_life {
    int id;
    size_t name;               /* "TCP 203.0.113.5:80", in story->words */
    size_t item[STORY_STATES]; /* that brought it into the state, or STORY_NONE */
    uint64_t in, out;          /* bytes of payload */
    bool failed;               /* it did not end as it should */
};

struct story_change {
    size_t item, life;
    enum story_state state;
};

struct story_buffer {
    char *at;
    size_t len, room;
};

struct story {
    struct reading reading; /* first: its channel's hooks get a pointer to it */
    struct story_item *items;
    size_t count;
    struct story_life *lives;
    size_t life_count;
    struct story_change *changes; /* in the order of the items */
    size_t change_count;
    struct story_buffer text, words;
    size_t faults;
    uint64_t end_ms;
    bool no_memory; /* what did not fit in is missing */
    /* private */
    size_t item_room, life_room, change_room;
    size_t life_of[READING_IDS]; /* the life that an id is in, or STORY_NONE */
    struct spoken spoken;        /* the command in flight, */
    size_t command;              /* its item, */
    char host[4096];             /* its text, and the host's line so far */
    size_t host_len;
    uint32_t payload_left; /* bytes of the host that the module still waits for; UINT32_MAX: until it says so */
    uint64_t accepted;     /* bytes of the host's payload that a final result may confirm */
    size_t payload;        /* the payload item that grows, or STORY_NONE */
    size_t last_payload;   /* the last one of the module, or STORY_NONE */
    size_t sent;           /* the last one of the host, or STORY_NONE */
    int payload_conn;
    size_t payload_command;
    uint64_t last_ms; /* when bytes passed last */
    char byte;        /* of the module, being read */
    bool started;     /* bytes have passed, */
    bool asked;       /* and a command among them */
};

/* Building it: from a transcript, or as things happen. Times are in milliseconds from the beginning. */
void story_init(struct story *story);
void story_tell(struct story *story, const struct usk_atlog *log);
void story_host(struct story *story, uint64_t now_ms, const void *bytes, size_t len);
void story_modem(struct story *story, uint64_t now_ms, const void *bytes, size_t len);
void story_end(struct story *story);
void story_free(struct story *story);

/* Reads a transcript, or says what is wrong. Returns an exit code; to be freed after CLI_OK only. */
int story_read(struct usk_atlog *log, const char *path);

/* Loads the transcript @p path and tells it, or says what is wrong. Returns an exit code; free it in any case. */
int story_load(struct story *story, const char *path);

const char *story_text(const struct story *story, const struct story_item *item);
const char *story_words(const struct story *story, const struct story_item *item);

/* The item at which a life begins, and its last. */
size_t story_life_first(const struct story_life *life);
const char *story_state_name(enum story_state state);

/* story_life.c: what an item means for the connections. */
void story_life_command(struct story *story, size_t item);
void story_life_final(struct story *story, size_t item, const struct spoken *line);
void story_life_line(struct story *story, size_t item, const struct spoken *line);
/* @p bytes of payload have passed for connection @p conn. */
void story_life_bytes(struct story *story, size_t item, int conn, bool from_host, uint64_t bytes);

/* For story_life.c: adds to the end of a buffer. Returns where it begins; keeps a NUL behind it. */
size_t story_add(struct story *story, struct story_buffer *buffer, const char *bytes, size_t len);
/* Room for one more in an array of @p size bytes each. Returns the array, NULL without memory. */
void *story_more(struct story *story, void *array, size_t size, size_t count, size_t *room);
/* Adds to the meaning of an item; and marks it as a fault. */
void story_say(struct story *story, size_t item, const char *words);
void story_blame(struct story *story, size_t item, const char *words);

#endif
