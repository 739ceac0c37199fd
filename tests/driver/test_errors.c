/* The module's own error numbers, the errno each becomes, and their texts. */
#include <limits.h>

#include "test.h"

/* PROTOCOL.md 6.1; the rest of 550 to 579, and all others, are EIO. */
static const struct {
    int code, error;
} codes[] = {
    {550, EIO},          {551, EAGAIN},       {552, EINVAL},     {553, ENOMEM},      {554, ENOBUFS},
    {555, EOPNOTSUPP},   {556, EADDRINUSE},   {557, EADDRINUSE}, {558, EPIPE},       {559, ECONNRESET},
    {560, ECONNABORTED}, {561, ENETDOWN},     {562, ENETDOWN},   {563, EADDRINUSE},  {564, EAGAIN},
    {565, EHOSTUNREACH}, {566, ECONNREFUSED}, {567, ENOTCONN},   {568, EBUSY},       {569, ETIMEDOUT},
    {570, ENETDOWN},     {571, ECANCELED},    {572, EACCES},     {573, ENETUNREACH}, {574, EADDRINUSE},
    {575, EIO},          {576, EIO},          {577, EIO},        {578, EIO},         {579, EIO},
    {580, EIO},          {600, EIO},          {999, EIO},        {1, EIO},
};
enum { CODES = sizeof(codes) / sizeof(codes[0]), NAMED = 25 /* of them the first */ };

static int connect_once(struct rig *r)
{
    struct usocket_sockaddr to = rig_address(ECHO, 7);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    int result = usocket_connect(s, &to);

    assert_int_equal(usocket_getsocketsta(s), USOCKET_CLOSED);
    assert_int_equal(usocket_close(s), 0);
    return result;
}

/* --- where they come from ----------------------------------------------------------------------------------------- */

static void test_each_code_of_an_open_that_fails_becomes_its_errno(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        struct rig *r = rig_up(NULL);
        char fault[40];

        snprintf(fault, sizeof(fault), "open-error=%d*9", codes[i].code);
        rig_fault(r, fault);
        assert_int_equal(connect_once(r), -codes[i].error);
        assert_int_equal(usocket_last_module_error(&r->modem), codes[i].code);
        modemsim_fault_clear(r->sim, "open-error");
        echoes(rig_connect(r, ECHO, 7)); /* and nothing is left of it in the module */
        rig_free(r);
    }
}

static void test_each_code_of_qigeterror_becomes_its_errno(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        struct rig *r = rig_up(NULL);
        char fault[40];

        snprintf(fault, sizeof(fault), "error-code=%d", codes[i].code);
        rig_fault(r, fault);
        rig_fault(r, "error-for=AT+QIOPEN*9");
        assert_int_equal(connect_once(r), -codes[i].error);
        assert_int_equal(usocket_last_module_error(&r->modem), codes[i].code);
        assert_true(rig_sent(r, "AT+QIGETERROR") >= 1);
        modemsim_fault_clear(r->sim, "error-for");
        echoes(rig_connect(r, ECHO, 7));
        rig_free(r);
    }
}

static void test_a_code_that_no_16_bits_hold_is_no_success(void **state)
{
    static const char *const beyond[] = {"65536", "66102", "4294967296", "4294967862"};

    (void)state;
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        struct rig *r = rig_up(NULL);
        struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
        struct usocket_sockaddr to = rig_address(SINK, 13);
        char line[40];

        usocket_settimeout(s, 0);
        assert_int_equal(usocket_connect(s, &to), -EINPROGRESS);
        rig_run(r, 1000);
        snprintf(line, sizeof(line), "+QIOPEN: 0,%s", beyond[i]);
        rig_say(r, line);
        rig_run(r, 1000);
        assert_true(usocket_getsocketsta(s) != USOCKET_ESTABLISHED);
        rig_free(r);
    }
}

static void test_a_code_without_a_blank_before_its_text_is_read_too(void **state)
{
    struct rig *r = *state;

    rig_fault(r, "error-for=AT+QIOPEN*9");
    rig_answer(r, "AT+QIGETERROR", "\r\n+QIGETERROR: 572,operation not allowed\r\n\r\nOK\r\n");
    assert_int_equal(connect_once(r), -EACCES);
    assert_int_equal(usocket_last_module_error(&r->modem), 572);
}

static void test_some_codes_are_worth_one_more_try_and_others_are_not(void **state)
{
    static const struct {
        int code;
        unsigned opens;
    } tries[] = {{563, 2}, {561, 2}, {570, 2}, {566, 1}, {552, 1}, {551, 1}, {572, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct rig *r = rig_up(NULL);
        char fault[40];

        snprintf(fault, sizeof(fault), "open-error=%d*9", tries[i].code);
        rig_fault(r, fault);
        assert_true(connect_once(r) < 0);
        assert_int_equal(rig_sent(r, "AT+QIOPEN=1,"), tries[i].opens);
        rig_free(r);
    }
}

static void test_the_last_cme_error_is_told_and_a_later_error_takes_its_place(void **state)
{
    struct rig *r = *state;

    assert_int_equal(usocket_at_command(&r->modem, "AT+CPIN=\"1234\"", NULL, NULL, 1000), -EIO);
    assert_int_equal(usocket_last_module_error(&r->modem), 3);
    assert_int_equal(usocket_at_command(&r->modem, "AT+CSQ", NULL, NULL, 1000), 0);
    assert_int_equal(usocket_last_module_error(&r->modem), 3); /* what went well is no error */
    rig_answer(r, "AT+COPS=?", "\r\n+CME ERROR: 30\r\n");
    assert_int_equal(usocket_at_command(&r->modem, "AT+COPS=?", NULL, NULL, 1000), -EIO);
    assert_int_equal(usocket_last_module_error(&r->modem), 30);
    rig_fault(r, "open-error=566");
    assert_int_equal(connect_once(r), -ECONNREFUSED);
    assert_int_equal(usocket_last_module_error(&r->modem), 566);
}

static void test_before_anything_went_wrong_the_number_is_0(void **state)
{
    struct rig *r = *state;

    assert_int_equal(usocket_last_module_error(&r->modem), 0);
}

static void test_each_modem_has_a_last_error_of_its_own(void **state)
{
    struct rig *r = *state;
    struct rig *other = rig_up(NULL);
    int before = usocket_last_module_error(&other->modem);

    rig_fault(r, "open-error=572");
    assert_int_equal(connect_once(r), -EACCES);
    assert_int_equal(usocket_last_module_error(&r->modem), 572);
    assert_int_equal(usocket_last_module_error(&other->modem), before);
    rig_free(other);
}

/* --- their texts -------------------------------------------------------------------------------------------------- */

static void test_usocket_module_errno_is_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        assert_int_equal(usocket_module_errno(codes[i].code), -codes[i].error);
    }
    assert_int_equal(usocket_module_errno(-1), -EIO);
    assert_int_equal(usocket_module_errno(INT_MAX), -EIO);
    assert_int_equal(usocket_module_errno(INT_MIN), -EIO);
}

#if USOCKET_ERROR_STRINGS

static void test_each_code_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMED; i++) {
        const char *text = usocket_module_strerror(codes[i].code);

        assert_true(text[0] != '\0');
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(text, usocket_module_strerror(codes[k].code));
        }
        assert_true(codes[i].code == 550 || strcmp(text, usocket_module_strerror(99999)) != 0);
    }
}

/* Each errno that modem.h and socket.h name. */
static const int errors[] = {
    EACCES,      EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT,    EAGAIN,     EALREADY,     EBADF,        EBADMSG,
    EBUSY,       ECANCELED,  ECONNABORTED,  ECONNREFUSED,    ECONNRESET, EDESTADDRREQ, EHOSTUNREACH, EINPROGRESS,
    EINTR,       EINVAL,     EIO,           EISCONN,         EMFILE,     EMSGSIZE,     ENETDOWN,     ENETRESET,
    ENETUNREACH, ENOBUFS,    ENODEV,        ENOMEDIUM,       ENOMEM,     ENOPROTOOPT,  ENOTCONN,     EOPNOTSUPP,
    EPIPE,       EPROTO,     EPROTOTYPE,    ESOCKTNOSUPPORT, ETIMEDOUT,
};
enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

static void test_each_errno_has_a_text_of_its_own_for_both_signs(void **state)
{
    const char *unknown = usocket_strerror(99999);

    (void)state;
    for (size_t i = 0; i < ERRORS; i++) {
        const char *text = usocket_strerror(errors[i]);

        if (text[0] == '\0' || strcmp(text, unknown) == 0 || strcmp(text, usocket_strerror(-errors[i])) != 0) {
            fail_msg("errno %d: \"%s\"", errors[i], text);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(text, usocket_strerror(errors[k]));
        }
    }
}

static void test_unknown_numbers_have_a_text(void **state)
{
    static const int numbers[] = {0, 1, -1, 549, 575, 579, 580, 99999, -99999, INT_MAX, INT_MIN, INT_MIN + 1};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_non_null(usocket_strerror(numbers[i]));
        assert_non_null(usocket_module_strerror(numbers[i]));
        assert_true(usocket_strerror(numbers[i])[0] != '\0');
        assert_true(usocket_module_strerror(numbers[i])[0] != '\0');
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_of_an_open_that_fails_becomes_its_errno),
        cmocka_unit_test(test_each_code_of_qigeterror_becomes_its_errno),
        cmocka_unit_test(test_a_code_that_no_16_bits_hold_is_no_success),
        UP(test_a_code_without_a_blank_before_its_text_is_read_too),
        cmocka_unit_test(test_some_codes_are_worth_one_more_try_and_others_are_not),
        UP(test_the_last_cme_error_is_told_and_a_later_error_takes_its_place),
        FRESH(test_before_anything_went_wrong_the_number_is_0),
        UP(test_each_modem_has_a_last_error_of_its_own),
        cmocka_unit_test(test_usocket_module_errno_is_the_table),
#if USOCKET_ERROR_STRINGS
        cmocka_unit_test(test_each_code_has_a_text_of_its_own),
        cmocka_unit_test(test_each_errno_has_a_text_of_its_own_for_both_signs),
        cmocka_unit_test(test_unknown_numbers_have_a_text),
#endif
    };

    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
