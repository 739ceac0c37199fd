/*
 * The recording wrapper round a module that a test scripts: the file says what passed and when, and plays again.
 */
#define _GNU_SOURCE 1

#include "helpers.h"

#include <sys/wait.h>

/* An inner port whose answers a test sets, with every optional function counted. */
struct fake {
    uint32_t now_ms;
    const char *arrives; /* what the next read takes */
    ssize_t room;        /* how much a write takes at most, or its error */
    int calls[5];
};

enum { LOCK, UNLOCK, WAKE, RESET, LOG };

static ssize_t fake_read(void *ctx, void *buf, size_t len)
{
    struct fake *f = ctx;
    if (!f->arrives)
        return -ENODEV;
    size_t n = strnlen(f->arrives, len);
    memcpy(buf, f->arrives, n);
    f->arrives += n;
    return (ssize_t)n;
}

static ssize_t fake_write(void *ctx, const void *buf, size_t len)
{
    (void)buf;
    struct fake *f = ctx;
    return f->room < 0 || (size_t)f->room < len ? f->room : (ssize_t)len;
}

static int fake_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct fake *f = ctx;
    f->now_ms += timeout_ms;
    return for_write ? -ENODEV : 0;
}

static uint32_t fake_now_ms(void *ctx)
{
    return ((struct fake *)ctx)->now_ms;
}

static void fake_lock(void *ctx)
{
    ((struct fake *)ctx)->calls[LOCK]++;
}

static void fake_unlock(void *ctx)
{
    ((struct fake *)ctx)->calls[UNLOCK]++;
}

static void fake_wake(void *ctx)
{
    ((struct fake *)ctx)->calls[WAKE]++;
}

static int fake_reset(void *ctx)
{
    ((struct fake *)ctx)->calls[RESET]++;
    return -EIO;
}

static void fake_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    if (what == USOCKET_LOG_EVENT && len == 2 && memcmp(text, "hi", 2) == 0)
        ((struct fake *)ctx)->calls[LOG]++;
}

static const struct usocket_port bare = {
    .read = fake_read, .write = fake_write, .wait = fake_wait, .now_ms = fake_now_ms};
static const struct usocket_port full = {.read = fake_read,
                                         .write = fake_write,
                                         .wait = fake_wait,
                                         .now_ms = fake_now_ms,
                                         .lock = fake_lock,
                                         .unlock = fake_unlock,
                                         .wake = fake_wake,
                                         .reset = fake_reset,
                                         .log = fake_log};

static struct usocket_record_port recording;
static struct fake module;
static char path[64];

static int start(void **state)
{
    (void)state;
    module = (struct fake){.now_ms = UINT32_MAX - 10, .room = 1000, .arrives = ""};
    make_file(path, "");
    return usocket_record_open(&recording, &full, &module, path, "a title");
}

static int stop(void **state)
{
    (void)state;
    usocket_record_close(&recording);
    return unlink(path);
}

static void host_writes(const char *text)
{
    give(recording.port, &recording, text, strlen(text));
}

static void module_sends(const char *text)
{
    char buf[200];
    module.arrives = text;
    assert_int_equal(recording.port->read(&recording, buf, sizeof buf), strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

static void assert_file_is(const char *expected)
{
    char text[1000];
    FILE *file = fopen(path, "rb");
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void test_the_file_shows_what_passed_and_when_over_a_wrap_of_the_clock(void **state)
{
    (void)state;
    recording.port->wait(&recording, 5, 0);
    host_writes("ATI\r");
    recording.port->wait(&recording, 20, 0);
    module_sends("\r\nBG96\r\n\r\nOK\r\n");
    module_sends("\r\n+CREG: 1\r\n");
    host_writes("AT\r");
    module_sends("OK");
    assert_file_is("# a title\n"
                   "@ +5\n"
                   "> ATI\\r\n"
                   "@ +20\n"
                   "< \\r\\nBG96\\r\\n\n"
                   "< \\r\\nOK\\r\\n\n"
                   "@ +0\n"
                   "< \\r\\n+CREG: 1\\r\\n\n"
                   "> AT\\r\n"
                   "< OK\n");
}

static void test_only_the_bytes_that_the_line_took_are_recorded(void **state)
{
    (void)state;
    module.room = 2;
    assert_int_equal(recording.port->write(&recording, "ATI\r", 4), 2);
    module.room = 0;
    assert_int_equal(recording.port->write(&recording, "I\r", 2), 0);
    module.room = -ENODEV;
    assert_int_equal(recording.port->write(&recording, "I\r", 2), -ENODEV);
    char c;
    assert_int_equal(recording.port->read(&recording, &c, 1), 0);
    module.arrives = NULL;
    assert_int_equal(recording.port->read(&recording, &c, 1), -ENODEV);
    assert_int_equal(recording.port->wait(&recording, 0, 1), -ENODEV);
    assert_file_is("# a title\n> AT\n");
}

static void test_optional_functions_pass_through(void **state)
{
    (void)state;
    recording.port->lock(&recording);
    recording.port->unlock(&recording);
    recording.port->wake(&recording);
    recording.port->log(&recording, USOCKET_LOG_EVENT, "hi", 2);
    assert_int_equal(recording.port->reset(&recording), -EIO);
    for (int i = LOCK; i <= LOG; i++)
        assert_int_equal(module.calls[i], 1);
    assert_file_is("# a title\n# the host resets the module by its pin\n");
}

static void test_what_the_inner_port_lacks_the_wrapper_lacks(void **state)
{
    (void)state;
    struct usocket_record_port plain;
    assert_int_equal(usocket_record_open(&plain, &bare, &module, "/dev/null", NULL), 0);
    assert_null(plain.port->lock);
    assert_null(plain.port->unlock);
    assert_null(plain.port->wake);
    assert_null(plain.port->reset);
    assert_null(plain.port->log);
    assert_int_equal(usocket_record_close(&plain), 0);
}

static void test_a_full_disk_leaves_the_line_alone_and_is_told_by_close(void **state)
{
    (void)state;
    struct usocket_record_port lost;
    assert_int_equal(usocket_record_open(&lost, &full, &module, "/dev/full", NULL), 0);
    assert_int_equal(lost.port->write(&lost, "ATI\r", 4), 4);
    assert_int_equal(usocket_record_close(&lost), -ENOSPC);
    assert_int_equal(usocket_record_close(&lost), -ENOSPC);
}

static void test_a_file_that_can_not_be_made_is_told_by_open(void **state)
{
    (void)state;
    struct usocket_record_port lost;
    assert_int_equal(usocket_record_open(&lost, &full, &module, "/no/such/dir/x.atlog", NULL), -ENOENT);
    assert_int_equal(usocket_record_close(&lost), 0);
}

/* A session of all byte values, cut differently in the second run than in the first. */
static void session(const struct usocket_port *port, void *ctx, size_t cut)
{
    unsigned char all[256], got[256];
    fill_all_bytes(all);
    for (int round = 0; round < 3; round++) {
        for (size_t done = 0; done < sizeof all; done += cut)
            give(port, ctx, all + done, cut);
        take(port, ctx, got, sizeof got);
        assert_memory_equal(got, all, sizeof all);
    }
}

static void test_a_recording_plays_again_with_the_same_bytes_in_other_chunks(void **state)
{
    (void)state;
    char name[64], file[64];
    make_file(file, "");
    int master = open_pty(name);
    struct usocket_fd_port line;
    struct usocket_record_port recorder;
    assert_int_equal(usocket_fd_open(&line, name), 0);
    assert_int_equal(usocket_record_open(&recorder, line.port, &line, file, NULL), 0);

    /* The far end sends back what it got: the pty holds one round. */
    pid_t echo = fork();
    if (echo == 0) {
        unsigned char got[256];
        for (int round = 0; round < 3; round++) {
            take_fd(master, got, sizeof got);
            give_fd(master, got, sizeof got);
        }
        _exit(0);
    }
    session(recorder.port, &recorder, 64);
    assert_int_equal(usocket_record_close(&recorder), 0);
    usocket_fd_close(&line);
    close(master);
    assert_int_equal(waitpid(echo, NULL, 0), echo);

    struct usocket_replay_port replay;
    assert_int_equal(usocket_replay_open(&replay, file), 0);
    session(replay.port, &replay, 16);
    assert_string_equal(replay.mismatch, "");
    assert_true(usocket_replay_done(&replay));
    usocket_replay_close(&replay);
    unlink(file);
}

#define on_a_recording(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_a_recording(test_the_file_shows_what_passed_and_when_over_a_wrap_of_the_clock),
        on_a_recording(test_only_the_bytes_that_the_line_took_are_recorded),
        on_a_recording(test_optional_functions_pass_through),
        on_a_recording(test_what_the_inner_port_lacks_the_wrapper_lacks),
        on_a_recording(test_a_full_disk_leaves_the_line_alone_and_is_told_by_close),
        on_a_recording(test_a_file_that_can_not_be_made_is_told_by_open),
        cmocka_unit_test(test_a_recording_plays_again_with_the_same_bytes_in_other_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
