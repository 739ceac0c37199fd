/* A socket as a FILE: lines, blocks and formatted text through stdio, and what goes wrong as errno. */
#include "test.h"

#include <errno.h>

#include "usocket/stdio.h"

enum { SIZE = 20000 };

static FILE *file_of(struct usocket *s, const char *mode)
{
    FILE *file = usocket_makefile(s, mode);

    if (file == NULL) {
        fail_msg("no file for mode %s: errno %d", mode, errno);
    }
    return file;
}

static void says(struct rig *r, uint16_t port, const char *text)
{
    rig_peer_says(r, port, text, strlen(text));
    rig_run(r, 100);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void test_fgets_reads_what_the_peer_says_line_by_line(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *in = file_of(s, "rb");
    char line[80];

    says(r, 80, "HTTP/1.0 200 OK\r\n\r\nno line end");
    rig_peer_closes(r, 80);
    assert_string_equal(fgets(line, sizeof(line), in), "HTTP/1.0 200 OK\r\n");
    assert_string_equal(fgets(line, sizeof(line), in), "\r\n");
    assert_string_equal(fgets(line, sizeof(line), in), "no line end");
    assert_null(fgets(line, sizeof(line), in));
    assert_true(feof(in));
    assert_false(ferror(in));
    assert_int_equal(fclose(in), 0);
}

static void test_a_line_is_read_when_it_is_there_not_when_the_buffer_is_full(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *in = file_of(s, "rb");
    char line[80];
    uint32_t began;

    usocket_settimeout(s, 30000);
    says(r, 80, "one\n");
    began = rig_now_ms(r);
    assert_string_equal(fgets(line, sizeof(line), in), "one\n");
    assert_within(rig_now_ms(r) - began, 0, 100);
    assert_int_equal(fclose(in), 0);
}

static void test_fread_reads_a_file_of_twenty_thousand_bytes_to_its_end(void **state)
{
    struct rig *r = *state;
    static uint8_t got[SIZE + 1];
    static uint8_t want[SIZE];
    struct usocket *s;
    FILE *in;

    memnet_add(r->net,
               &(struct memnet_peer){.host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = SIZE, .seed = 5});
    s = rig_connect(r, FILES, 8000);
    in = file_of(s, "rb");
    memnet_pattern(5, 0, want, SIZE);
    assert_int_equal(fread(got, 1, sizeof(got), in), SIZE);
    assert_memory_equal(got, want, SIZE);
    assert_true(feof(in));
    assert_false(ferror(in));
    assert_int_equal(fclose(in), 0);
}

static void test_a_time_out_of_a_read_sets_the_error_indicator_and_errno(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *in = file_of(s, "rb");
    char line[80];
    uint32_t began = rig_now_ms(r);

    usocket_settimeout(s, 2500);
    errno = 0;
    assert_null(fgets(line, sizeof(line), in));
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(ferror(in));
    assert_false(feof(in));
    assert_within(rig_now_ms(r) - began, 2500, 2600);

    clearerr(in);
    says(r, 80, "late\n");
    assert_string_equal(fgets(line, sizeof(line), in), "late\n");
    assert_int_equal(fclose(in), 0);
}

static void test_a_read_of_a_non_blocking_socket_sets_eagain(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *in = file_of(s, "rb");
    uint32_t began = rig_now_ms(r);

    usocket_setblocking(s, false);
    errno = 0;
    assert_int_equal(fgetc(in), EOF);
    assert_int_equal(errno, EAGAIN);
    assert_true(ferror(in));
    assert_int_equal(rig_now_ms(r), began);
    assert_int_equal(fclose(in), 0);
}

static void test_the_end_of_a_connection_by_a_fault_is_an_error_not_the_end_of_the_file(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *in = file_of(s, "rb");

    rig_fault(r, "reset-after=1000");
    errno = 0;
    assert_int_equal(fgetc(in), EOF);
    assert_int_equal(errno, ENETRESET);
    assert_true(ferror(in));
    assert_false(feof(in));
    assert_int_equal(fclose(in), 0);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void test_what_fprintf_writes_goes_out_with_fflush(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    FILE *out = file_of(s, "wb");
    FILE *in = file_of(s, "rb");
    char line[80];

    fprintf(out, "GET /%s HTTP/1.%d\r\n", "index", 0);
    rig_run(r, 1000);
    assert_int_equal(memnet_sunk(r->net), 0);
    assert_int_equal(fflush(out), 0);
    assert_string_equal(fgets(line, sizeof(line), in), "GET /index HTTP/1.0\r\n");
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(in), 0);
}

static void test_fclose_flushes_and_leaves_the_socket_open(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    FILE *out = file_of(s, "wb");
    char back[5];

    assert_int_equal(fputs("first", out), 1);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(usocket_read(s, back, 5), 5);
    assert_memory_equal(back, "first", 5);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

static void test_fwrite_of_twenty_thousand_bytes_arrives_whole(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    FILE *out = file_of(s, "wb");
    static uint8_t bytes[SIZE];

    memnet_pattern(6, 0, bytes, SIZE);
    assert_int_equal(fwrite(bytes, 1, SIZE, out), SIZE);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(usocket_close(s), 0);
    assert_int_equal(usocket_shutdown(&r->modem, 10000), 0);
    assert_true(memnet_hash(r->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, SIZE));
}

static void test_a_time_out_of_a_write_sets_the_error_indicator_and_errno(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    FILE *out = file_of(s, "wb");
    static const char bytes[3000];
    uint32_t began;

    rig_fault(r, "send-fail");
    usocket_settimeout(s, 2500);
    assert_int_equal(setvbuf(out, NULL, _IOFBF, 4096), 0);
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes), out), sizeof(bytes));
    began = rig_now_ms(r);
    errno = 0;
    assert_int_equal(fflush(out), EOF);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(ferror(out));
    assert_within(rig_now_ms(r) - began, 2500,
                  5200); /* one for the call that took a part, one for that which did not */
    fclose(out);
}

static void test_a_write_on_a_non_blocking_socket_tells_how_much_was_taken_and_eagain(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    FILE *out = file_of(s, "wb");
    static const char bytes[3 * USOCKET_TX_SIZE];
    size_t taken;

    rig_fault(r, "send-fail");
    usocket_setblocking(s, false);
    assert_int_equal(setvbuf(out, NULL, _IONBF, 0), 0);
    errno = 0;
    taken = fwrite(bytes, 1, sizeof(bytes), out);
    assert_int_equal(taken, USOCKET_TX_SIZE);
    assert_int_equal(errno, EAGAIN);
    assert_true(ferror(out));

    clearerr(out);
    errno = 0;
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes), out), 0);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(fclose(out), 0);
}

static void test_a_connection_that_fails_behind_a_part_of_a_write_tells_its_own_error(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, SINK, 9);
    FILE *out = file_of(s, "wb");
    static const char bytes[3000];

    rig_fault(r, "send-fail");
    rig_fault(r, "reset-after=1000");
    assert_int_equal(setvbuf(out, NULL, _IONBF, 0), 0);
    errno = 0;
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes), out), USOCKET_TX_SIZE);
    assert_int_equal(errno, ENETRESET);
    assert_true(ferror(out));
    assert_int_equal(fclose(out), 0);
}

static void test_a_write_to_a_peer_that_has_closed_sets_epipe(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, TALK, 80);
    FILE *out = file_of(s, "wb");

    rig_peer_closes(r, 80);
    rig_run(r, 1000);
    assert_int_equal(fputs("nobody hears", out), 1);
    errno = 0;
    assert_int_equal(fclose(out), EOF);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(usocket_close(s), 0);
}

/* --- what a file can be ------------------------------------------------------------------------------------------- */

static void refuses(struct usocket *s, const char *mode, int error)
{
    errno = 0;
    assert_null(usocket_makefile(s, mode));
    assert_int_equal(errno, error);
}

static void test_any_mode_but_rb_and_wb_is_refused(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    static const char *const modes[] = {"", "r", "w", "b", "a", "ab", "r+", "r+b", "rb+", "rwb", "wbx", "bw", "rt"};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        refuses(s, modes[i], EINVAL);
    }
    echoes(s);
}

static void test_a_file_goes_one_way_only(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    FILE *in = file_of(s, "rb");
    FILE *out = file_of(s, "wb");

    assert_int_equal(fputc('x', in), EOF);
    assert_true(ferror(in));
    assert_int_equal(fgetc(out), EOF);
    assert_true(ferror(out));
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static void test_a_udp_socket_is_no_file(void **state)
{
    struct rig *r = *state;

    refuses(usocket_socket(&r->modem, 0, USOCKET_SOCK_DGRAM, 0), "rb", EOPNOTSUPP);
}

static void test_a_closed_socket_is_no_file_and_an_open_file_of_it_says_ebadf(void **state)
{
    struct rig *r = *state;
    struct usocket *s = rig_connect(r, ECHO, 7);
    FILE *in = file_of(s, "rb");

    assert_int_equal(usocket_close(s), 0);
    refuses(s, "rb", EBADF);
    refuses(NULL, "wb", EBADF);
    errno = 0;
    assert_int_equal(fgetc(in), EOF);
    assert_int_equal(errno, EBADF);
    assert_int_equal(fclose(in), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_fgets_reads_what_the_peer_says_line_by_line),
        UP(test_a_line_is_read_when_it_is_there_not_when_the_buffer_is_full),
        UP(test_fread_reads_a_file_of_twenty_thousand_bytes_to_its_end),
        UP(test_a_time_out_of_a_read_sets_the_error_indicator_and_errno),
        UP(test_a_read_of_a_non_blocking_socket_sets_eagain),
        UP(test_the_end_of_a_connection_by_a_fault_is_an_error_not_the_end_of_the_file),
        UP(test_what_fprintf_writes_goes_out_with_fflush),
        UP(test_fclose_flushes_and_leaves_the_socket_open),
        UP(test_fwrite_of_twenty_thousand_bytes_arrives_whole),
        UP(test_a_time_out_of_a_write_sets_the_error_indicator_and_errno),
        UP(test_a_write_on_a_non_blocking_socket_tells_how_much_was_taken_and_eagain),
        UP(test_a_connection_that_fails_behind_a_part_of_a_write_tells_its_own_error),
        UP(test_a_write_to_a_peer_that_has_closed_sets_epipe),
        UP(test_any_mode_but_rb_and_wb_is_refused),
        UP(test_a_file_goes_one_way_only),
        UP(test_a_udp_socket_is_no_file),
        UP(test_a_closed_socket_is_no_file_and_an_open_file_of_it_says_ebadf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
