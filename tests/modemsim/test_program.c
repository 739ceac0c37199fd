/*
 * The program end to end: a pseudo-terminal, a Unix socket or a TCP port on one side, real sockets on loopback on the
 * other; its log, its report and its complaints.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

#define FINE "\r\nOK\r\n"

/* ---- the log ---- */

static size_t unescape(const char *text, char *out)
{
    size_t len = 0;
    while (*text && *text != '\n') {
        if (*text != '\\') {
            out[len++] = *text++;
        } else if (text[1] == 'x') {
            char hex[3] = {text[2], text[3], 0};
            out[len++] = (char)strtol(hex, NULL, 16);
            text += 4;
        } else {
            out[len++] = text[1] == 'r' ? '\r' : text[1] == 'n' ? '\n' : text[1];
            text += 2;
        }
    }
    return len;
}

static void log_holds_the_session(const struct program *p)
{
    static char line[8192], said[65536], heard[65536];
    size_t said_len = 0;
    size_t heard_len = 0;
    FILE *in = fopen(p->log, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        if (line[0] == '>' && line[1] == ' ') {
            said_len += unescape(line + 2, said + said_len);
        } else if (line[0] == '<' && line[1] == ' ') {
            heard_len += unescape(line + 2, heard + heard_len);
        } else if (line[0] == '@') {
            assert_true(strtol(line + 3, NULL, 10) > 0);
        } else {
            assert_int_equal(line[0], '#');
        }
    }
    fclose(in);
    rig_same("log, host", said, said_len, p->said.bytes, p->said.len);
    rig_same("log, module", heard, heard_len, p->heard.bytes, p->heard.len);
}

/* ---- tests ---- */

static void test_a_session_over_a_pseudo_terminal(void **state)
{
    char line[120];
    struct stat st;
    (void)state;
    struct server s = start_server();
    struct program *p = prog_start("--host", "echo.example=127.0.0.1", NULL);
    prog_bring_up(p);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"echo.example\",%u,0,0\r", s.port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    prog_expect(p, "AT+QISEND=0,7\r", "\r\n> ");
    prog_expect(p, "a\\\x1a\r\n\x7f!", "\r\nSEND OK\r\n\r\n+QIURC: \"recv\",0\r\n");
    prog_expect(p, "AT+QIRD=0,1500\r", "\r\n+QIRD: 7\r\na\\\x1a\r\n\x7f!\r\n\r\nOK\r\n");
    close(p->host);
    p->host = open(p->link, O_RDWR | O_NOCTTY); /* the host comes back, the module has lived on */
    prog_expect(p, "AT+QIRD=0,0\r", "\r\n+QIRD: 7,7,0\r\n\r\nOK\r\n");
    prog_expect(p, "AT+QICLOSE=0\r", FINE);
    prog_expect(p, "AT+QIDNSGIP=1,\"echo.example\"\r",
                FINE "\r\n+QIURC: \"dnsgip\",0,1,60\r\n"
                     "\r\n+QIURC: \"dnsgip\",\"127.0.0.1\"\r\n");
    prog_expect(p, "AT+QIDNSGIP=1,\"localhost\"\r",
                FINE "\r\n+QIURC: \"dnsgip\",0,1,60\r\n"
                     "\r\n+QIURC: \"dnsgip\",\"127.0.0.1\"\r\n");
    assert_int_equal(prog_finish(p), 0);
    assert_non_null(strstr(p->report, "payload_received                7\n"));
    assert_null(strstr(p->report, "wrong use"));
    assert_int_not_equal(lstat(p->link, &st), 0);
    log_holds_the_session(p);
    prog_forget(p);
    stop_server(&s);
}

static void test_refused_and_closed_connections(void **state)
{
    char line[120];
    uint16_t port = 0;
    (void)state;
    struct program *p = prog_start("--running", NULL);
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    prog_expect(p, "AT+QIACT=1\r", FINE);
    int fd = loopback(AF_INET, SOCK_STREAM, &port);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"127.0.0.1\",%u,0,0\r", port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 0,566\r\n");
    prog_expect(p, "AT+QICLOSE=0\r", FINE);
    assert_int_equal(listen(fd, 1), 0);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    int client = accept(fd, NULL, NULL);
    assert_int_equal(write(client, "bye", 3), 3);
    close(client);
    prog_hear(p, "\r\n+QIURC: \"recv\",0\r\n");
    prog_expect(p, "AT+QIRD=0,1500\r", "\r\n+QIRD: 3\r\nbye\r\n\r\nOK\r\n\r\n+QIURC: \"closed\",0\r\n");
    prog_expect(p, "AT+QICLOSE=0\r", FINE);
    assert_int_equal(prog_finish(p), 0);
    close(fd);
    prog_forget(p);
}

static void test_a_large_download_keeps_the_window_shut_while_unread(void **state)
{
    enum { TOTAL = 200000 };
    char line[120];
    uint16_t port = 0;
    static uint8_t all[TOTAL], got[TOTAL];
    (void)state;
    struct program *p = prog_start("--running", NULL);
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    prog_expect(p, "AT+QIACT=1\r", FINE);
    int fd = loopback(AF_INET, SOCK_STREAM, &port);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(line, sizeof line, "AT+QIOPEN=1,11,\"TCP\",\"127.0.0.1\",%u,0,0\r", port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 11,0\r\n");
    int client = accept(fd, NULL, NULL);
    memnet_pattern(1, 0, all, sizeof all);
    assert_int_equal(write(client, all, sizeof all), sizeof all);
    close(client);
    prog_hear(p, "\r\n+QIURC: \"recv\",11\r\n");
    prog_say(p, "AT+QIRD=11,0\r");
    usleep(QUIET_MS * 1000);
    prog_hear(p, "\r\n+QIRD: 10240,0,10240\r\n\r\nOK\r\n");
    for (size_t have = 0; have < TOTAL;) {
        char byte = 0;
        char number[16] = "";
        p->said.len = p->heard.len = 0; /* this one is not compared with the log */
        prog_say(p, "AT+QIRD=11,1500\r");
        while (byte != '+') { /* a recv URC may stand before the answer */
            assert_int_equal(read(p->host, &byte, 1), 1);
        }
        prog_hear(p, "Q");
        assert_int_equal(read(p->host, &byte, 1), 1);
        if (byte == 'I' && read(p->host, &byte, 1) == 1 && byte == 'U') {
            prog_hear(p, "RC: \"recv\",11\r\n\r\n+QIR");
        }
        prog_hear(p, "D: ");
        for (size_t i = 0; i < sizeof number - 1 && read(p->host, &byte, 1) == 1 && byte != '\r'; i++) {
            number[i] = byte;
        }
        prog_hear(p, "\n");
        for (size_t left = strtoul(number, NULL, 10); left;) {
            ssize_t n = read(p->host, got + have, left);
            assert_true(n > 0);
            have += (size_t)n;
            left -= (size_t)n;
        }
        prog_hear(p, number[0] == '0' ? FINE : "\r\n" FINE);
    }
    assert_memory_equal(got, all, sizeof all);
    prog_hear(p, "\r\n+QIURC: \"closed\",11\r\n");
    assert_int_equal(prog_finish(p), 0);
    close(fd);
    prog_forget(p);
}

static void test_datagrams_and_a_listener(void **state)
{
    char line[160];
    char buf[16];
    uint16_t port = 0;
    uint16_t listener_port = 0;
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    (void)state;
    struct program *p = prog_start("--running", NULL);
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    prog_expect(p, "AT+QIACT=1\r", FINE);
    int udp = loopback(AF_INET, SOCK_DGRAM, &port);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"UDP\",\"127.0.0.1\",%u,0,0\r", port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    prog_expect(p, "AT+QISENDEX=0,\"6162\"\r", "\r\nSEND OK\r\n");
    assert_int_equal(recvfrom(udp, buf, sizeof buf, 0, (struct sockaddr *)&from, &len), 2);
    assert_int_equal(sendto(udp, "xyz", 3, 0, (struct sockaddr *)&from, len), 3);
    prog_hear(p, "\r\n+QIURC: \"recv\",0\r\n");
    prog_expect(p, "AT+QIRD=0\r", "\r\n+QIRD: 3\r\nxyz\r\n\r\nOK\r\n");

    close(loopback(AF_INET, SOCK_STREAM, &listener_port)); /* a port that is free */
    snprintf(line, sizeof line, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"127.0.0.1\",0,%u,0\r", listener_port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 1,0\r\n");
    int client = connect_to(AF_INET, listener_port);
    assert_int_equal(getsockname(client, (struct sockaddr *)&from, &len), 0);
    snprintf(line, sizeof line, "\r\n+QIURC: \"incoming\",11,1,\"127.0.0.1\",%u\r\n", ntohs(from.sin_port));
    prog_hear(p, line);
    prog_expect(p, "AT+QISENDEX=11,\"6869\"\r", "\r\nSEND OK\r\n");
    assert_int_equal(read(client, buf, 2), 2);
    close(client);
    prog_hear(p, "\r\n+QIURC: \"closed\",11\r\n");

    snprintf(line, sizeof line, "AT+QIOPEN=1,2,\"TCP LISTENER\",\"127.0.0.1\",0,%u,0\r", listener_port);
    prog_expect(p, line, FINE "\r\n+QIOPEN: 2,556\r\n"); /* taken by the first one */
    assert_int_equal(prog_finish(p), 0);
    close(udp);
    prog_forget(p);
}

static double seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_baud_limits_what_passes_in_real_time(void **state)
{
    (void)state;
    struct program *p = prog_start("--running", "--baud", "9600", NULL);
    double start_s = seconds();
    prog_expect(p, "ATI\r", "ATI\r\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n" FINE);
    double took = seconds() - start_s;
    assert_true(took >= 55 * 10 / 9600.0);
    assert_true(took < 2);
    assert_int_equal(prog_finish(p), 0);
    prog_forget(p);
}

static void test_more_than_the_line_takes_at_once_is_not_lost(void **state)
{
    static char line[10001];
    (void)state;
    struct program *p = prog_start("--running", "--baud", "921600", NULL);
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    memset(line, ' ', sizeof line - 2);
    memcpy(line, "AT", 2);
    line[sizeof line - 2] = '\r';
    prog_expect(p, line, "\r\nERROR\r\n");
    assert_int_equal(prog_finish(p), 0);
    assert_non_null(strstr(p->report, "bytes_from_host             10005\n"));
    log_holds_the_session(p);
    prog_forget(p);
}

static void test_unix_and_tcp_ports_serve_one_host_at_a_time(void **state)
{
    (void)state;
    struct program p = {.host = -1};
    char path[] = "/tmp/modemsim-XXXXXX";
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(path));
    snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", path);
    prog_spawn(&p, (const char *const[]){"--unix", un.sun_path, "--running", NULL});
    prog_read_ready(&p);
    for (int i = 0; i < 2; i++) {
        p.host = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(p.host, (struct sockaddr *)&un, sizeof un), 0);
        prog_expect(&p, i ? "AT\r" : "ATE0\r", i ? FINE : "ATE0\r" FINE);
        close(p.host);
        usleep(QUIET_MS * 1000);
    }
    assert_int_equal(prog_finish(&p), 0);
    assert_int_equal(rmdir(path), 0);

    prog_spawn(&p, (const char *const[]){"--tcp", "0", "--running", NULL});
    prog_read_ready(&p);
    assert_memory_equal(p.ready + 6, "127.0.0.1:", 10);
    uint16_t port = (uint16_t)strtoul(p.ready + 16, NULL, 10);
    p.host = connect_to(AF_INET, port);
    prog_expect(&p, "AT\r", "AT\r" FINE);
    int second = connect_to(AF_INET, port);
    char byte;
    assert_int_equal(read(second, &byte, 1), 0);
    close(second);
    prog_expect(&p, "AT\r", "AT\r" FINE);
    prog_quiet(p.host);
    close(p.host);
    assert_int_equal(prog_finish(&p), 0);
}

static void test_complaints_say_what_to_do(void **state)
{
    static const struct {
        const char *args[5];
        const char *says;
        int code;
    } cases[] = {
        {{NULL}, "give one of --link, --unix, --tcp", 2},
        {{"--link", "/tmp", NULL}, "/tmp exists and is not from an earlier run (remove it, or give another path)", 1},
        {{"--link", "/nosuch/modem", NULL},
         "cannot create the link /nosuch/modem: No such file or directory (choose",
         1},
        {{"--tcp", "99999", NULL}, "99999 is not a number in range", 2},
        {{"--tcp", "0", "--module", "SIM7000", NULL}, "no module is called SIM7000: BG96, BG95 or EC25", 2},
        {{"--tcp", "0", "--fault", "nosuch", NULL}, "no such fault or value: nosuch; --fault help lists them", 2},
        {{"--tcp", "0", "--host", "x", NULL}, "x is not NAME=ADDRESS", 2},
        {{"--tcp", "0", "--log", "/nosuch/log", NULL}, "cannot write the log /nosuch/log", 2},
        {{"--tcp", "0", "stray", NULL}, "stray is not an option", 2},
        {{"--fault", "help", NULL}, "", 0},
        {{"--help", NULL}, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct program *p = calloc(1, sizeof *p);
        prog_spawn(p, cases[i].args);
        assert_int_equal(prog_wait_for_end(p), cases[i].code);
        if (!strstr(p->report, cases[i].says)) {
            fail_msg("\"%s\" lacks \"%s\"", p->report, cases[i].says);
        }
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_over_a_pseudo_terminal),
        cmocka_unit_test(test_refused_and_closed_connections),
        cmocka_unit_test(test_a_large_download_keeps_the_window_shut_while_unread),
        cmocka_unit_test(test_datagrams_and_a_listener),
        cmocka_unit_test(test_baud_limits_what_passes_in_real_time),
        cmocka_unit_test(test_more_than_the_line_takes_at_once_is_not_lost),
        cmocka_unit_test(test_unix_and_tcp_ports_serve_one_host_at_a_time),
        cmocka_unit_test(test_complaints_say_what_to_do),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
