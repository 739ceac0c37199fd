/*
 * A port behind which a real module's transcript answers the driver: each command gets what that module said to the
 * next command of its kind, with the pauses and in the pieces of the record, and what is not in the record gets the
 * answer of a module that has nothing to add. Time is virtual.
 *
 * The record's order holds where it matters: before an answer comes whatever the module had said unasked up to there,
 * and what stands behind the record's QIOPEN or QICLOSE is kept until the driver has done so. What the module says
 * unasked while the driver just waits, a test calls for: lenient_urcs().
 */
#ifndef TESTS_REPLAY_LENIENT_H
#define TESTS_REPLAY_LENIENT_H

#include "script.h"
#include "usocket/usocket.h"

enum { PIECES = 2048, OUT_SIZE = 32768, IDS = 12 };

struct piece {
    uint64_t due_ms;
    size_t end; /* in `out` */
};

struct lenient {
    struct usocket_modem modem;
    struct script script;
    const char *model;   /* what ATI answers */
    uint32_t latency_ms; /* added to each answer */
    size_t piece_max;    /* longest read; 0: the record's pieces */
    int recorded_id;     /* of the connection in the record, and which the driver has given it; -1: as it is */
    int driver_id;
    char payload[1460]; /* the last block that the driver has sent */
    size_t payload_len;
    /* private */
    uint64_t clock_ms;
    char line[400];
    size_t line_len;
    uint32_t pause_ms; /* before the next bytes of the module */
    size_t payload_left;
    struct exchange *sending; /* whose second turn is due behind the payload */
    size_t reached;           /* exchanges before it were used or passed over */
    size_t gate;              /* behind it stands the session of the record's QIOPEN, if there is one */
    size_t end;               /* behind it stands what followed the record's QICLOSE */
    bool opened;
    bool closed;
    bool active; /* the context, for what the record does not answer */
    bool echo;
    char opened_as[IDS][200]; /* the driver's QIOPEN of each id, "" when closed */
    size_t sent[IDS], received[IDS];
    struct piece piece[PIECES];
    size_t pieces, next_piece;
    char out[OUT_SIZE];
    size_t out_len, out_at;
    char *commands; /* all that the driver has sent, each with a line feed */
    size_t commands_len;
};

/** Loads the transcript, or aborts; the driver has not begun. */
struct lenient *lenient_open(const char *path, const char *model, const struct usocket_config *config);
void lenient_close(struct lenient *l);

/** The module says now what it said unasked in the next exchange that has such lines. */
void lenient_urcs(struct lenient *l);

/** The module says now what stands before the record's first command, piece by piece. */
void lenient_preface(struct lenient *l);

/** Lets @p ms pass while the driver works. */
void lenient_run(struct lenient *l, uint32_t ms);

/** Are there exchanges of the record, with commands that begin so, still unused? */
bool lenient_has(const struct lenient *l, const char *command);

/** How many exchanges of the record, with commands that begin so, were used. */
unsigned lenient_used(const struct lenient *l, const char *command);

/** How many commands that begin so the driver has sent. */
unsigned lenient_sent(const struct lenient *l, const char *command);

/* Between the port and the answers. */
void lenient_put(struct lenient *l, const char *bytes, size_t len, uint32_t delay_ms);
void lenient_default(struct lenient *l, const char *command); /* answers.c */

#endif
