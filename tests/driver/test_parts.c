/* The library without the parts that can be left out: what remains works, what is gone is refused in the documented way. */
#include "test.h"

static void test_a_tcp_client_works_without_the_other_parts(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);

    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

static void test_names_resolve_to_ipv4_addresses(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo found[USOCKET_MAX_ADDRESSES];

    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, found, USOCKET_MAX_ADDRESSES), 1);
    assert_int_equal(found[0].family, USOCKET_AF_INET);
}

static void test_sockets_that_are_left_out_are_refused(void **state)
{
    static const struct {
        int af, type, proto, error;
    } cases[] = {
        {USOCKET_AF_INET, USOCKET_SOCK_DGRAM, 0, -ESOCKTNOSUPPORT},
        {USOCKET_AF_INET, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER, -EPROTOTYPE},
        {USOCKET_AF_INET6, USOCKET_SOCK_STREAM, 0, -EAFNOSUPPORT},
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(usocket_socket(&r->modem, cases[i].af, cases[i].type, cases[i].proto));
        assert_int_equal(usocket_last_error(&r->modem), cases[i].error);
    }
}

static void test_an_ipv6_address_is_none(void **state)
{
    struct usocket_sockaddr sa;

    (void)state;
    assert_int_equal(usocket_sockaddr_set(&sa, "2001:db8::1", 80), -EINVAL);
    assert_int_equal(usocket_sockaddr_set(&sa, "192.0.2.1", 80), 0);
}

static void on_urc(void *ctx, const char *line, size_t len)
{
    (void)ctx;
    (void)line;
    (void)len;
}

static void test_own_commands_are_refused(void **state)
{
    struct rig *r = *state;
    struct usocket_urc urc;
    struct usocket_at at;

    assert_int_equal(usocket_at_command(&r->modem, "AT", NULL, NULL, 1000), -EOPNOTSUPP);
    assert_int_equal(usocket_at_start(&r->modem, &at, "AT", NULL, NULL, 1000), -EOPNOTSUPP);
    assert_int_equal(usocket_on_urc(&r->modem, &urc, "+QIURC", on_urc, NULL), -EOPNOTSUPP);
}

static void test_nothing_is_logged(void **state)
{
    const struct rig *r = *state;

    assert_true(r->wakeups > 0);
    assert_null(strstr(r->sent, "AT")); /* the rig notes commands by the log */
}

static void test_errors_read_alike_without_their_texts(void **state)
{
    (void)state;
    assert_string_equal(usocket_strerror(-ETIMEDOUT), usocket_strerror(-EIO));
    assert_string_equal(usocket_strerror(0), "success");
    assert_int_equal(usocket_module_errno(566), -ECONNREFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_tcp_client_works_without_the_other_parts),
        UP(test_names_resolve_to_ipv4_addresses),
        UP(test_sockets_that_are_left_out_are_refused),
        UP(test_an_ipv6_address_is_none),
        UP(test_own_commands_are_refused),
        UP(test_nothing_is_logged),
        UP(test_errors_read_alike_without_their_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
