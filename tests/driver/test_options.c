/* Options of sockets: what they take, and what they do on the wire; and every call on no socket. */
#include <limits.h>

#include "test.h"

#define KEEPALIVE "AT+QICFG=\"tcp/keepalive\""

static char buf[2000];

static int slow(void **state)
{
    *state = rig_up(&(struct modemsim_options){.booted = true, .seed = 1, .baud = 9600});
    return 0;
}

static int set(struct usocket *s, int name, int value)
{
    return usocket_setsockopt(s, USOCKET_SOL_SOCKET, name, &value, sizeof(value));
}

static int get(struct usocket *s, int name)
{
    int value = -1;
    size_t len = sizeof(value);

    assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, name, &value, &len), 0);
    assert_int_equal(len, sizeof(value));
    return value;
}

static struct usocket *stream(struct rig *r)
{
    return usocket_socket(&r->modem, 0, 0, 0);
}

static struct usocket *udp(struct rig *r)
{
    return usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0);
}

static int connect_to(struct usocket *s, const char *host, uint16_t port)
{
    struct usocket_sockaddr to = rig_address(host, port);

    return usocket_connect(s, &to);
}

/* Where the first command line that begins so stands in all that was sent; NULL: nowhere. */
static const char *where(const struct rig *r, const char *command)
{
    char line[100];

    snprintf(line, sizeof(line), "\n%s", command);
    return strstr(r->sent, line);
}

/* --- ranges ------------------------------------------------------------------------------------------------------- */

static const struct option {
    int name, otherwise, low, high, beyond; /* beyond: the answer to high + 1 */
    bool of_tcp;                            /* the level may be IPPROTO_TCP; UDP has none */
} options[] = {
    {USOCKET_SO_REUSEADDR, 0, 0, 1, -EINVAL, false},          {USOCKET_TCP_KEEPALIVE, 0, 1, 120, -EINVAL, true},
    {USOCKET_TCP_USER_TIMEOUT, 0, 0, INT_MAX, -EINVAL, true}, {USOCKET_SO_LINGER, 1, 0, 10, -EINVAL, false},
    {USOCKET_SO_ACCESS, 0, 0, 1, -EOPNOTSUPP, false},         {USOCKET_SO_REOPEN, 0, 0, 1, -EINVAL, false},
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static void test_each_option_has_its_default_and_its_range(void **state)
{
    struct rig *r = *state;
    struct usocket *s = stream(r);

    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];

        assert_int_equal(get(s, o->name), o->otherwise);
        assert_int_equal(set(s, o->name, o->high), 0);
        assert_int_equal(get(s, o->name), o->high);
        assert_int_equal(set(s, o->name, o->low - 1), -EINVAL);
        assert_int_equal(set(s, o->name, INT_MIN), -EINVAL);
        if (o->high < INT_MAX) {
            assert_int_equal(set(s, o->name, o->high + 1), o->beyond);
            assert_int_equal(set(s, o->name, INT_MAX), -EINVAL);
        }
        assert_int_equal(get(s, o->name), o->high); /* what was refused changed nothing */
        assert_int_equal(set(s, o->name, o->low), 0);
        assert_int_equal(get(s, o->name), o->low);
    }
    assert_int_equal(usocket_close(s), 0);
    s = stream(r); /* a new socket does not remember */
    for (size_t i = 0; i < OPTIONS; i++) {
        assert_int_equal(get(s, options[i].name), options[i].otherwise);
    }
}

static void test_an_option_is_an_int_and_of_no_other_size(void **state)
{
    static const size_t wrong[] = {0, 1, sizeof(int) - 1, sizeof(int) + 1, 2 * sizeof(int)};
    struct rig *r = *state;
    struct usocket *s = stream(r);
    int value[2] = {1, 1};
    size_t len;

    for (size_t i = 0; i < OPTIONS; i++) {
        for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
            assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, options[i].name, value, wrong[k]), -EINVAL);
        }
        for (len = 0; len < sizeof(int); len++) {
            size_t room = len;

            assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, options[i].name, value, &room), -EINVAL);
        }
        len = sizeof(value);
        assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, options[i].name, value, &len), 0);
        assert_int_equal(len, sizeof(int));
    }
}

static void test_an_option_of_another_level_or_an_unknown_one_is_enoprotoopt(void **state)
{
    static const int levels[] = {0, 1, USOCKET_IPPROTO_UDP, 0xffe, -1};
    static const int unknown[] = {0, 1, 3, 5, 8, 0x1006, 0x1009, 0x2002, -1};
    struct rig *r = *state;
    struct usocket *s = stream(r);
    int value = 1;
    size_t len = sizeof(value);

    for (size_t i = 0; i < OPTIONS; i++) {
        int tcp = options[i].of_tcp ? 0 : -ENOPROTOOPT;

        for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++) {
            assert_int_equal(usocket_setsockopt(s, levels[k], options[i].name, &value, len), -ENOPROTOOPT);
            assert_int_equal(usocket_getsockopt(s, levels[k], options[i].name, &value, &len), -ENOPROTOOPT);
        }
        assert_int_equal(usocket_setsockopt(s, USOCKET_IPPROTO_TCP, options[i].name, &value, len), tcp);
        assert_int_equal(usocket_getsockopt(s, USOCKET_IPPROTO_TCP, options[i].name, &value, &len), tcp);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_int_equal(set(s, unknown[i], 1), -ENOPROTOOPT);
        assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, unknown[i], &value, &len), -ENOPROTOOPT);
    }
}

static void test_options_of_tcp_are_not_for_udp(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);
    int value = 1;
    size_t len = sizeof(value);

    for (size_t i = 0; i < OPTIONS; i++) {
        if (options[i].of_tcp) {
            assert_int_equal(set(s, options[i].name, 1), -ENOPROTOOPT);
            assert_int_equal(usocket_getsockopt(s, USOCKET_SOL_SOCKET, options[i].name, &value, &len), -ENOPROTOOPT);
        }
    }
    assert_int_equal(set(s, USOCKET_SO_REUSEADDR, 1), 0);
    assert_int_equal(get(s, USOCKET_SO_REUSEADDR), 1);
    assert_int_equal(set(s, USOCKET_SO_ACCESS, 1), 0);
    assert_int_equal(get(s, USOCKET_SO_ACCESS), 1);
}

static void test_what_can_only_be_asked_cannot_be_set(void **state)
{
    static const int asked[] = {USOCKET_SO_ERROR, USOCKET_SO_TYPE, USOCKET_SO_NREAD, USOCKET_SO_NWRITE};
    struct rig *r = *state;
    struct usocket *s = stream(r);
    struct usocket *d = udp(r);

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        assert_int_equal(set(s, asked[i], 1), -ENOPROTOOPT);
        assert_int_equal(set(d, asked[i], 1), -ENOPROTOOPT);
        assert_int_equal(get(s, asked[i]), asked[i] == USOCKET_SO_TYPE ? USOCKET_SOCK_STREAM : 0);
        assert_int_equal(get(d, asked[i]), asked[i] == USOCKET_SO_TYPE ? USOCKET_SOCK_DGRAM : 0);
    }
}

static void test_after_connect_it_is_too_late_for_some(void **state)
{
    struct rig *r = *state;
    struct usocket *s = stream(r);

    assert_int_equal(connect_to(s, SINK, 12), -ECONNREFUSED);
    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 1), 0); /* a failed one leaves it as new */
    assert_int_equal(set(s, USOCKET_SO_ACCESS, 0), 0);
    assert_int_equal(connect_to(s, ECHO, 7), 0);
    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 2), -EISCONN);
    assert_int_equal(set(s, USOCKET_SO_ACCESS, 1), -EISCONN);
    assert_int_equal(get(s, USOCKET_TCP_KEEPALIVE), 1);
    assert_int_equal(set(s, USOCKET_SO_LINGER, 2), 0);
    assert_int_equal(set(s, USOCKET_TCP_USER_TIMEOUT, 5000), 0);
    assert_int_equal(set(s, USOCKET_SO_REUSEADDR, 1), 0);
    echoes(s);
}

/* --- keep-alive --------------------------------------------------------------------------------------------------- */

static struct usocket *kept_alive(struct rig *r, int minutes)
{
    struct usocket *s = stream(r);

    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, minutes), 0);
    assert_int_equal(connect_to(s, ECHO, 7), 0);
    return s;
}

static void test_keepalive_is_set_before_the_open_with_interval_25_and_count_3(void **state)
{
    struct rig *r = *state;

    kept_alive(r, 5);
    assert_int_equal(rig_sent(r, KEEPALIVE ",1,5,25,3"), 1);
    assert_true(where(r, KEEPALIVE ",1,5,25,3\n") < where(r, "AT+QIOPEN"));
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 0), 1);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 1), 5);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 2), 25);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 3), 3);
}

static void test_keepalive_is_sent_when_it_changes_only(void **state)
{
    struct rig *r = *state;
    unsigned off = rig_sent(r, KEEPALIVE ",0\n"); /* at the start */
    unsigned before;

    kept_alive(r, 5);
    before = rig_sent(r, KEEPALIVE);
    kept_alive(r, 5);
    assert_int_equal(rig_sent(r, KEEPALIVE), before);
    kept_alive(r, 120);
    assert_int_equal(rig_sent(r, KEEPALIVE), before + 1);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 1), 120);
    rig_connect(r, ECHO, 7); /* one without switches it off: there is one setting for all */
    assert_int_equal(rig_sent(r, KEEPALIVE), before + 2);
    assert_int_equal(rig_sent(r, KEEPALIVE ",0\n"), off + 1);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 0), 0);
    rig_connect(r, ECHO, 7);
    assert_int_equal(rig_sent(r, KEEPALIVE), before + 2);
}

static void test_keepalive_of_a_listener_is_set_before_it_is_opened(void **state)
{
    struct rig *r = *state;
    struct usocket *s = usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER);

    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 7), 0);
    assert_int_equal(usocket_listen(s, 1), 0);
    assert_int_equal(rig_sent(r, KEEPALIVE ",1,7,25,3"), 1);
    assert_true(where(r, KEEPALIVE) < where(r, "AT+QIOPEN"));
    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 8), -EISCONN);
}

static void test_a_keepalive_that_the_module_refuses_fails_the_connect(void **state)
{
    struct rig *r = *state;
    struct usocket *s = stream(r);

    rig_answer(r, KEEPALIVE ",1,5,25,3", "\r\nERROR\r\n");
    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 5), 0);
    assert_int_equal(connect_to(s, ECHO, 7), -EOPNOTSUPP);
    assert_int_equal(rig_sent(r, "AT+QIOPEN"), 0);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    echoes(rig_connect(r, ECHO, 7)); /* one without needs no word of the module */
    assert_int_equal(set(s, USOCKET_TCP_KEEPALIVE, 6), 0);
    assert_int_equal(connect_to(s, ECHO, 7), 0);
    echoes(s);
}

static void test_after_a_reset_of_the_module_keepalive_is_set_again(void **state)
{
    struct rig *r = *state;
    struct usocket *s = kept_alive(r, 5);

    rig_fault(r, "reset-after=100");
    assert_int_equal(usocket_recv(s, buf, 1), -ENETRESET);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 0), 0);
    assert_int_equal(connect_to(s, ECHO, 7), 0); /* the option is the socket's and stays */
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 0), 1);
    assert_int_equal(modemsim_config(r->sim, "tcp/keepalive", 1), 5);
    assert_int_equal(rig_sent(r, KEEPALIVE ",1,5,25,3"), 2);
}

/* --- linger, user time-out ---------------------------------------------------------------------------------------- */

static void test_linger_is_the_number_in_qiclose(void **state)
{
    static const int seconds[] = {0, 3, 10};
    struct rig *r = *state;
    char command[40];

    for (size_t i = 0; i < 4; i++) {
        struct usocket *s = rig_connect(r, ECHO, 7);

        if (i < 3) { /* the last one has the default */
            assert_int_equal(set(s, USOCKET_SO_LINGER, seconds[i]), 0);
        }
        assert_int_equal(usocket_close(s), 0);
        assert_int_equal(usocket_shutdown(&r->modem, 20000), 0);
        snprintf(command, sizeof(command), "AT+QICLOSE=0,%d\n", i < 3 ? seconds[i] : 1);
        assert_int_equal(rig_sent(r, command), 1);
        assert_int_equal(rig_sent(r, "AT+QICLOSE"), i + 1);
    }
}

static void test_the_configuration_has_the_default_of_linger(void **state)
{
    struct rig *r = rig_new(NULL, &(struct usocket_config){.apn = "internet", .close_s = 4});
    struct usocket *s = rig_connect(r, ECHO, 7);

    *state = r;
    assert_int_equal(get(s, USOCKET_SO_LINGER), 4);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 20000), 0);
    assert_int_equal(rig_sent(r, "AT+QICLOSE=0,4\n"), 1);
}

static void test_p15_a_refused_block_ends_the_connection_after_the_user_timeout_and_not_before(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    assert_int_equal(set(s, USOCKET_TCP_USER_TIMEOUT, 5000), 0);
    rig_fault(r, "send-fail");
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    rig_run(r, 4950);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_int_equal(get(s, USOCKET_SO_ERROR), 0);
    rig_run(r, 1050);
    assert_int_equal(usocket_send(s, "x", 1), -ETIMEDOUT);
    assert_int_equal(usocket_send(s, "x", 1), -ENOTCONN);
    assert_int_equal(memnet_sunk(r->net), 0);
}

static void test_p15_a_block_that_is_taken_in_time_starts_the_user_timeout_anew(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    assert_int_equal(set(s, USOCKET_TCP_USER_TIMEOUT, 4000), 0);
    for (int i = 0; i < 3; i++) {
        rig_fault(r, "send-fail");
        assert_int_equal(usocket_send(s, "hello", 5), 5);
        rig_run(r, 2500);
        modemsim_fault_clear(r->sim, "send-fail");
        rig_run(r, 2500);
        assert_int_equal(memnet_sunk(r->net), 5 * (i + 1));
    }
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
}

static void test_p15_without_a_user_timeout_a_block_is_offered_for_ever(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);

    rig_fault(r, "send-fail");
    assert_int_equal(usocket_send(s, "hello", 5), 5);
    rig_run(r, 600000);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    modemsim_fault_clear(r->sim, "send-fail");
    rig_run(r, 60000);
    assert_int_equal(memnet_sunk(r->net), 5);
}

/* --- what can be asked -------------------------------------------------------------------------------------------- */

static void test_so_error_tells_the_error_once_and_takes_it(void **state)
{
    struct rig *r = *state;
    struct usocket *s = stream(r);

    usocket_settimeout(s, 0);
    assert_int_equal(connect_to(s, SINK, 12), -EINPROGRESS);
    rig_run(r, 1000);
    assert_int_equal(get(s, USOCKET_SO_ERROR), ECONNREFUSED);
    assert_int_equal(get(s, USOCKET_SO_ERROR), 0);
    assert_int_equal(usocket_recv(s, buf, 1), -ENOTCONN);
    assert_int_equal(connect_to(s, SINK, 12), -EINPROGRESS);
    rig_run(r, 1000);
    assert_int_equal(usocket_recv(s, buf, 1), -ECONNREFUSED); /* told here, it is not told there */
    assert_int_equal(get(s, USOCKET_SO_ERROR), 0);
}

static void test_nread_and_nwrite_count_what_a_stream_holds(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);

    rig_peer_says(r, 80, "abcde", 5);
    rig_run(r, 1000);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 5);
    assert_int_equal(usocket_recv(s, buf, 2), 2);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 3);
    assert_int_equal(usocket_recv(s, buf, 9), 3);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 0);
    assert_int_equal(usocket_send(s, buf, 1000), 1000);
    assert_int_equal(get(s, USOCKET_SO_NWRITE), 1000);
    rig_run(r, 5000);
    assert_int_equal(get(s, USOCKET_SO_NWRITE), 0);
}

static void test_nread_of_udp_is_the_size_of_the_first_datagram(void **state)
{
    struct rig *r = *state;
    struct usocket *s = udp(r);
    struct usocket_sockaddr any = rig_address("", 3030);
    struct usocket_sockaddr to = rig_address(ECHO, 7);

    assert_int_equal(usocket_bind(s, &any), 0);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "abcde", 5, "192.0.2.5", 9);
    memnet_datagram(r->net, memnet_handle(r->net, 3030), "fg", 2, "192.0.2.5", 9);
    rig_run(r, 1000);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 5);
    assert_int_equal(usocket_recv(s, buf, 1), 1);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 2);
    assert_int_equal(usocket_recv(s, buf, 9), 2);
    assert_int_equal(get(s, USOCKET_SO_NREAD), 0);
    assert_int_equal(usocket_sendto(s, buf, 700, &to), 700);
    assert_int_equal(get(s, USOCKET_SO_NWRITE), 700);
    rig_run(r, 5000);
    assert_int_equal(get(s, USOCKET_SO_NWRITE), 0);
}

/* --- every call on no socket -------------------------------------------------------------------------------------- */

/* Each call of socket.h that takes a socket and has an error to tell, by its number. */
static long call(size_t number, struct usocket *s)
{
    struct usocket_sockaddr address = rig_address("0.0.0.0", 7);
    struct usocket_file in = {s, false};
    struct usocket_file to = {s, true};
    struct usocket *conn;
    size_t len = sizeof(buf);

    switch (number) {
    case 0:
        return usocket_bind(s, &address);
    case 1:
        return usocket_listen(s, 1);
    case 2:
        return usocket_accept(s, &conn, &address);
    case 3:
        return usocket_connect(s, &address);
    case 4:
        return usocket_send(s, "x", 1);
    case 5:
        return usocket_sendall(s, "x", 1);
    case 6:
        return usocket_write(s, "x", 1);
    case 7:
        return usocket_sendto(s, "x", 1, &address);
    case 8:
        return usocket_recv(s, buf, 1);
    case 9:
        return usocket_recvfrom(s, buf, 1, &address, NULL);
    case 10:
        return usocket_read(s, buf, 1);
    case 11:
        return usocket_readall(s, buf, 1);
    case 12:
        return usocket_readinto(s, buf, 1);
    case 13:
        return usocket_readline(s, buf, 2);
    case 14:
        return usocket_close(s);
    case 15:
        return usocket_settimeout(s, 1);
    case 16:
        return usocket_setblocking(s, true);
    case 17:
        return usocket_getsockname(s, &address);
    case 18:
        return usocket_getpeername(s, &address);
    case 19:
        return set(s, USOCKET_SO_REUSEADDR, 1);
    case 20:
        return usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, buf, &len);
    case 21:
        return usocket_on_event(s, NULL, NULL);
    case 22:
        return usocket_file_open(&in, s, "rb");
    case 23:
        return usocket_file_read(&in, buf, 1);
    case 24:
        return usocket_file_readline(&in, buf, 2);
    case 25:
        return usocket_file_write(&to, "x", 1);
    default:
        return 0;
    }
}

enum { CALLS = 26 };

static void test_every_call_on_a_closed_socket_or_none_is_ebadf(void **state)
{
    struct rig *r = *state;
    struct usocket *none[] = {NULL, rig_connect(r, ECHO, 7), stream(r), udp(r),
                              usocket_socket(&r->modem, 0, 0, USOCKET_IPPROTO_TCP_SER)};

    assert_int_equal(usocket_listen(none[4], 1), 0);
    assert_int_equal(usocket_send(none[1], "x", 1), 1); /* still to go out: an end on its way is an end, too */
    for (size_t k = 1; k < sizeof(none) / sizeof(none[0]); k++) {
        assert_int_equal(usocket_close(none[k]), 0);
    }
    for (int later = 0; later < 2; later++) {
        for (size_t k = 0; k < sizeof(none) / sizeof(none[0]); k++) {
            struct usocket_pollfd fd = {none[k], USOCKET_POLLIN, 0};

            for (size_t i = 0; i < CALLS; i++) {
                if (call(i, none[k]) != -EBADF) {
                    fail_msg("call %zu, socket %zu: %ld", i, k, call(i, none[k]));
                }
            }
            assert_int_equal(usocket_getsocketsta(none[k]), -1);
            assert_int_equal(usocket_poll(&fd, 1, 0), k > 0);
            assert_int_equal(fd.revents, k > 0 ? USOCKET_POLLNVAL : 0);
        }
        rig_run(r, 20000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_call_on_a_closed_socket_or_none_is_ebadf, slow, done),
        UP(test_each_option_has_its_default_and_its_range),
        UP(test_an_option_is_an_int_and_of_no_other_size),
        UP(test_an_option_of_another_level_or_an_unknown_one_is_enoprotoopt),
        UP(test_options_of_tcp_are_not_for_udp),
        UP(test_what_can_only_be_asked_cannot_be_set),
        UP(test_after_connect_it_is_too_late_for_some),
        UP(test_keepalive_is_set_before_the_open_with_interval_25_and_count_3),
        UP(test_keepalive_is_sent_when_it_changes_only),
        UP(test_keepalive_of_a_listener_is_set_before_it_is_opened),
        UP(test_a_keepalive_that_the_module_refuses_fails_the_connect),
        ROUGH(test_after_a_reset_of_the_module_keepalive_is_set_again),
        UP(test_linger_is_the_number_in_qiclose),
        cmocka_unit_test_teardown(test_the_configuration_has_the_default_of_linger, done),
        UP(test_p15_a_refused_block_ends_the_connection_after_the_user_timeout_and_not_before),
        UP(test_p15_a_block_that_is_taken_in_time_starts_the_user_timeout_anew),
        UP(test_p15_without_a_user_timeout_a_block_is_offered_for_ever),
        UP(test_so_error_tells_the_error_once_and_takes_it),
        cmocka_unit_test_setup_teardown(test_nread_and_nwrite_count_what_a_stream_holds, slow, done),
        cmocka_unit_test_setup_teardown(test_nread_of_udp_is_the_size_of_the_first_datagram, slow, done),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
