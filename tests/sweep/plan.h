/*
 * What the sweep runs: each kind of fault, and where it can strike. Positions of bytes come from a clean run, of which
 * plan_scout() knows every byte: text or payload, the start of a line or not.
 */
#ifndef TESTS_SWEEP_PLAN_H
#define TESTS_SWEEP_PLAN_H

#include "session.h"

/** What the position of a fault counts. */
enum unit { AT_BYTE, AT_GAP, AT_COMMAND, AT_LINE };

struct kind {
    const char *name;
    const char *group;
    enum unit unit;
    struct blow blow;  /* AT_BYTE, AT_GAP: without its position */
    const char *line;  /* AT_LINE: those that begin so are counted */
    const char *fault; /* of the module, armed when it is the turn of that line, or command */
    const char *until; /* a fault without a count is taken back at the next such line */
};

extern const struct kind kinds[];
extern const size_t kind_count;

const struct kind *kind_named(const char *name);

enum byte_kind { BYTE_TEXT, BYTE_PAYLOAD, BYTE_LINE_START, BYTE_DIGIT };

/** A clean run: what passed, and what each byte of it was. */
struct scout {
    struct capture passed[2];
    uint8_t *is[2]; /* enum byte_kind of each */
    uint64_t commands;
    uint64_t lines[32]; /* by kind */
};

/** @return NULL, or why the clean run is not clean */
const char *plan_scout(struct scout *scout, uint64_t seed, bool trace);
void plan_free(struct scout *scout);

/** Why wrong data may be nobody's fault: the byte was one of a payload, or made one command another. */
enum exception { EXCEPT_NOTHING, EXCEPT_PAYLOAD, EXCEPT_COMMAND };

struct job {
    uint16_t kind;
    uint8_t exception; /* enum exception */
    uint32_t at;
};

/** All jobs of these kinds; @p stride thins payload out, and text by its square root. @return how many */
size_t plan_jobs(const struct scout *scout, uint64_t seed, uint64_t stride, const bool *wanted, struct job **jobs);

/** Makes a session with this fault. */
struct armed {
    const struct kind *kind;
    uint64_t at, count;
    bool on;
};
void plan_open(struct session *s, struct armed *armed, const struct kind *kind, uint64_t at, uint64_t seed);

#endif
