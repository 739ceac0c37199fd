/*
 * A module on an in-memory network and a clock that only the test moves: what the host says, and what must come back,
 * are literal bytes one can read.
 */
#ifndef MODEMSIM_RIG_H
#define MODEMSIM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memnet.h"
#include "modemsim.h"

struct rig {
    struct modemsim *sim;
    struct memnet *net;
    uint64_t now_us;
    char heard[1 << 17]; /* what the last call read from the module */
    size_t heard_len;
};

/** A booted module with echo off and an active context; options->baud 0. */
struct rig *rig_new(const char *module);
/** The module as the options say, with nothing done to it yet. */
struct rig *rig_raw(const struct modemsim_options *options);
void rig_free(struct rig *r);

/** Gives bytes to the module now. */
void rig_say(struct rig *r, const char *bytes, size_t len);
/** Lets this much time pass and reads all that comes. */
void rig_wait(struct rig *r, uint64_t ms);
/** Says a text; exactly this answer must come within 100 ms. */
void rig_expect(struct rig *r, const char *say, const char *answer);
/** Exactly these bytes come within so many milliseconds, without the host saying anything. */
void rig_hears(struct rig *r, uint64_t ms, const char *bytes);
void rig_fault(struct rig *r, const char *spec);
uint64_t rig_count(const struct rig *r, const char *counter);
/** Compares bytes; shows both as C strings where they differ. */
void rig_same(const char *what, const char *got, size_t got_len, const char *want, size_t want_len);

/** The peers of every test: see rig.c. */
#define ECHO_SERVER   "192.0.2.7"
#define SINK_SERVER   "192.0.2.8"
#define SCRIPT_SERVER "192.0.2.9"

#endif
