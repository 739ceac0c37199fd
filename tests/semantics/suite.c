/*
 * Runs the cases, and keeps the book of differences: at the end it is printed, and held against the table of README.md.
 * Usage: semantics_bsd [FILTER], semantics_usocket [FILTER]. Environment: SEMANTICS_README; MODEMSIM.
 */
#include "suite.h"

#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

/* ---- expecting ---- */

#define NAMED(error)                                                                                                   \
    {                                                                                                                  \
        error, "-" #error                                                                                              \
    }

static const struct {
    int error;
    const char *name;
} names[] = {
    NAMED(EAGAIN),       NAMED(ETIMEDOUT),    NAMED(ECONNREFUSED),  NAMED(ECONNRESET), NAMED(EPIPE),
    NAMED(ENOTCONN),     NAMED(EISCONN),      NAMED(EALREADY),      NAMED(EINVAL),     NAMED(EBADF),
    NAMED(EOPNOTSUPP),   NAMED(EADDRINUSE),   NAMED(EDESTADDRREQ),  NAMED(EMSGSIZE),   NAMED(EMFILE),
    NAMED(EINPROGRESS),  NAMED(ENETUNREACH),  NAMED(EADDRNOTAVAIL), NAMED(EIO),        NAMED(ENOPROTOOPT),
    NAMED(EAFNOSUPPORT), NAMED(EHOSTUNREACH), NAMED(ENETDOWN),      NAMED(ENETRESET),  NAMED(EBADMSG),
    NAMED(ENOTSOCK),     NAMED(ECANCELED),    NAMED(ENOBUFS),       NAMED(ENODEV),     NAMED(EPROTOTYPE),
    NAMED(ECONNABORTED),
};

static const char *name_of(ssize_t value, char text[24])
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (value == -names[i].error) {
            return names[i].name;
        }
    }
    snprintf(text, 24, "%zd", value);
    return text;
}

ssize_t expect_at(const char *text, ssize_t is, ssize_t expected, const char *file, int line)
{
    char a[24], b[24];
    if (is != expected) {
        print_error("%s is %s, expected %s\n", text, name_of(is, a), name_of(expected, b));
        _fail(file, line);
    }
    return is;
}

void expect_one_of_at(const char *text, ssize_t is, ssize_t a, ssize_t b, const char *file, int line)
{
    char x[24], y[24], z[24];
    if (is != a && is != b) {
        print_error("%s is %s, expected %s or %s\n", text, name_of(is, x), name_of(a, y), name_of(b, z));
        _fail(file, line);
    }
}

/* ---- differences ---- */

enum { DIFFERENCES = 64 };

static struct difference {
    const char *why;
    ssize_t bsd, usocket;
} differences[DIFFERENCES];
static size_t difference_count;

ssize_t differs(const char *why, ssize_t bsd, ssize_t usocket)
{
    size_t i = 0;
    assert_int_not_equal(bsd, usocket);
    while (i < difference_count && strcmp(differences[i].why, why) != 0) {
        i++;
    }
    if (i == difference_count) {
        assert_in_range(i, 0, DIFFERENCES - 1);
        differences[difference_count++] = (struct difference){why, bsd, usocket};
    }
    return net_is_usocket ? usocket : bsd;
}

static void print_differences(void)
{
    printf("\n%zu differences on purpose:\n", difference_count);
    for (size_t i = 0; i < difference_count; i++) {
        char a[24], b[24];
        const struct difference *d = &differences[i];
        printf("%3zu. %s\n     BSD %s, usocket %s\n", i + 1, d->why, name_of(d->bsd, a), name_of(d->usocket, b));
    }
}

/* A row of the table begins with "| reason |". */
static bool is_row_of(const char *row, const char *why)
{
    size_t len = strlen(why);
    return strncmp(row, "| ", 2) == 0 && strncmp(row + 2, why, len) == 0 && strncmp(row + 2 + len, " |", 2) == 0;
}

static bool take_row(const char *row, bool found[DIFFERENCES])
{
    for (size_t i = 0; i < difference_count; i++) {
        if (is_row_of(row, differences[i].why) && !found[i]) {
            return found[i] = true;
        }
    }
    printf("README.md has a row that no case says: %s", row);
    return false;
}

/* The rows between the table's head, two lines, and the next empty line. */
static int check_readme(const char *path)
{
    char row[400];
    bool found[DIFFERENCES] = {false}, in_table = false;
    int wrong = 0;
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f) {
        printf("cannot read %s\n", path ? path : "SEMANTICS_README");
        return 1;
    }
    while (fgets(row, sizeof row, f)) {
        if (in_table && row[0] == '|' && row[1] != '-') {
            wrong += !take_row(row, found);
        }
        in_table = strncmp(row, "| reason |", 10) == 0 || (in_table && row[0] == '|');
    }
    fclose(f);
    for (size_t i = 0; i < difference_count; i++) {
        if (!found[i]) {
            printf("README.md has no row for: %s\n", differences[i].why);
            wrong++;
        }
    }
    return wrong;
}

/* ---- each case ---- */

enum { SOCKETS = 64 };

static net_socket sockets[SOCKETS];
static size_t socket_count;
static bool failed; /* the case has not reached its end */

static bool host_has(int family)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = family == AF_INET6 ? socket(AF_INET6, SOCK_DGRAM, 0) : -1;
    bool has = family == AF_INET || (fd >= 0 && bind(fd, (struct sockaddr *)&in6, sizeof in6) == 0);
    if (fd >= 0) {
        close(fd);
    }
    return has;
}

int before_case(void **state)
{
    (void)state;
    failed = false;
    return net_begin(getenv("MODEMSIM"));
}

void run_case(void **state)
{
    const struct semantic *c = *state;
    if (!host_has(c->family)) {
        printf("skipped: this host has no ::1\n");
        skip();
    }
    failed = true;
    c->test(c->family);
    failed = false;
}

int after_case(void **state)
{
    (void)state;
    while (socket_count) {
        net_close(sockets[--socket_count]);
    }
    peer_clean();
    int error = net_clean(failed);
    peer_join();
    peer_clean();
    return error;
}

/* ---- sockets ---- */

static net_socket keep(net_socket s)
{
    char text[24];
    if (s < 0) {
        fail_msg("no socket: %s", name_of(s, text));
    }
    assert_in_range(socket_count, 0, SOCKETS - 1);
    sockets[socket_count++] = s;
    expect(net_settimeout(s, LIMIT_MS), 0);
    return s;
}

void closed(net_socket s)
{
    for (size_t i = 0; i < socket_count; i++) {
        if (sockets[i] == s) {
            sockets[i] = sockets[--socket_count];
            expect(net_close(s), 0);
            return;
        }
    }
    fail_msg("not one of the case's sockets");
}

net_socket opened(int family, enum net_kind kind)
{
    return keep(net_open(family, kind));
}

net_socket connected_to(int family, uint16_t port)
{
    net_socket s = opened(family, NET_CLIENT);
    struct net_address to = loopback(family, port);
    expect(net_connect(s, &to), 0);
    return s;
}

struct pair connected_pair(int family)
{
    struct pair p;
    uint16_t port;
    int listening = peer_listen(family, 8, &port);
    p.s = connected_to(family, port);
    p.peer = peer_accept(listening);
    peer_close(listening);
    return p;
}

net_socket listener(int family, int backlog, uint16_t *port)
{
    net_socket s = opened(family, NET_SERVER);
    struct net_address any = loopback(family, 0);
    expect(net_bind(s, &any), 0);
    expect(net_listen(s, backlog), 0);
    *port = local_port(s);
    return s;
}

net_socket accepted(net_socket listening)
{
    return keep(net_accept(listening, NULL));
}

net_socket bound_udp(int family, uint16_t *port)
{
    net_socket s = opened(family, NET_UDP);
    struct net_address any = loopback(family, 0);
    expect(net_bind(s, &any), 0);
    *port = local_port(s);
    return s;
}

uint16_t local_port(net_socket s)
{
    struct net_address a;
    expect(net_getsockname(s, &a), 0);
    return a.port;
}

short ready_for(net_socket s, short events, int ms)
{
    struct net_pollfd p = {.s = s, .events = events};
    int ready = net_poll(&p, 1, ms);
    expect(ready, p.revents ? 1 : 0);
    return p.revents;
}

void receives(net_socket s, const void *expected, size_t len)
{
    char buf[4096];
    for (size_t at = 0; at < len;) {
        ssize_t n = net_recv(s, buf, len - at < sizeof buf ? len - at : sizeof buf);
        if (n <= 0) {
            char text[24];
            fail_msg("%zu of %zu bytes came, then %s", at, len, name_of(n, text));
        }
        assert_memory_equal(buf, (const char *)expected + at, (size_t)n);
        at += (size_t)n;
    }
}

void talks_with(net_socket s, int peer)
{
    expect(net_send(s, "there", 5), 5);
    peer_receives(peer, "there", 5);
    peer_send(peer, "and back", 8);
    receives(s, "and back", 8);
}

long clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void pattern(uint8_t *buf, size_t at, size_t len)
{
    for (size_t i = 0; i < len; i++, at++) {
        buf[i] = (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
    }
}

/* ---- all ---- */

int main(int argc, char **argv)
{
    int wrong = 0;
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("RES_OPTIONS", "timeout:1 attempts:1",
           1); /* a host without a name server knows soon that nobody has a name */
    wrong += run_connect_cases();
    wrong += run_data_cases();
    wrong += run_end_cases();
    wrong += run_server_cases();
    wrong += run_udp_cases();
    wrong += run_other_cases();
    wrong += net_end() != 0;
    print_differences();
    if (argc == 1 && check_readme(getenv("SEMANTICS_README")) != 0) {
        wrong++;
    }
    return wrong != 0;
}
