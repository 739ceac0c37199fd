/* The stories in which something goes wrong, and the driver goes on. */
#include "stories.h"

static void source(struct stage *t, uint64_t bytes)
{
    world_peer(t, &(struct memnet_peer){
                      .host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = bytes, .seed = 3, .latency_ms = 50});
}

/* Receives until the error. */
static void expect_failure(struct usocket *s, int error)
{
    char buf[500];
    ssize_t n;

    do {
        n = usocket_recv(s, buf, sizeof(buf));
    } while (n > 0);
    assert_int_equal(n, error);
}

static void reaches_echo(struct stage *t)
{
    struct usocket *s = dial(t, 0, ECHO, 7);

    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

void play_reset(struct stage *t)
{
    struct usocket_stats stats;

    source(t, 4000);
    struct usocket *s = dial(t, 0, FILES, 8000);

    world_fault(t, "reset=2500"); /* in the middle of the second block */
    expect_failure(s, -ENETRESET);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_wait_network(&t->modem, 60000, NULL, NULL), 0);
    usocket_get_stats(&t->modem, &stats);
    assert_int_equal(stats.module_resets, 1);
    s = dial(t, 0, FILES, 8000);
    expect_pattern(s, 3, 4000);
    assert_int_equal(usocket_close(s), 0);
}

void play_context_loss(struct stage *t)
{
    struct usocket_stats stats;
    struct usocket *s = dial(t, 0, TALK, 80);

    world_fault(t, "pdpdeact-after=2000");
    expect_failure(s, -ENETDOWN);
    assert_int_equal(usocket_close(s), 0);
    reaches_echo(t); /* connect brings the network up again */
    usocket_get_stats(&t->modem, &stats);
    assert_int_equal(stats.context_losses, 1);
}

void play_send_fail(struct stage *t)
{
    struct usocket_stats stats;
    char buf[2000];
    struct usocket *s = dial(t, 0, SINK, 9);

    fill(buf, sizeof(buf));
    world_fault(t, "send-fail=3");
    assert_int_equal(usocket_sendall(s, buf, sizeof(buf)), 0);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&t->modem, PATIENCE_MS), 0);
    usocket_get_stats(&t->modem, &stats);
    assert_int_equal(stats.send_retries, 3);
    world_got(t, buf, sizeof(buf));
}

void play_no_such_name(struct stage *t)
{
    struct usocket_addrinfo found[4];

    assert_int_equal(usocket_getaddrinfo(&t->modem, "nowhere.example", 80, found, 4), -EHOSTUNREACH);
    assert_int_equal(usocket_getaddrinfo(&t->modem, "two.example", 80, found, 4), 2);
    assert_int_equal(found[1].sockaddr.addr[3], 22);
}

void play_lost_byte(struct stage *t)
{
    source(t, 1000);
    struct usocket *s = dial(t, 0, FILES, 8000);

    world_fault(t, "drop-byte=300"); /* within the payload: no wrong byte must be delivered */
    expect_failure(s, -EBADMSG);
    assert_int_equal(usocket_close(s), 0);
    reaches_echo(t);
}

void play_late_answer(struct stage *t)
{
    struct usocket_stats stats;
    struct usocket *s = dial(t, 0, ECHO, 7);

    world_fault(t, "late-answer=30000");
    assert_int_equal(usocket_at_command(&t->modem, "AT+CSQ", NULL, NULL, 5000), -ETIMEDOUT);
    usocket_settimeout(s, 60000);
    assert_int_equal(usocket_sendall(s, "hello", 5), 0);
    expect(s, "hello");
    usocket_get_stats(&t->modem, &stats);
    assert_in_range(stats.resyncs, 1, 9);
    assert_int_equal(usocket_close(s), 0);
}

void play_lost_prompt(struct stage *t)
{
    struct usocket *s = dial(t, 0, ECHO, 7);

    world_fault(t, "drop-prompt=1");
    assert_int_equal(usocket_sendall(s, "0123456789", 10), 0);
    expect_failure(s, -ECANCELED); /* the module took ten bytes for the block, but they were not the block's */
    assert_int_equal(usocket_close(s), 0);
    reaches_echo(t);
}

void play_refused(struct stage *t)
{
    struct usocket_sockaddr nobody = rig_address(SINK, 12);
    struct usocket *s = usocket_socket(&t->modem, 0, 0, 0);

    usocket_settimeout(s, PATIENCE_MS);
    assert_int_equal(usocket_connect(s, &nobody), -ECONNREFUSED);
    assert_int_equal(usocket_close(s), 0);
    reaches_echo(t);
}
