/* Numeric addresses as text: what is one and what is not, and the one way each is written (RFC 4291, RFC 5952). */
#include "test.h"

#include <arpa/inet.h>

static const struct {
    const char *text, *written; /* NULL: refused */
} table[] = {
    /* IPv4: four decimal numbers without leading zeros, which some readers take for octal ones */
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"192.0.2.1", "192.0.2.1"},
    {"10.20.30.40", "10.20.30.40"},
    {"01.2.3.4", NULL},
    {"1.2.3.04", NULL},
    {"1.2.3.00", NULL},
    {"010.0.0.1", NULL},
    {"256.1.1.1", NULL},
    {"1.1.1.256", NULL},
    {"1.1.1.999", NULL},
    {"1.1.1.1000", NULL},
    {"1.2.3.4294967297", NULL},
    {"1.2.3", NULL},
    {"1.2.3.4.5", NULL},
    {"1.2.3.", NULL},
    {".1.2.3", NULL},
    {"1..2.3", NULL},
    {"1.2.3.4.", NULL},
    {"1.2.3.4 ", NULL},
    {" 1.2.3.4", NULL},
    {"1.2.3.-4", NULL},
    {"+1.2.3.4", NULL},
    {"0x1.2.3.4", NULL},
    {"1.2.3.4a", NULL},
    {"16909060", NULL},
    {"1.2.3.4:80", NULL},
    {"1.2.3.4/8", NULL},
    /* IPv6: the forms of RFC 4291, 2.2 */
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"2001:db8::1", "2001:db8::1"},
    {"2001:db8:0:0:8:800:200c:417a", "2001:db8::8:800:200c:417a"},
    {"ff01:0:0:0:0:0:0:101", "ff01::101"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"},
    {"ABCD:EF01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
    {"0001:0002:0003:0004:0005:0006:0007:0008", "1:2:3:4:5:6:7:8"},
    {"::192.0.2.33", "::c000:221"},
    {"::ffff:192.0.2.128", "::ffff:c000:280"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
    {"1::2:192.0.2.1", "1::2:c000:201"},
    {"1:2:3:4:5::192.0.2.1", "1:2:3:4:5:0:c000:201"},
    {"", "0.0.0.0"},
    {":", NULL},
    {":::", NULL},
    {"::::", NULL},
    {"1", NULL},
    {"1:", NULL},
    {":1", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:", NULL},
    {":1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:", NULL},
    {":1:2:3:4:5:6:7:8", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1:2:3:4::5:6:7:8", NULL}, /* "::" stands for at least one group */
    {"1:2:3:4:5:6:7:8::", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"1::2::3", NULL},
    {"1:::2", NULL},
    {":1::2", NULL},
    {"1::2:", NULL},
    {"::1:", NULL},
    {"12345::", NULL},
    {"00001::", NULL},
    {"g::", NULL},
    {"::g", NULL},
    {"1::0x2", NULL},
    {"::1.2.3", NULL},
    {"::1.2.3.4.5", NULL},
    {"::01.2.3.4", NULL},
    {"::256.2.3.4", NULL},
    {"::1.2.3.4:5", NULL},
    {"::1.2.3.4::", NULL},
    {"1.2.3.4::", NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    {"1:2:3:4:5:1.2.3.4", NULL},
    {"1:2:3:4:5:6::1.2.3.4", NULL},
    {"::%eth0", NULL},
    {"fe80::1%1", NULL},
    {"[::1]", NULL},
    {"::1 ", NULL},
    {" ::1", NULL},
    {"::1/64", NULL},
    {"files.example", NULL},
    {"dead.beef", NULL},
    {"cafe", NULL},
};

static int family_of(const char *text)
{
    if (text[0] == '\0') {
        return 0; /* none: for bind, the data call's own */
    }
    return strchr(text, ':') != NULL ? USOCKET_AF_INET6 : USOCKET_AF_INET;
}

static void test_each_text_is_taken_or_refused_and_written_in_its_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct usocket_sockaddr sa = {.family = 99, .port = 99, .addr = {99}};
        char text[USOCKET_ADDRSTRLEN];
        int result = usocket_sockaddr_set(&sa, table[i].text, 4711);

        if (result != (table[i].written != NULL ? 0 : -EINVAL)) {
            fail_msg("\"%s\": %d", table[i].text, result);
        }
        if (table[i].written == NULL) { /* and what was there stays */
            assert_int_equal(sa.family, 99);
            assert_int_equal(sa.port, 99);
            assert_int_equal(sa.addr[0], 99);
            continue;
        }
        assert_int_equal(sa.family, family_of(table[i].text));
        assert_int_equal(sa.port, 4711);
        assert_int_equal(usocket_sockaddr_text(&sa, text), strlen(table[i].written));
        assert_string_equal(text, table[i].written);
    }
}

/* RFC 5952: no leading zeros, the longest run of zeros shortened, the first of equals, never a single one, lower case.
 */
static void test_ipv6_is_written_as_rfc_5952_wants_it(void **state)
{
    static const struct {
        const char *text, *written;
    } examples[] = {
        {"2001:0db8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"},
        {"1:0:0:1:0:0:0:0", "1:0:0:1::"},
        {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
        {"1:0:1:0:1:0:1:0", "1:0:1:0:1:0:1:0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct usocket_sockaddr sa;
        char text[USOCKET_ADDRSTRLEN];

        assert_int_equal(usocket_sockaddr_set(&sa, examples[i].text, 0), 0);
        usocket_sockaddr_text(&sa, text);
        assert_string_equal(text, examples[i].written);
    }
}

static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

/* Half of the groups are zero and a quarter small, so that runs of every place and length occur. */
static void random_address(uint32_t *x, struct usocket_sockaddr *sa)
{
    *sa = (struct usocket_sockaddr){.family = next_random(x) % 4 == 0 ? USOCKET_AF_INET : USOCKET_AF_INET6};
    for (int i = 0; i < (sa->family == USOCKET_AF_INET ? 4 : 16); i += 2) {
        uint32_t group = next_random(x);
        uint32_t kind = next_random(x) % 4;

        group = kind < 2 ? 0 : kind == 2 ? group & 0xf : group;
        sa->addr[i] = (uint8_t)(group >> 8);
        sa->addr[i + 1] = (uint8_t)group;
    }
}

/* inet_ntop() writes the last two groups of ::1.2.3.4 and ::ffff:1.2.3.4 with dots; RFC 5952 leaves that open. */
static void test_round_trips_agree_with_the_system(void **state)
{
    uint32_t x = 2463534242u;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct usocket_sockaddr sa;
        struct usocket_sockaddr back;
        char ours[USOCKET_ADDRSTRLEN];
        char theirs[INET6_ADDRSTRLEN];
        uint8_t bytes[16] = {0};
        size_t len;
        int af;

        random_address(&x, &sa);
        af = sa.family == USOCKET_AF_INET ? AF_INET : AF_INET6;
        len = usocket_sockaddr_text(&sa, ours);
        assert_int_equal(len, strlen(ours));
        assert_int_equal(inet_pton(af, ours, bytes), 1);
        assert_memory_equal(bytes, sa.addr, 16);
        assert_non_null(inet_ntop(af, sa.addr, theirs, sizeof(theirs)));
        if (af == AF_INET || strchr(theirs, '.') == NULL) {
            assert_string_equal(ours, theirs);
        }
        assert_int_equal(usocket_sockaddr_set(&back, theirs, 7), 0);
        assert_int_equal(back.family, sa.family);
        assert_memory_equal(back.addr, sa.addr, 16);
    }
}

/* What one reader takes the other takes too, and as the same: a text that is checked here is used there. */
static void test_changed_texts_are_read_as_the_system_reads_them(void **state)
{
    static const char bytes[] = "0123456789abcdefABCDEF:::::...g%/ ";
    uint32_t x = 88172645u;
    int taken = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct usocket_sockaddr sa;
        char text[USOCKET_ADDRSTRLEN];
        uint8_t want[16] = {0};
        size_t len;
        int af;

        random_address(&x, &sa);
        len = usocket_sockaddr_text(&sa, text);
        for (uint32_t n = next_random(&x) % 3; n > 0; n--) {
            text[next_random(&x) % len] = bytes[next_random(&x) % (sizeof(bytes) - 1)];
        }
        af = inet_pton(AF_INET, text, want) == 1 ? AF_INET : inet_pton(AF_INET6, text, want) == 1 ? AF_INET6 : 0;
        if (usocket_sockaddr_set(&sa, text, 0) != (af != 0 ? 0 : -EINVAL)) {
            fail_msg("\"%s\" is family %d to the system", text, af);
        }
        if (af != 0) {
            taken++;
            assert_int_equal(sa.family, af == AF_INET ? USOCKET_AF_INET : USOCKET_AF_INET6);
            assert_memory_equal(sa.addr, want, 16);
        }
    }
    assert_within(taken, 60000, 180000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_text_is_taken_or_refused_and_written_in_its_one_form),
        cmocka_unit_test(test_ipv6_is_written_as_rfc_5952_wants_it),
        cmocka_unit_test(test_round_trips_agree_with_the_system),
        cmocka_unit_test(test_changed_texts_are_read_as_the_system_reads_them),
    };

    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
