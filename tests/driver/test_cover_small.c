/* The library built for command lines of 128 bytes: what is longer is refused and nothing of it is sent. */
#include "test.h"

static void test_a_name_too_long_for_the_command_line_is_refused_and_a_short_one_is_found(void **state)
{
    struct rig *r = *state;
    struct usocket_addrinfo found;
    char name[200];

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(usocket_getaddrinfo(&r->modem, name, 7, &found, 1), -EMSGSIZE);
    assert_int_equal(rig_sent(r, "AT+QIDNSGIP"), 0);
    assert_int_equal(usocket_getaddrinfo(&r->modem, "echo.example", 7, &found, 1), 1);
    assert_int_equal(rig_sent(r, "AT+QIDNSGIP"), 1);
}

static void test_an_own_command_may_be_as_long_as_the_line_and_no_longer(void **state)
{
    struct rig *r = *state;
    char command[USOCKET_COMMAND_SIZE + 1];

    memset(command, '?', sizeof(command));
    memcpy(command, "AT+X", 4);
    command[USOCKET_COMMAND_SIZE] = '\0';
    assert_int_equal(usocket_at_command(&r->modem, command, NULL, NULL, 1000), -EMSGSIZE);
    assert_int_equal(rig_sent(r, "AT+X"), 0);
    command[USOCKET_COMMAND_SIZE - 1] = '\0';
    assert_int_equal(usocket_at_command(&r->modem, command, NULL, NULL, 1000), -EIO); /* the module knows no AT+X */
    assert_int_equal(rig_sent(r, command), 1);
}

/* Each text may have a quarter of the line. */
static void test_the_longest_texts_of_a_configuration_fit_into_their_command(void **state)
{
    struct rig *r = *state;
    char text[USOCKET_COMMAND_SIZE / 4 + 2] = "";
    struct usocket_config config = {.apn = text, .user = text, .password = text, .auth = 2, .cid = 16, .pdp = 3};

    memset(text, 'x', USOCKET_COMMAND_SIZE / 4 + 1);
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), -EINVAL);
    text[USOCKET_COMMAND_SIZE / 4] = '\0';
    assert_int_equal(usocket_init(&r->modem, &rig_port, r, &config), 0);
    usocket_wait_network(&r->modem, 60000, NULL, NULL);
    assert_int_equal(rig_sent(r, "AT+QICSGP=16,3,"), 1);
    echoes(rig_connect(r, ECHO, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_a_name_too_long_for_the_command_line_is_refused_and_a_short_one_is_found),
        ROUGH(test_an_own_command_may_be_as_long_as_the_line_and_no_longer),
        UP(test_the_longest_texts_of_a_configuration_fit_into_their_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
