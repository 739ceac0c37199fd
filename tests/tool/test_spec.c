/*
 * Addresses of the command line, right ones and wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "net/spec.h"

static int complaints;

void cli_complain(const char *format, ...)
{
    (void)format;
    complaints++;
}

static void assert_listens(const char *text, const char *at, bool loopback)
{
    struct sockaddr_storage address;
    char is[SPEC_ADDRESS_MAX];
    assert_true(spec_read_listen(&address, text));
    spec_address_text(&address, is);
    assert_string_equal(is, at);
    assert_int_equal(spec_is_loopback(&address), loopback);
}

static void test_a_port_alone_is_one_of_this_computer(void **state)
{
    (void)state;
    assert_listens("1080", "127.0.0.1:1080", true);
    assert_listens("0", "127.0.0.1:0", true);
}

static void test_an_address_may_stand_in_front(void **state)
{
    (void)state;
    assert_listens("localhost:80", "127.0.0.1:80", true);
    assert_listens("127.1.2.3:65535", "127.1.2.3:65535", true);
    assert_listens("0.0.0.0:1", "0.0.0.0:1", false);
    assert_listens("[::1]:1080", "[::1]:1080", true);
    assert_listens("[::]:1080", "[::]:1080", false);
    assert_listens("[127.0.0.1]:80", "127.0.0.1:80", true);
}

static void test_what_is_no_address_to_listen_on_is_told(void **state)
{
    static const char *const wrong[] = {
        "",      ":",       ":80",     "80:",        "65536", "-1",    "a:80", "::1:80",
        "[::1]", "[::1]80", "[::1:80", "127.0.0.1:", "1:2:3", "[]:80", "80 ",  "127.0.0.1:080x"};
    struct sockaddr_storage address;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        complaints = 0;
        assert_false(spec_read_listen(&address, wrong[i]));
        assert_int_equal(complaints, 1);
    }
}

static void assert_forwards(const char *text, const char *from, const char *to)
{
    struct spec spec;
    char is[SPEC_ADDRESS_MAX], service[SPEC_SERVICE_MAX];
    assert_true(spec_read_forward(&spec, text));
    spec_address_text(&spec.listen, is);
    spec_service_text(spec.host, spec.port, service);
    assert_string_equal(is, from);
    assert_string_equal(service, to);
}

static void test_a_forwarding_has_the_form_of_ssh(void **state)
{
    (void)state;
    assert_forwards("8080:example.com:80", "127.0.0.1:8080", "example.com:80");
    assert_forwards("0.0.0.0:8080:example.com:80", "0.0.0.0:8080", "example.com:80");
    assert_forwards("[::1]:8080:[2001:db8::1]:80", "[::1]:8080", "[2001:db8::1]:80");
}

static void test_a_forwarding_from_the_module_has_no_address_in_front(void **state)
{
    struct spec spec;
    (void)state;
    assert_true(spec_read_remote(&spec, "0:[::1]:22"));
    assert_int_equal(spec.listen_port, 0);
    assert_string_equal(spec.host, "::1");
    assert_int_equal(spec.port, 22);
    assert_false(spec_read_remote(&spec, "127.0.0.1:80:localhost:22"));
}

static void test_what_is_no_forwarding_is_told(void **state)
{
    static const char *const wrong[] = {"",       "80",          "80:host",   "80:host:0", "80::80",  "80:host:",
                                        "x:h:80", "a:80:host:1", "1:2:3:4:5", "80:[]:80",  ":80:h:80"};
    struct spec spec;
    char text[500];
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        complaints = 0;
        assert_false(spec_read_forward(&spec, wrong[i]));
        assert_int_equal(complaints, 1);
    }
    memset(text, 'h', sizeof(text));
    memcpy(text, "80:", 3);
    memcpy(text + 3 + 256, ":80", 4);
    assert_false(spec_read_forward(&spec, text));
    memcpy(text + 3 + 255, ":80", 4);
    assert_true(spec_read_forward(&spec, text));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_port_alone_is_one_of_this_computer),
        cmocka_unit_test(test_an_address_may_stand_in_front),
        cmocka_unit_test(test_what_is_no_address_to_listen_on_is_told),
        cmocka_unit_test(test_a_forwarding_has_the_form_of_ssh),
        cmocka_unit_test(test_a_forwarding_from_the_module_has_no_address_in_front),
        cmocka_unit_test(test_what_is_no_forwarding_is_told),
    };

    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
