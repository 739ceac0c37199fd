/*
 * A channel between a scripted module and an owner that writes down what it is told. A test starts a command, says what
 * the module sends, lets time pass, and compares the events: those of the observer ("> AT", "echo AT", "response ...",
 * "final OK", "prompt", "payload 5", "data 5", "urc ...", "unknown ...", "late ...", "resync AT") and "done 0" or
 * "done EIO" with the result of the command.
 *
 * The same tests run in several ways (rig_run): input and output in one piece or byte by byte, payload fed or read
 * directly, the clock far from its end or about to begin anew.
 */
#ifndef TESTS_AT_RIG_H
#define TESTS_AT_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "at/channel.h"

/* Where a function of the test can be called from inside the channel. */
enum place { IN_LINE, IN_FINAL, IN_DATA, IN_DONE, IN_URC, PLACES };

struct rig {
    struct usk_channel channel;
    uint32_t now;
    bool hold;        /* the output is left to write_some() */
    size_t room;      /* what on_room gives at a time; 0: NULL */
    size_t room_left; /* what it gives in all */
    void (*inside[PLACES])(void);
    char got[4096]; /* the payload received */
    size_t got_len;
    char sent[4096]; /* what the module received and no test has looked at */
    size_t sent_len;
    char events[8192];
    size_t events_len;
    size_t data; /* payload bytes of an event that is not complete */
};

extern struct rig rig;

/* --- commands ----------------------------------------------------------------------------------------------------- */

extern const struct usk_command plain;   /* OK or ERROR within 5 s */
extern const struct usk_command list;    /* +QISTATE: lines; 5 s */
extern const struct usk_command reg;     /* +CREG: n,stat; with one number it is not the answer; 5 s */
extern const struct usk_command info;    /* any lines; 5 s */
extern const struct usk_command reading; /* +QIRD: n and a payload; 120 s */
extern const struct usk_command sending; /* prompt, payload, SEND OK or SEND FAIL; 120 s */
extern const struct usk_command own;     /* the program's; NO CARRIER is final; 180 s. Also: "own ...", "ended ..." */

/* --- what a test does --------------------------------------------------------------------------------------------- */

/** Starts the command and writes it. */
void start(const struct usk_command *command, const char *text);

/** Starts "AT+QISEND=0,n" with the text as payload. */
void start_sending(const char *payload);

/** The module sends. */
void module(const char *text);
void module_bytes(const char *bytes, size_t len);

/** Writes so many bytes of the output although the rig holds it. */
void write_some(size_t len);

/** Time passes, and the channel is told when it asked to be, and only then. */
void pass(uint32_t ms);

/* --- what it compares --------------------------------------------------------------------------------------------- */

/** The events since the last call are these. */
#define assert_events(...) rig_events((const char *const[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)
#define assert_no_event()  rig_events((const char *const[]){NULL}, __FILE__, __LINE__)
void rig_events(const char *const *expected, const char *file, int line);

/** The bytes that the module received since the last call. */
#define assert_sent(text) rig_sent(text, __FILE__, __LINE__)
void rig_sent(const char *expected, const char *file, int line);

/** All payload of the test so far. */
#define assert_got(text) rig_got(text, __FILE__, __LINE__)
void rig_got(const char *expected, const char *file, int line);

bool idle(void);
uint32_t deadline(void);

/* --- running ------------------------------------------------------------------------------------------------------ */

int rig_setup(void **state);

#define RIG_TEST(function)   cmocka_unit_test_setup(function, rig_setup)
#define RIG_RUN(name, tests) rig_run(name, tests, sizeof(tests) / sizeof((tests)[0]))

int rig_run(const char *name, const struct CMUnitTest *tests, size_t count);

#endif
