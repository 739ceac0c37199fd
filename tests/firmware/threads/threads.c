/*
 * The driver under a scheduler: the bare-metal port, and the same with a lock and a wake() added, first under the port
 * self-test, then with two tasks that block on two sockets at once.
 *
 *     threads [ECHO]      the port of the server that repeats what it gets
 *
 * One task waits in recv for news that come late, while the other one talks by its own socket. Then both wait, until a
 * third one sends the news by their sockets; then both talk at once. It ends with exit code 0 when every byte was right
 * and both were seen blocked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usocket/selftest.h>
#include <usocket/usocket.h>

#include "baremetal.h"
#include "board.h"
#include "kernel.h"
#include "module.h"

enum {
    PATIENCE_MS = 30000,
    EXCHANGES = 40,
    BLOCK = 300,
    BAUD = 460800,
    NEWS_MS = 300,
    START_MS = 3000 /* of the module */
};

static struct usocket_modem modem;
static struct usocket_sockaddr server;

static void demand(const char *what, bool holds)
{
    if (!holds) {
        printf("FAILED: %s\n", what);
        board_exit(1);
    }
}

static ssize_t check(const char *what, ssize_t result)
{
    if (result < 0) {
        printf("FAILED: %s: %s\n", what, usocket_strerror((int)result));
        board_exit(1);
    }
    return result;
}

/* --- the port: the bare-metal one, a mutex, and a place to sleep -------------------------------------------------- */

static struct threaded {
    struct baremetal line; /* first: this is a struct baremetal to the functions of that port */
    struct kernel_mutex mutex;
    struct baremetal_board board;
    unsigned asleep;
} port_ctx;

/* The interrupt of the bare-metal port ends with this: whoever sleeps looks again. */
static void enable_and_rouse(bool rx, bool tx)
{
    module_board.enable(rx, tx);
    kernel_wake(&port_ctx);
}

static bool news(const struct baremetal *line, int for_write)
{
    return line->rx_in != line->rx_out || (for_write && (uint16_t)(line->tx_in - line->tx_out) < BAREMETAL_TX_SIZE);
}

/* Masked from the look until it sleeps: neither a byte nor a wake() comes between. */
static int wait_line(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct threaded *t = ctx;

    board_mask();
    kernel_leave(&t->mutex);
    if (timeout_ms > 0 && !news(&t->line, for_write)) {
        t->asleep++;
        kernel_sleep_on(t, timeout_ms);
        t->asleep--;
    }
    board_unmask();
    kernel_lock(&t->mutex);
    return 0;
}

static void lock(void *ctx)
{
    kernel_lock(&((struct threaded *)ctx)->mutex);
}

static void unlock(void *ctx)
{
    kernel_unlock(&((struct threaded *)ctx)->mutex);
}

static void wake(void *ctx)
{
    kernel_wake(ctx);
}

static const struct usocket_port *add_threads(void)
{
    static struct usocket_port port;

    port_ctx.board = module_board;
    port_ctx.board.enable = enable_and_rouse;
    port_ctx.line.board = &port_ctx.board;
    kernel_start();
    port = baremetal_port;
    port.wait = wait_line;
    port.lock = lock;
    port.unlock = unlock;
    port.wake = wake;
    return &port;
}

/* --- the port under the self-test --------------------------------------------------------------------------------- */

static void pause_hook(void *ctx, uint32_t ms)
{
    (void)ctx;
    kernel_pause(ms);
}

static int spawn_hook(void *ctx, void (*run)(void *arg), void *arg)
{
    (void)ctx;
    return kernel_spawn(run, arg);
}

static void test_port(const char *name, struct usocket_selftest *test)
{
    struct usocket_selftest_result result;

    usocket_selftest(test, &result);
    printf("self-test of the %s port: %s (%lu, %lu)\n", name, result.name, (unsigned long)result.measured,
           (unsigned long)result.wanted);
    demand(result.text, result.rule == USOCKET_RULE_NONE);
}

static void test_bare_port(void)
{
    static struct usocket_selftest test = {.port = &baremetal_port, .ctx = &port_ctx, .module = true};
    uint32_t since_ms = board_now_ms();

    while (board_now_ms() - since_ms < START_MS) {
        baremetal_port.wait(&port_ctx, START_MS, 0);
    }
    test_port("bare-metal", &test);
}

static void test_threaded_port(const struct usocket_port *port)
{
    static struct usocket_selftest test = {.ctx = &port_ctx, .module = true, .pause = pause_hook, .spawn = spawn_hook};

    test.port = port;
    test_port("threaded", &test);
}

/* --- two tasks ---------------------------------------------------------------------------------------------------- */

struct talker {
    struct usocket *s;
    uint8_t seed;
    bool receiving; /* it is inside recv */
    bool waits, has_news, done;
};

static struct talker a = {.seed = 17}, b = {.seed = 101};
static unsigned both;

static size_t receive(struct talker *t, uint8_t *buf, size_t len)
{
    t->receiving = true;
    ssize_t n = check("recv", usocket_recv(t->s, buf, len));
    t->receiving = false;
    demand("the peer stays", n > 0);
    return (size_t)n;
}

static void exchange(struct talker *t, unsigned round)
{
    uint8_t sent[BLOCK];
    uint8_t got[BLOCK];
    size_t have = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        sent[i] = (uint8_t)(t->seed + round * 31 + i * 7);
    }
    check("send", usocket_sendall(t->s, sent, BLOCK));
    while (have < BLOCK) {
        have += receive(t, got + have, BLOCK - have);
    }
    demand("each task gets its own bytes", memcmp(sent, got, BLOCK) == 0);
}

static void hear_news(struct talker *t)
{
    uint8_t buf[8];

    demand("the news are the news", receive(t, buf, sizeof(buf)) == 4 && memcmp(buf, "news", 4) == 0);
    t->has_news = true;
}

static void task_a(void *arg)
{
    (void)arg;
    hear_news(&a);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        exchange(&a, i);
    }
    a.done = true;
}

/* Looks on from outside while both are inside recv, and asleep in the port; then sends the news, by the two sockets on
 * which they wait. */
static void task_news(void *arg)
{
    (void)arg;
    while (!b.waits) {
        kernel_pause(1);
    }
    for (unsigned i = 0; i < NEWS_MS; i++) {
        kernel_pause(1);
        board_mask();
        both += a.receiving && b.receiving && port_ctx.asleep == 2;
        board_unmask();
    }
    check("send", usocket_sendall(a.s, "news", 4));
    check("send", usocket_sendall(b.s, "news", 4));
}

static struct usocket *connect_to_echo(void)
{
    struct usocket *s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);

    demand("a socket", s != NULL);
    usocket_settimeout(s, PATIENCE_MS);
    check("connect", usocket_connect(s, &server));
    return s;
}

static void test_two_tasks(void)
{
    a.s = connect_to_echo();
    b.s = connect_to_echo();
    demand("tasks", kernel_spawn(task_a, NULL) == 0 && kernel_spawn(task_news, NULL) == 0);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        exchange(&b, i);
    }
    demand("the one task waits while the other one talks", !a.has_news && a.receiving);
    printf("%u exchanges of %u bytes by one task while the other one waited in recv\n", EXCHANGES, BLOCK);
    b.waits = true;
    hear_news(&b);
    printf("both were blocked in recv at once: %u of %u looks, a millisecond apart\n", both, NEWS_MS);
    demand("both are blocked at once", both > NEWS_MS / 2);
    unsigned rounds = 0;
    while (rounds < EXCHANGES || !a.done) {
        exchange(&b, rounds++);
    }
    printf("%u and %u exchanges by both at once\n", EXCHANGES, rounds);
}

int main(int argc, char **argv)
{
    const struct usocket_port *port;
    struct usocket_addrinfo info;

    module_start(&port_ctx.line, BAUD, 8);
    test_bare_port();
    port = add_threads();
    test_threaded_port(port);
    check("init", usocket_init(&modem, port, &port_ctx, &(struct usocket_config){.apn = "internet"}));
    check("network", usocket_wait_network(&modem, 60000, NULL, NULL));
    check("resolve " MODULE_HOST, usocket_getaddrinfo(&modem, MODULE_HOST, 0, &info, 1));
    server = info.sockaddr;
    server.port = argc > 1 ? (uint16_t)atoi(argv[1]) : PORT_ECHO;
    test_two_tasks();
    check("close", usocket_close(a.s));
    check("close", usocket_close(b.s));
    check("shutdown", usocket_shutdown(&modem, PATIENCE_MS));
    printf("%lu switches between tasks; of the stack of each %lu bytes were never used\n",
           (unsigned long)kernel_switches(), (unsigned long)kernel_stack_left());
    demand("the stacks are large enough", kernel_stack_left() >= 128);
    return 0;
}
