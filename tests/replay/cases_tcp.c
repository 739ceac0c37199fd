/* TCP sessions of real modules. */
#include <errno.h>
#include <stdlib.h>

#include "cases.h"

/* --- what they have in common ------------------------------------------------------------------------------------- */

void cases_up(struct lenient *l)
{
    assert_int_equal(usocket_wait_network(&l->modem, UP_MS, NULL, NULL), 0);
}

struct usocket_stats cases_stats(struct lenient *l)
{
    struct usocket_stats stats;

    usocket_get_stats(&l->modem, &stats);
    return stats;
}

struct usocket *cases_socket(struct lenient *l, int type, int proto, int access)
{
    struct usocket *s = usocket_socket(&l->modem, USOCKET_AF_INET, type, proto);

    assert_non_null(s);
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &access, sizeof(access)), 0);
    usocket_settimeout(s, CALL_MS);
    return s;
}

static int dial(struct usocket *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr address;

    assert_int_equal(usocket_sockaddr_set(&address, host, port), 0);
    return usocket_connect(s, &address);
}

struct usocket *cases_dial(struct lenient *l, int access, const char *host, uint16_t port)
{
    struct usocket *s = cases_socket(l, USOCKET_SOCK_STREAM, 0, access);

    assert_int_equal(dial(s, host, port), 0);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    return s;
}

void cases_send(struct usocket *s, size_t len)
{
    char bytes[1460];

    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(usocket_sendall(s, bytes, len), 0);
}

void cases_expect(struct usocket *s, const char *text, size_t len)
{
    char buf[4096];

    assert_in_range(len, 1, sizeof(buf));
    assert_int_equal(usocket_read(s, buf, len), len);
    assert_memory_equal(buf, text, len);
}

void cases_close(struct lenient *l, struct usocket *s)
{
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&l->modem, UP_MS), 0);
    assert_int_equal(cases_stats(l).timeouts, 0);
    assert_int_equal(cases_stats(l).payload_discarded, 0);
    assert_in_range(lenient_sent(l, "AT+QICLOSE="), 1, 2);
    assert_int_equal(l->payload_left, 0);
}

/* The bytes of the n-th announced payload of the transcript. */
static const char *payload_of(const struct lenient *l, size_t n, size_t len)
{
    struct script_line line;

    for (size_t i = 0; i < 2 * l->script.count; i++) {
        const struct turn *turn = &l->script.exchange[i / 2].turn[i % 2];

        for (const char *at = turn->text; script_line(&line, at, turn->text + turn->len); at = line.next) {
            if (line.payload > 0 && n-- == 0) {
                assert_int_equal(line.payload, len);
                return line.next - line.payload;
            }
        }
    }
    fail_msg("the transcript has no such payload");
    abort();
}

static void expect_payload(struct lenient *l, struct usocket *s, size_t n, size_t len)
{
    cases_expect(s, payload_of(l, n, len), len);
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

/* BG96, direct push: totals 2,0,2 twice, with data between, then 2,2,0; QICLOSE takes ten seconds. */
void drive_002(struct lenient *l)
{
    struct usocket *s = cases_dial(l, PUSH, "198.51.100.212", 8009);

    cases_send(s, 2);
    lenient_run(l, 1000);
    lenient_urcs(l);
    cases_expect(s, "cd", 2);
    cases_close(l, s);
    assert_int_equal(lenient_used(l, "AT+QISEND=0,0"), 3);
    assert_int_equal(lenient_used(l, "AT+QICLOSE=0"), 1);
}

/* BG96: no "closed" ever came, but QISTATE says 4: the end of the stream is found by asking. */
void drive_005(struct lenient *l)
{
    struct usocket *s = cases_dial(l, PUSH, "172.217.27.228", 80);
    char byte;

    usocket_settimeout(s, 600 * 1000);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    assert_int_equal(lenient_used(l, "AT+QISTATE=0,1"), 1);
    cases_close(l, s);
}

/* BG96 shows state 3 for a client that is connected. */
void drive_008(struct lenient *l)
{
    struct usocket *s = cases_dial(l, BUFFER, "198.51.100.190", 1883);

    cases_send(s, 83);
    cases_expect(s, "lmno", 4);
    lenient_run(l, 300 * 1000);
    assert_in_range(lenient_used(l, "AT+QISTATE=1,0"), 1, 3);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    cases_close(l, s);
}

/* BG96: a whole block of 1500 bytes, its line end in pieces, on connection 1. */
void drive_013(struct lenient *l)
{
    l->recorded_id = 1;
    struct usocket *s = cases_dial(l, BUFFER, "192.0.2.1", 443);

    expect_payload(l, s, 0, 1500);
    cases_close(l, s);
}

/* BG96: five bytes of a TLS header, a NUL among them. */
void drive_014(struct lenient *l)
{
    l->recorded_id = 1;
    struct usocket *s = cases_dial(l, BUFFER, "192.0.2.1", 443);

    cases_expect(s, "abc\0d", 5);
    cases_close(l, s);
}

/* UG96: QIOPEN is a bare ERROR at once, no +QIOPEN follows, and nobody says why. */
void drive_023(struct lenient *l)
{
    struct usocket *s = cases_socket(l, USOCKET_SOCK_STREAM, 0, BUFFER);

    cases_up(l);
    assert_int_equal(dial(s, "192.0.2.1", 80), -EIO);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    assert_in_range(lenient_sent(l, "AT+QIGETERROR"), 1, 2);
    cases_close(l, s);
}

/* BG96 gives all 1500 bytes; the excerpt ends before the OK. */
void drive_025(struct lenient *l)
{
    l->recorded_id = 0;
    struct usocket *s = cases_dial(l, BUFFER, "192.0.2.1", 443);

    lenient_urcs(l);
    expect_payload(l, s, 0, 1500);
    cases_close(l, s);
}

/* CONNECT in answer to QIOPEN is not an answer to ours; the ERROR that comes then has its number, 552. */
void drive_026(struct lenient *l)
{
    struct usocket *s = cases_socket(l, USOCKET_SOCK_STREAM, 0, BUFFER);

    usocket_settimeout(s, 200 * 1000);
    assert_int_equal(dial(s, "198.51.100.3", 9091), -EINVAL);
    assert_int_equal(usocket_last_module_error(&l->modem), 552);
    assert_int_equal(usocket_close(s), 0);
}

/* EC20, direct push: no echo, a dual-stack context, one block of five bytes. */
void drive_028(struct lenient *l)
{
    struct usocket *s = cases_dial(l, PUSH, "198.51.100.15", 54698);

    cases_send(s, 5);
    lenient_run(l, 1000);
    assert_int_equal(lenient_used(l, "AT+QISEND=0,5"), 1);
    cases_close(l, s);
}

/* EC20: 256 bytes pushed, with lines of HTTP and JSON in them. */
void drive_031(struct lenient *l)
{
    l->recorded_id = 0;
    struct usocket *s = cases_dial(l, PUSH, "192.0.2.1", 80);

    lenient_urcs(l);
    expect_payload(l, s, 0, 256);
    assert_int_equal(cases_stats(l).lines_unknown, 0);
    cases_close(l, s);
}

/* BG96: a client gets id 9, and one byte is pushed. */
void drive_034(struct lenient *l)
{
    struct usocket *listener = cases_socket(l, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER, PUSH);
    struct usocket_sockaddr address;
    struct usocket *s = NULL;
    char text[USOCKET_ADDRSTRLEN];

    usocket_sockaddr_set(&address, "", 2020);
    assert_int_equal(usocket_bind(listener, &address), 0);
    assert_int_equal(usocket_listen(listener, 1), 0);
    lenient_urcs(l);
    assert_int_equal(usocket_accept(listener, &s, &address), 0);
    usocket_sockaddr_text(&address, text);
    assert_string_equal(text, "10.176.100.3");
    assert_int_equal(address.port, 51257);
    cases_expect(s, "&", 1);
    assert_int_equal(usocket_close(listener), 0);
    cases_close(l, s);
    assert_int_equal(lenient_sent(l, "AT+QICLOSE=9"), 1);
}

/* EC200U, a TLS handshake pushed: the prompt's blank comes behind the payload, two blocks follow each other. */
void drive_037(struct lenient *l)
{
    static const size_t more[] = {75, 269, 6, 45};
    struct usocket *s = cases_dial(l, PUSH, "198.51.100.251", 42605);

    cases_send(s, 147);
    expect_payload(l, s, 0, 1500);
    expect_payload(l, s, 1, 1001);
    cases_send(s, 823);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        lenient_run(l, 1000);
        cases_send(s, more[i]);
    }
    expect_payload(l, s, 2, 51);
    cases_send(s, 32);
    lenient_run(l, 1000);
    cases_send(s, 38);
    lenient_run(l, 1000);
    assert_int_equal(lenient_used(l, "AT+QISEND="), 8);
    assert_int_equal(cases_stats(l).lines_unknown, 0);
    cases_close(l, s);
}

/* EC200U: an own command fails between the sends; the connection has nothing to do with it. */
void drive_038(struct lenient *l)
{
    static const size_t blocks[] = {32, 31, 46, 138};

    l->recorded_id = 0;
    struct usocket *s = cases_dial(l, BUFFER, "192.0.2.1", 443);

    for (size_t i = 0; i < 12; i++) {
        cases_send(s, blocks[i % 4]);
        lenient_run(l, 100);
        if (i % 4 == 3) {
            assert_int_equal(usocket_at_command(&l->modem, "AT+QGPSLOC=2", NULL, NULL, CALL_MS), -EIO);
            assert_int_equal(usocket_last_module_error(&l->modem), 516);
        }
    }
    assert_int_equal(lenient_used(l, "AT+QISEND="), 12);
    cases_close(l, s);
}

/* A 4G module: the context is active already, so QIACT, which would be an ERROR, is not sent; local port 0. */
void drive_049(struct lenient *l)
{
    struct usocket *s = cases_dial(l, PUSH, "198.51.100.96", 59969);

    cases_send(s, 5);
    lenient_run(l, 300 * 1000);
    assert_int_equal(lenient_used(l, "AT+QIACT?"), 1);
    assert_int_equal(lenient_sent(l, "AT+QIACT="), 0);
    assert_int_equal(lenient_used(l, "AT+QISTATE=1,0"), 1);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    cases_close(l, s);
}

/* Data come straight behind +QIOPEN, two messages in one read; then the peer closes. */
void drive_058(struct lenient *l)
{
    struct usocket *s = cases_dial(l, BUFFER, "198.51.100.9", 9966);
    char byte;

    cases_expect(s, "stuvwxyz 01234 56789abcdefgh ijklm nopq", 39);
    assert_int_equal(usocket_recv(s, &byte, 1), 0);
    cases_close(l, s);
}

/* BG96: OK to QIACT, yet QIACT? lists nothing; the open fails with 566. */
void drive_059(struct lenient *l)
{
    struct usocket *s = cases_socket(l, USOCKET_SOCK_STREAM, 0, BUFFER);

    assert_int_equal(dial(s, "198.51.100.213", 8713), -ECONNREFUSED);
    assert_int_equal(lenient_sent(l, "AT+CREG?"), 0); /* roaming, as CGREG said, is registered */
    assert_int_equal(usocket_last_module_error(&l->modem), 566);
    assert_int_equal(lenient_used(l, "AT+QIOPEN="), 1);
    cases_close(l, s);
}
