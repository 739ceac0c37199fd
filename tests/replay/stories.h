/* What the stories have in common. */
#ifndef TESTS_REPLAY_STORIES_H
#define TESTS_REPLAY_STORIES_H

#include "stage.h"

enum { PATIENCE_MS = 30000 };

/* stories_faults.c */
void play_reset(struct stage *t);
void play_context_loss(struct stage *t);
void play_send_fail(struct stage *t);
void play_no_such_name(struct stage *t);
void play_lost_byte(struct stage *t);
void play_late_answer(struct stage *t);
void play_lost_prompt(struct stage *t);
void play_refused(struct stage *t);

/** A blocking TCP socket, connected. */
static inline struct usocket *dial(struct stage *t, int family, const char *host, uint16_t port)
{
    struct usocket_sockaddr address = rig_address(host, port);
    struct usocket *s = usocket_socket(&t->modem, family, USOCKET_SOCK_STREAM, 0);

    assert_non_null(s);
    usocket_settimeout(s, PATIENCE_MS);
    assert_int_equal(usocket_connect(s, &address), 0);
    return s;
}

/** What comes next from the socket is this text. */
static inline void expect(struct usocket *s, const char *text)
{
    char buf[512] = "";

    assert_true(strlen(text) < sizeof(buf));
    assert_int_equal(usocket_read(s, buf, strlen(text)), strlen(text));
    assert_string_equal(buf, text);
}

/** The stream ends after `len` bytes of a source's pattern. */
static inline void expect_pattern(struct usocket *s, uint64_t seed, size_t len)
{
    unsigned char buf[700];
    unsigned char pattern[sizeof(buf)];
    size_t at = 0;

    for (ssize_t n = usocket_recv(s, buf, sizeof(buf)); n != 0; n = usocket_recv(s, buf, sizeof(buf))) {
        assert_in_range(n, 1, sizeof(buf));
        memnet_pattern(seed, at, pattern, (size_t)n);
        assert_memory_equal(buf, pattern, (size_t)n);
        at += (size_t)n;
    }
    assert_int_equal(at, len);
}

/** Bytes to be sent that one can read. */
static inline void fill(char *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
    }
}

#endif
