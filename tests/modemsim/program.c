/* The program modemsim for tests; see program.h. */
#include "program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINE "\r\nOK\r\n"

enum { ARGUMENTS = 24 };

/* ---- sockets on loopback ---- */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } to;
    socklen_t len;
};

static struct address loopback_address(int family, uint16_t port)
{
    struct address a = {.len = family == AF_INET6 ? sizeof a.to.in6 : sizeof a.to.in};
    if (family == AF_INET6) {
        a.to.in6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    } else {
        a.to.in = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    }
    return a;
}

uint16_t port_of(int fd)
{
    struct address a = {.len = sizeof a.to};
    assert_int_equal(getsockname(fd, &a.to.any, &a.len), 0);
    return ntohs(a.to.any.sa_family == AF_INET6 ? a.to.in6.sin6_port : a.to.in.sin_port);
}

int loopback(int family, int type, uint16_t *port)
{
    struct address a = loopback_address(family, *port);
    int fd = socket(family, type, 0);
    assert_int_equal(bind(fd, &a.to.any, a.len), 0);
    *port = port_of(fd);
    return fd;
}

int connect_to(int family, uint16_t port)
{
    struct address a = loopback_address(family, port);
    int fd = socket(family, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, &a.to.any, a.len), 0);
    return fd;
}

/* ---- a server that sends back what comes ---- */

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

struct server start_server(void)
{
    static struct server s;
    s.port = 0;
    s.fd = loopback(AF_INET, SOCK_STREAM, &s.port);
    assert_int_equal(listen(s.fd, 5), 0);
    assert_int_equal(pthread_create(&s.thread, NULL, echo_forever, &s), 0);
    return s;
}

void stop_server(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* ---- the program ---- */

void prog_spawn(struct program *p, const char *const *args)
{
    int out[2];
    int err[2];
    const char *argv[ARGUMENTS + 1] = {MODEMSIM};
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

void prog_read_ready(struct program *p)
{
    size_t len = 0;
    while (len + 1 < sizeof p->ready && read(p->out, p->ready + len, 1) == 1 && p->ready[len] != '\n') {
        len++;
    }
    p->ready[len] = '\0';
    assert_memory_equal(p->ready, "ready ", 6);
}

struct program *prog_start(const char *first, ...)
{
    struct program *p = calloc(1, sizeof *p);
    strcpy(p->dir, "/tmp/modemsim-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->link, sizeof p->link, "%s/modem", p->dir);
    snprintf(p->log, sizeof p->log, "%s/session.atlog", p->dir);
    const char *args[ARGUMENTS] = {"--link", p->link, "--log", p->log};
    int count = 4;
    va_list ap;
    va_start(ap, first);
    for (const char *arg = first; arg && count < ARGUMENTS - 1; arg = va_arg(ap, const char *)) {
        args[count++] = arg;
    }
    va_end(ap);
    prog_spawn(p, args);
    prog_read_ready(p);
    assert_string_equal(p->ready + 6, p->link);
    p->host = open(p->link, O_RDWR | O_NOCTTY);
    assert_true(p->host >= 0);
    return p;
}

int prog_wait_for_end(struct program *p)
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

int prog_finish(struct program *p)
{
    kill(p->pid, SIGTERM);
    return prog_wait_for_end(p);
}

void prog_forget(struct program *p)
{
    close(p->host);
    unlink(p->log);
    unlink(p->link);
    rmdir(p->dir);
    free(p);
}

/* ---- the line ---- */

void prog_say(struct program *p, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(write(p->host, text, len), len);
    memcpy(p->said.bytes + p->said.len, text, len);
    p->said.len += len;
}

void prog_hear(struct program *p, const char *want)
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

void prog_expect(struct program *p, const char *text, const char *answer)
{
    prog_say(p, text);
    prog_hear(p, answer);
}

void prog_quiet(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, QUIET_MS), 0);
}

void prog_bring_up(struct program *p)
{
    prog_hear(p, "\r\nRDY\r\n\r\nAPP RDY\r\n\r\n+CPIN: READY\r\n");
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    prog_expect(p, "AT+QIACT=1\r", FINE);
}
