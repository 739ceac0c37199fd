/*
 * A session with a module, as text: what the program does, and what the module sends meanwhile: .atlog with steps.
 *
 *     ! connect 0 1 80                     a step of the program, see program.h
 *     < \r\n+QIURC: "recv",0\r\n           bytes that the module sends by itself, one read each
 *     > AT+QISEND=0,5                      when the host sends this command,
 *     @ +20                                and so many milliseconds later,
 *     < \r\n>                              the module answers with that,
 *     >*                                   and when it has the payload
 *     < \r\nSEND OK\r\n                    goes on
 *
 * A command is looked for among those not used yet: word for word, then by its name alone. One that is not found is
 * answered by a module that does as it should. So a line may be changed, lost or doubled, and the rest still makes
 * sense.
 */
#ifndef TESTS_FUZZ_SESSION_H
#define TESTS_FUZZ_SESSION_H

#include "fuzz.h"
#include "usocket/port.h"

enum session_kind { SESSION_STEP, SESSION_COMMAND, SESSION_PAYLOAD, SESSION_BYTES, SESSION_DELAY, SESSION_END };

enum { SESSION_LINES = 400, SESSION_TEXT = 1 << 16, SESSION_SENT = 1 << 17, SESSION_CURSORS = 16 };

struct session_line {
    enum session_kind kind;
    bool used;
    const char *at; /* text without escapes, with a NUL behind it */
    size_t len;
    uint32_t delay_ms;
};

struct session_script {
    struct session_line lines[SESSION_LINES + 1];
    size_t count;
    char text[SESSION_TEXT];
    size_t len;
};

/* A place in a script from which bytes are on their way. */
struct session_cursor {
    const struct session_line *next;
    size_t offset; /* bytes of it that are sent */
    uint32_t due_ms;
    bool held; /* waits for the payload */
};

struct session {
    struct session_script script;
    struct session_cursor cursors[SESSION_CURSORS];
    size_t count;
    char command[512]; /* what the host has written since the last CR */
    size_t command_len;
    size_t payload_len;  /* that the last command announced */
    size_t payload_left; /* the module is in data mode */
    uint32_t now_ms, begin_ms;
    unsigned calls;          /* of the port since time passed or bytes came */
    unsigned turns;          /* waits for no time, one after the other */
    size_t write_most;       /* bytes that the line takes at a time; 0: all */
    bool gone;               /* the line is: too much time has passed, or nothing could happen any more */
    char sent[SESSION_SENT]; /* all that the module has sent */
    size_t sent_len;
};

extern const struct usocket_port session_port;

void session_init(struct session *session, const uint8_t *data, size_t size);

/* The next step of the program at or behind @p line, NULL: it is over. What the module sends meanwhile begins. */
const struct session_line *session_step(struct session *session, const struct session_line *line);

#endif
