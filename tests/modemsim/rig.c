/* A module, a network and a clock for tests; see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct memnet_peer peers[] = {
    {.host = ECHO_SERVER, .port = 7, .kind = MEMNET_ECHO},
    {.host = SINK_SERVER, .port = 9, .kind = MEMNET_SINK},
    {.host = SINK_SERVER, .port = 10, .kind = MEMNET_SINK, .never_fins = true},
    {.host = SINK_SERVER, .port = 11, .kind = MEMNET_SINK, .never_acks = true},
    {.host = SINK_SERVER, .port = 12, .kind = MEMNET_REFUSE},
    {.host = SINK_SERVER, .port = 13, .kind = MEMNET_BLACKHOLE},
    {.host = SCRIPT_SERVER, .port = 80, .kind = MEMNET_SCRIPT, .never_fins = true},
    {.host = SCRIPT_SERVER, .port = 81, .kind = MEMNET_SCRIPT},
};

struct rig *rig_raw(const struct modemsim_options *options)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->net = memnet_new();
    r->sim = modemsim_new(options, memnet_ops(), r->net);
    assert_non_null(r->sim);
    memnet_attach(r->net, r->sim);
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        memnet_add(r->net, &peers[i]);
    }
    memnet_name(r->net, "echo.example", ECHO_SERVER, 600);
    memnet_name(r->net, "two.example", "192.0.2.21", 300);
    memnet_name(r->net, "two.example", "192.0.2.22", 300);
    memnet_name(r->net, "never.example", NULL, 0);
    return r;
}

struct rig *rig_new(const char *module)
{
    struct rig *r = rig_raw(&(struct modemsim_options){.module = module, .booted = true, .seed = 1});
    rig_expect(r, "ATE0\r", "ATE0\r\r\nOK\r\n");
    rig_expect(r, "AT+QIACT=1\r", "\r\nOK\r\n");
    return r;
}

void rig_free(struct rig *r)
{
    modemsim_free(r->sim);
    memnet_free(r->net);
    free(r);
}

void rig_say(struct rig *r, const char *bytes, size_t len)
{
    assert_int_equal(modemsim_write(r->sim, r->now_us, bytes, len), len);
}

static void listen(struct rig *r)
{
    size_t n;
    do {
        assert_true(r->heard_len < sizeof r->heard);
        n = modemsim_read(r->sim, r->now_us, r->heard + r->heard_len, sizeof r->heard - r->heard_len);
        r->heard_len += n;
    } while (n);
}

void rig_wait(struct rig *r, uint64_t ms)
{
    uint64_t end_us = r->now_us + ms * 1000;
    r->heard_len = 0;
    listen(r);
    for (;;) {
        uint64_t next_us = modemsim_next_us(r->sim, r->now_us);
        if (next_us > end_us) {
            break;
        }
        r->now_us = next_us;
        listen(r);
    }
    r->now_us = end_us;
    listen(r);
}

static void show(const char *what, const char *bytes, size_t len)
{
    fprintf(stderr, "  %s \"", what);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\r' || c == '\n') {
            fprintf(stderr, "\\%c", c == '\r' ? 'r' : 'n');
        } else if (c < ' ' || c > '~') {
            fprintf(stderr, "\\x%02x", c);
        } else {
            fputc(c, stderr);
        }
    }
    fprintf(stderr, "\"\n");
}

void rig_same(const char *what, const char *got, size_t got_len, const char *want, size_t want_len)
{
    if (got_len != want_len || memcmp(got, want, want_len) != 0) {
        fprintf(stderr, "%s\n", what);
        show("want", want, want_len);
        show("got ", got, got_len);
        fail();
    }
}

void rig_expect(struct rig *r, const char *say, const char *answer)
{
    rig_say(r, say, strlen(say));
    rig_wait(r, 100);
    rig_same(say, r->heard, r->heard_len, answer, strlen(answer));
}

void rig_hears(struct rig *r, uint64_t ms, const char *bytes)
{
    rig_wait(r, ms);
    rig_same("heard", r->heard, r->heard_len, bytes, strlen(bytes));
}

void rig_fault(struct rig *r, const char *spec)
{
    assert_int_equal(modemsim_fault(r->sim, spec), 0);
}

uint64_t rig_count(const struct rig *r, const char *counter)
{
    return modemsim_report_get(modemsim_report(r->sim), counter);
}
