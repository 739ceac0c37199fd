/*
 * The program end to end: a pseudo-terminal, a Unix socket or a TCP port on one side, real sockets on loopback on the
 * other; its log, its report and its complaints.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

#define FINE "\r\nOK\r\n"

enum { PATIENCE_MS = 5000, QUIET_MS = 100 };

struct program {
    char dir[40], link[80], log[80], ready[200], report[2000];
    pid_t pid;
    int out, err, host; /* its stdout and stderr; the host's side of the line */
    struct {
        char bytes[65536];
        size_t len;
    } said, heard; /* all that passed, to be found in the log again */
};

/* ---- a server that sends back what comes ---- */

struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
};

static void *echo_forever(void *arg)
{
    const struct server *s = arg;
    for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0; close(fd)) {
        char buf[4096];
        for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0;) {
            if (write(fd, buf, (size_t)n) != n) {
                break;
            }
        }
    }
    return NULL;
}

static int loopback(int type, uint16_t *port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(*port)};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, type, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    return fd;
}

static struct server start_server(void)
{
    static struct server s;
    s.port = 0;
    s.fd = loopback(SOCK_STREAM, &s.port);
    assert_int_equal(listen(s.fd, 5), 0);
    assert_int_equal(pthread_create(&s.thread, NULL, echo_forever, &s), 0);
    return s;
}

static void stop_server(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* ---- the program ---- */

static void spawn(struct program *p, const char *const *args)
{
    int out[2];
    int err[2];
    const char *argv[20] = {MODEMSIM};
    for (int i = 0; args[i]; i++) {
        argv[i + 1] = args[i];
    }
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    p->pid = fork();
    if (!p->pid) {
        dup2(out[1], 1);
        dup2(err[1], 2);
        close(out[0]);
        close(err[0]);
        execv(MODEMSIM, (char **)argv);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    p->out = out[0];
    p->err = err[0];
}

static void read_ready(struct program *p)
{
    size_t len = 0;
    while (len + 1 < sizeof p->ready && read(p->out, p->ready + len, 1) == 1 && p->ready[len] != '\n') {
        len++;
    }
    p->ready[len] = '\0';
    assert_memory_equal(p->ready, "ready ", 6);
}

/* Starts it on a pseudo-terminal, with up to four more arguments. */
static struct program *start(const char *a, const char *b, const char *c, const char *d)
{
    struct program *p = calloc(1, sizeof *p);
    strcpy(p->dir, "/tmp/modemsim-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->link, sizeof p->link, "%s/modem", p->dir);
    snprintf(p->log, sizeof p->log, "%s/session.atlog", p->dir);
    spawn(p, (const char *const[]){"--link", p->link, "--log", p->log, a, b, c, d, NULL});
    read_ready(p);
    assert_string_equal(p->ready + 6, p->link);
    p->host = open(p->link, O_RDWR | O_NOCTTY);
    assert_true(p->host >= 0);
    return p;
}

/* Its exit code, when it has ended by itself; what it said on stderr is in `report`. */
static int wait_for_end(struct program *p)
{
    int status = 0;
    size_t len = 0;
    for (ssize_t n; (n = read(p->err, p->report + len, sizeof p->report - 1 - len)) > 0;) {
        len += (size_t)n;
    }
    p->report[len] = '\0';
    waitpid(p->pid, &status, 0);
    close(p->out);
    close(p->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int finish(struct program *p)
{
    kill(p->pid, SIGTERM);
    return wait_for_end(p);
}

static void forget(struct program *p)
{
    close(p->host);
    unlink(p->log);
    unlink(p->link);
    rmdir(p->dir);
    free(p);
}

/* ---- the line ---- */

static void say(struct program *p, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(write(p->host, text, len), len);
    memcpy(p->said.bytes + p->said.len, text, len);
    p->said.len += len;
}

/* Reads until as many bytes have come as are wanted; they must be these. */
static void hear(struct program *p, const char *want)
{
    size_t start = p->heard.len;
    size_t len = strlen(want);
    while (p->heard.len - start < len) {
        struct pollfd ready = {.fd = p->host, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) != 1) {
            break;
        }
        ssize_t n = read(p->host, p->heard.bytes + p->heard.len, len - (p->heard.len - start));
        if (n <= 0) {
            break;
        }
        p->heard.len += (size_t)n;
    }
    rig_same("the module", p->heard.bytes + start, p->heard.len - start, want, len);
}

static void expect(struct program *p, const char *text, const char *answer)
{
    say(p, text);
    hear(p, answer);
}

static void expect_quiet(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, QUIET_MS), 0);
}

static void bring_up(struct program *p)
{
    hear(p, "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n");
    expect(p, "ATE0\r", "ATE0\r" FINE);
    expect(p, "AT+QIACT=1\r", FINE);
}

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
    struct program *p = start("--host", "echo.example=127.0.0.1", NULL, NULL);
    bring_up(p);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"echo.example\",%u,0,0\r", s.port);
    expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    expect(p, "AT+QISEND=0,7\r", "\r\n> ");
    expect(p, "a\\\x1a\r\n\x7f!", "\r\nSEND OK\r\n\r\n+QIURC: \"recv\",0\r\n");
    expect(p, "AT+QIRD=0,1500\r", "\r\n+QIRD: 7\r\na\\\x1a\r\n\x7f!\r\n\r\nOK\r\n");
    close(p->host);
    p->host = open(p->link, O_RDWR | O_NOCTTY); /* the host comes back, the module has lived on */
    expect(p, "AT+QIRD=0,0\r", "\r\n+QIRD: 7,7,0\r\n\r\nOK\r\n");
    expect(p, "AT+QICLOSE=0\r", FINE);
    expect(p, "AT+QIDNSGIP=1,\"echo.example\"\r",
           FINE "\r\n+QIURC: \"dnsgip\",0,1,60\r\n"
                "\r\n+QIURC: \"dnsgip\",\"127.0.0.1\"\r\n");
    expect(p, "AT+QIDNSGIP=1,\"localhost\"\r",
           FINE "\r\n+QIURC: \"dnsgip\",0,1,60\r\n"
                "\r\n+QIURC: \"dnsgip\",\"127.0.0.1\"\r\n");
    assert_int_equal(finish(p), 0);
    assert_non_null(strstr(p->report, "payload_received                7\n"));
    assert_null(strstr(p->report, "wrong use"));
    assert_int_not_equal(lstat(p->link, &st), 0);
    log_holds_the_session(p);
    forget(p);
    stop_server(&s);
}

static void test_refused_and_closed_connections(void **state)
{
    char line[120];
    uint16_t port = 0;
    (void)state;
    struct program *p = start("--running", NULL, NULL, NULL);
    expect(p, "ATE0\r", "ATE0\r" FINE);
    expect(p, "AT+QIACT=1\r", FINE);
    int fd = loopback(SOCK_STREAM, &port);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"TCP\",\"127.0.0.1\",%u,0,0\r", port);
    expect(p, line, FINE "\r\n+QIOPEN: 0,566\r\n");
    expect(p, "AT+QICLOSE=0\r", FINE);
    assert_int_equal(listen(fd, 1), 0);
    expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    int client = accept(fd, NULL, NULL);
    assert_int_equal(write(client, "bye", 3), 3);
    close(client);
    hear(p, "\r\n+QIURC: \"recv\",0\r\n");
    expect(p, "AT+QIRD=0,1500\r", "\r\n+QIRD: 3\r\nbye\r\n\r\nOK\r\n\r\n+QIURC: \"closed\",0\r\n");
    expect(p, "AT+QICLOSE=0\r", FINE);
    assert_int_equal(finish(p), 0);
    close(fd);
    forget(p);
}

static void test_a_large_download_keeps_the_window_shut_while_unread(void **state)
{
    enum { TOTAL = 200000 };
    char line[120];
    uint16_t port = 0;
    static uint8_t all[TOTAL], got[TOTAL];
    (void)state;
    struct program *p = start("--running", NULL, NULL, NULL);
    expect(p, "ATE0\r", "ATE0\r" FINE);
    expect(p, "AT+QIACT=1\r", FINE);
    int fd = loopback(SOCK_STREAM, &port);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(line, sizeof line, "AT+QIOPEN=1,11,\"TCP\",\"127.0.0.1\",%u,0,0\r", port);
    expect(p, line, FINE "\r\n+QIOPEN: 11,0\r\n");
    int client = accept(fd, NULL, NULL);
    memnet_pattern(1, 0, all, sizeof all);
    assert_int_equal(write(client, all, sizeof all), sizeof all);
    close(client);
    hear(p, "\r\n+QIURC: \"recv\",11\r\n");
    say(p, "AT+QIRD=11,0\r");
    usleep(QUIET_MS * 1000);
    hear(p, "\r\n+QIRD: 10240,0,10240\r\n\r\nOK\r\n");
    for (size_t have = 0; have < TOTAL;) {
        char byte = 0;
        char number[16] = "";
        p->said.len = p->heard.len = 0; /* this one is not compared with the log */
        say(p, "AT+QIRD=11,1500\r");
        while (byte != '+') { /* a recv URC may stand before the answer */
            assert_int_equal(read(p->host, &byte, 1), 1);
        }
        hear(p, "Q");
        assert_int_equal(read(p->host, &byte, 1), 1);
        if (byte == 'I' && read(p->host, &byte, 1) == 1 && byte == 'U') {
            hear(p, "RC: \"recv\",11\r\n\r\n+QIR");
        }
        hear(p, "D: ");
        for (size_t i = 0; i < sizeof number - 1 && read(p->host, &byte, 1) == 1 && byte != '\r'; i++) {
            number[i] = byte;
        }
        hear(p, "\n");
        for (size_t left = strtoul(number, NULL, 10); left;) {
            ssize_t n = read(p->host, got + have, left);
            assert_true(n > 0);
            have += (size_t)n;
            left -= (size_t)n;
        }
        hear(p, number[0] == '0' ? FINE : "\r\n" FINE);
    }
    assert_memory_equal(got, all, sizeof all);
    hear(p, "\r\n+QIURC: \"closed\",11\r\n");
    assert_int_equal(finish(p), 0);
    close(fd);
    forget(p);
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
    struct program *p = start("--running", NULL, NULL, NULL);
    expect(p, "ATE0\r", "ATE0\r" FINE);
    expect(p, "AT+QIACT=1\r", FINE);
    int udp = loopback(SOCK_DGRAM, &port);
    snprintf(line, sizeof line, "AT+QIOPEN=1,0,\"UDP\",\"127.0.0.1\",%u,0,0\r", port);
    expect(p, line, FINE "\r\n+QIOPEN: 0,0\r\n");
    expect(p, "AT+QISENDEX=0,\"6162\"\r", "\r\nSEND OK\r\n");
    assert_int_equal(recvfrom(udp, buf, sizeof buf, 0, (struct sockaddr *)&from, &len), 2);
    assert_int_equal(sendto(udp, "xyz", 3, 0, (struct sockaddr *)&from, len), 3);
    hear(p, "\r\n+QIURC: \"recv\",0\r\n");
    expect(p, "AT+QIRD=0\r", "\r\n+QIRD: 3\r\nxyz\r\n\r\nOK\r\n");

    close(loopback(SOCK_STREAM, &listener_port)); /* a port that is free */
    snprintf(line, sizeof line, "AT+QIOPEN=1,1,\"TCP LISTENER\",\"127.0.0.1\",0,%u,0\r", listener_port);
    expect(p, line, FINE "\r\n+QIOPEN: 1,0\r\n");
    int client = connect_to(listener_port);
    assert_int_equal(getsockname(client, (struct sockaddr *)&from, &len), 0);
    snprintf(line, sizeof line, "\r\n+QIURC: \"incoming\",11,1,\"127.0.0.1\",%u\r\n", ntohs(from.sin_port));
    hear(p, line);
    expect(p, "AT+QISENDEX=11,\"6869\"\r", "\r\nSEND OK\r\n");
    assert_int_equal(read(client, buf, 2), 2);
    close(client);
    hear(p, "\r\n+QIURC: \"closed\",11\r\n");

    snprintf(line, sizeof line, "AT+QIOPEN=1,2,\"TCP LISTENER\",\"127.0.0.1\",0,%u,0\r", listener_port);
    expect(p, line, FINE "\r\n+QIOPEN: 2,556\r\n"); /* taken by the first one */
    assert_int_equal(finish(p), 0);
    close(udp);
    forget(p);
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
    struct program *p = start("--running", "--baud", "9600", NULL);
    double start_s = seconds();
    expect(p, "ATI\r", "ATI\r\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n" FINE);
    double took = seconds() - start_s;
    assert_true(took >= 55 * 10 / 9600.0);
    assert_true(took < 2);
    assert_int_equal(finish(p), 0);
    forget(p);
}

static void test_more_than_the_line_takes_at_once_is_not_lost(void **state)
{
    static char line[10001];
    (void)state;
    struct program *p = start("--running", "--baud", "921600", NULL);
    expect(p, "ATE0\r", "ATE0\r" FINE);
    memset(line, ' ', sizeof line - 2);
    memcpy(line, "AT", 2);
    line[sizeof line - 2] = '\r';
    expect(p, line, "\r\nERROR\r\n");
    assert_int_equal(finish(p), 0);
    assert_non_null(strstr(p->report, "bytes_from_host             10005\n"));
    log_holds_the_session(p);
    forget(p);
}

static void test_unix_and_tcp_ports_serve_one_host_at_a_time(void **state)
{
    (void)state;
    struct program p = {.host = -1};
    char path[] = "/tmp/modemsim-XXXXXX";
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(path));
    snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", path);
    spawn(&p, (const char *const[]){"--unix", un.sun_path, "--running", NULL});
    read_ready(&p);
    for (int i = 0; i < 2; i++) {
        p.host = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(p.host, (struct sockaddr *)&un, sizeof un), 0);
        expect(&p, i ? "AT\r" : "ATE0\r", i ? FINE : "ATE0\r" FINE);
        close(p.host);
        usleep(QUIET_MS * 1000);
    }
    assert_int_equal(finish(&p), 0);
    assert_int_equal(rmdir(path), 0);

    spawn(&p, (const char *const[]){"--tcp", "0", "--running", NULL});
    read_ready(&p);
    assert_memory_equal(p.ready + 6, "127.0.0.1:", 10);
    uint16_t port = (uint16_t)strtoul(p.ready + 16, NULL, 10);
    p.host = connect_to(port);
    expect(&p, "AT\r", "AT\r" FINE);
    int second = connect_to(port);
    char byte;
    assert_int_equal(read(second, &byte, 1), 0);
    close(second);
    expect(&p, "AT\r", "AT\r" FINE);
    expect_quiet(p.host);
    close(p.host);
    assert_int_equal(finish(&p), 0);
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
        spawn(p, cases[i].args);
        assert_int_equal(wait_for_end(p), cases[i].code);
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
