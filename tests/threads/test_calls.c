/* Names, own commands, events, readiness, time-outs and counters, each from a thread while others are at work. */
#include "rig.h"

#include <sys/socket.h>

/* --- others at work ----------------------------------------------------------------------------------------------- */

enum { BUSY = 2 };

/* Threads that converse without a pause until they are told to stop. */
struct busy {
    struct echo echo;
    struct usocket *s[BUSY];
    pthread_t thread[BUSY];
    atomic_bool stop;
    atomic_uint rounds, failures;
};

static struct busy busy;

static void *converse(void *arg)
{
    struct usocket *s = arg;
    unsigned char bytes[2000];

    while (!busy.stop) {
        fill(busy.rounds, 0, bytes, sizeof(bytes));
        if (usocket_sendall(s, bytes, sizeof(bytes)) != 0 ||
            usocket_read(s, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes)) {
            busy.failures++;
            break;
        }
        busy.rounds++;
    }
    return NULL;
}

static void busy_start(struct rig *r)
{
    busy = (struct busy){.rounds = 0};
    echo_start(&busy.echo);
    for (size_t i = 0; i < BUSY; i++) {
        busy.s[i] = connect_to(r, busy.echo.port);
        assert_non_null(busy.s[i]);
        busy.thread[i] = start_thread(converse, busy.s[i]);
    }
}

static void busy_stop(void)
{
    busy.stop = true;
    for (size_t i = 0; i < BUSY; i++) {
        join_thread(busy.thread[i]);
        assert_int_equal(usocket_close(busy.s[i]), 0);
    }
    echo_stop(&busy.echo);
    assert_int_equal(busy.failures, 0);
    assert_true(busy.rounds > 0);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

enum { ASKERS = 4, QUESTIONS = 5 };

struct asker {
    struct rig *r;
    char host[20], address[20];
    int answers;
    long result;
    char got[USOCKET_ADDRSTRLEN];
};

static int knows_names(void **state)
{
    *state = rig_up((const char *const[]){"--host", "n0.example=192.0.2.10", "--host", "n1.example=192.0.2.11",
                                          "--host", "n2.example=192.0.2.12", "--host", "n3.example=192.0.2.13",
                                          "--latency-ms", "5", NULL});
    return 0;
}

static int slow(void **state)
{
    *state = rig_up((const char *const[]){"--latency-ms", "5", NULL});
    return 0;
}

static void *ask(void *arg)
{
    struct asker *a = arg;

    while (a->answers < QUESTIONS) {
        struct usocket_addrinfo found = {0};

        a->result = usocket_getaddrinfo(&a->r->modem, a->host, 80, &found, 1);
        usocket_sockaddr_text(&found.sockaddr, a->got);
        if (a->result != 1 || strcmp(a->got, a->address) != 0) {
            break;
        }
        a->answers++;
    }
    return NULL;
}

static void ask_at_once(struct rig *r, bool same)
{
    struct asker a[ASKERS];
    pthread_t threads[ASKERS];

    for (int i = 0; i < ASKERS; i++) {
        a[i] = (struct asker){.r = r};
        snprintf(a[i].host, sizeof(a[i].host), "n%d.example", same ? 0 : i);
        snprintf(a[i].address, sizeof(a[i].address), "192.0.2.1%d", same ? 0 : i);
        threads[i] = start_thread(ask, &a[i]);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        join_thread(threads[i]);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        if (a[i].answers < QUESTIONS) {
            fail_msg("%s: answer %d: %ld, %s", a[i].host, a[i].answers, a[i].result, a[i].got);
        }
    }
}

/* How many queries were on the line at most. */
static int most_queries(struct rig *r)
{
    char *log = rig_log(r);
    char *rest = log;
    int now = 0;
    int most = 0;

    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        now += strncmp(line, "> AT+QIDNSGIP=", 14) == 0;
        now -= strncmp(line, "< +QIURC: \"dnsgip\",\"", 20) == 0; /* of each answer the only address */
        most = now > most ? now : most;
    }
    free(log);
    return most;
}

static void test_four_threads_that_ask_for_names_at_once_all_get_their_answer_one_after_the_other(void **state)
{
    ask_at_once(*state, false);
    assert_int_equal(most_queries(*state), 1);
}

static void test_four_threads_that_ask_for_one_name_at_once_all_get_its_address(void **state)
{
    ask_at_once(*state, true);
    assert_int_equal(most_queries(*state), 1);
}

/* --- own commands ------------------------------------------------------------------------------------------------- */

enum { COMMANDS = 40 };

struct commander {
    struct rig *r;
    int done, lines, right, busy;
    long result;
};

static void on_line(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct commander *c = ctx;

    c->lines++;
    c->right += kind == USOCKET_LINE && len > 6 && memcmp(line, "+CSQ: ", 6) == 0;
    c->right += kind == USOCKET_LINE_FINAL && len == 2 && memcmp(line, "OK", 2) == 0;
}

static void *command(void *arg)
{
    struct commander *c = arg;

    while (c->done < COMMANDS) {
        c->result = usocket_at_command(&c->r->modem, "AT+CSQ", on_line, c, PATIENCE_MS);
        if (c->result == -EBUSY) {
            c->busy++;
            usleep(20);
            continue;
        }
        if (c->result != 0) {
            break;
        }
        c->done++;
    }
    return NULL;
}

static void check_commander(const struct commander *c)
{
    assert_int_equal(c->result, 0);
    assert_int_equal(c->done, COMMANDS);
    assert_int_equal(c->lines, 2 * COMMANDS);
    assert_int_equal(c->right, 2 * COMMANDS);
}

static void test_poll_sees_each_byte_while_another_thread_sends_commands_of_its_own(void **state)
{
    struct rig *r = *state;
    struct pair p[3] = {make_pair(r), make_pair(r), make_pair(r)};
    struct commander c = {.r = r};
    pthread_t thread = start_thread(command, &c);

    for (size_t i = 0; i < 30; i++) {
        struct usocket_pollfd fds[3];
        char said = (char)('a' + i);
        char heard = 0;

        for (size_t k = 0; k < 3; k++) {
            fds[k] = (struct usocket_pollfd){.s = p[k].s, .events = USOCKET_POLLIN};
        }
        assert_int_equal(usocket_poll(fds, 3, 5), 0);
        assert_int_equal(send(p[i % 3].peer, &said, 1, 0), 1);
        assert_int_equal(usocket_poll(fds, 3, PATIENCE_MS), 1);
        assert_int_equal(fds[i % 3].revents, USOCKET_POLLIN);
        assert_int_equal(usocket_recv(p[i % 3].s, &heard, 1), 1);
        assert_int_equal(heard, said);
    }
    join_thread(thread);
    check_commander(&c);
}

static void test_two_threads_with_commands_of_their_own_get_their_answer_or_are_told_to_come_again(void **state)
{
    struct rig *r = *state;
    struct commander c[2] = {{.r = r}, {.r = r}};
    pthread_t threads[2];

    for (size_t i = 0; i < 2; i++) {
        threads[i] = start_thread(command, &c[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        join_thread(threads[i]);
        check_commander(&c[i]);
    }
    assert_true(c[0].busy + c[1].busy > 0); /* or they have never met, and nothing was tested */
}

/* --- events ------------------------------------------------------------------------------------------------------- */

struct watcher {
    struct rig *r;
    struct usocket *s;
    pthread_t main_thread;
    unsigned events, elsewhere;
    char heard[8];
    size_t heard_len;
    ssize_t again;
    int command, network, names, connect, echoed, closed;
};

/* Everything that waits answers at once here. */
static void try_all_calls(struct watcher *w)
{
    struct usocket_modem *modem = &w->r->modem;
    struct usocket_addrinfo found;
    struct usocket_stats stats;
    struct usocket *other = usocket_socket(modem, 0, 0, 0);
    const struct usocket_sockaddr address = loopback(9);
    char byte;

    w->again = usocket_recv(w->s, &byte, 1);
    w->command = usocket_at_command(modem, "AT", NULL, NULL, PATIENCE_MS);
    w->network = usocket_wait_network(modem, PATIENCE_MS, NULL, NULL);
    w->names = usocket_getaddrinfo(modem, "n0.example", 80, &found, 1);
    w->connect = usocket_connect(other, &address);
    usocket_close(other);
    usocket_get_stats(modem, &stats);
    usocket_process(modem);
    w->echoed = usocket_sendall(w->s, "heard", 5);
}

static void on_event(void *ctx, struct usocket *s, unsigned events)
{
    struct watcher *w = ctx;

    w->elsewhere += !pthread_equal(pthread_self(), w->main_thread);
    w->events |= events;
    if (events & USOCKET_EVENT_READABLE) {
        ssize_t n = usocket_recv(s, w->heard + w->heard_len, sizeof(w->heard) - w->heard_len);

        w->heard_len += n > 0 ? (size_t)n : 0;
        if (n > 0) {
            try_all_calls(w);
        }
    }
    if (events & USOCKET_EVENT_CLOSED) {
        w->closed = usocket_close(s) == 0;
    }
}

static ssize_t wait_recv(struct call *c)
{
    char byte;

    return usocket_recv(c->s, &byte, 1);
}

static void watch(struct watcher *w, struct usocket *s)
{
    w->s = s;
    w->r->line.port->lock(&w->r->line); /* w is for who holds the lock, as the callbacks do */
    usocket_on_event(s, on_event, w);
    w->r->line.port->unlock(&w->r->line);
}

static bool closed(struct watcher *w)
{
    bool result;

    w->r->line.port->lock(&w->r->line);
    result = w->closed;
    w->r->line.port->unlock(&w->r->line);
    return result;
}

static void test_p29_events_are_told_in_the_thread_that_runs_and_every_call_may_be_made_there(void **state)
{
    struct rig *r = *state;
    struct pair watched = make_pair(r);
    struct pair waited_on = make_pair(r);
    struct watcher w = {.r = r, .main_thread = pthread_self()};
    struct call c = {.make = wait_recv, .r = r, .s = waited_on.s};
    char bytes[5];
    uint32_t began = now_ms();

    watch(&w, watched.s);
    call_begin(&c);
    assert_int_equal(send(watched.peer, "hello", 5, 0), 5);
    assert_int_equal(recv(watched.peer, bytes, 5, MSG_WAITALL), 5); /* what the callback has sent */
    assert_memory_equal(bytes, "heard", 5);
    shutdown(watched.peer, SHUT_RDWR);
    while (!closed(&w) && now_ms() - began < PATIENCE_MS) {
        pause_ms(1);
    }
    assert_int_equal(send(waited_on.peer, "x", 1, 0), 1);
    assert_int_equal(call_end(&c), 1);

    assert_true(w.closed);
    assert_int_equal(w.heard_len, 5);
    assert_memory_equal(w.heard, "hello", 5);
    assert_int_equal(w.again, -EAGAIN);
    assert_int_equal(w.command, -EAGAIN);
    assert_true(w.network == 0 || w.network == -EAGAIN);
    assert_int_equal(w.names, -EAGAIN);
    assert_int_equal(w.connect, -EINPROGRESS);
    assert_int_equal(w.echoed, 0);
    assert_true(w.events & USOCKET_EVENT_READABLE);
    assert_true(w.elsewhere > 0);
}

static void test_p29_events_come_to_many_threads_while_all_are_busy(void **state)
{
    struct rig *r = *state;
    struct pair watched = make_pair(r);
    struct watcher w = {.r = r, .main_thread = pthread_self()};
    char bytes[5];
    uint32_t began;

    busy_start(r);
    watch(&w, watched.s);
    assert_int_equal(send(watched.peer, "hello", 5, 0), 5);
    assert_int_equal(recv(watched.peer, bytes, 5, MSG_WAITALL), 5);
    shutdown(watched.peer, SHUT_RDWR);
    began = now_ms();
    while (!closed(&w) && now_ms() - began < PATIENCE_MS) {
        pause_ms(1);
    }
    busy_stop();
    assert_true(w.closed);
    assert_memory_equal(w.heard, "hello", 5);
    assert_true(w.elsewhere > 0);
}

static void close_it(void *ctx, struct usocket *s, unsigned events)
{
    (void)ctx;
    if (events & USOCKET_EVENT_READABLE) {
        usocket_close(s);
    }
}

static void test_p29_a_callback_that_closes_its_socket_ends_the_calls_that_wait_on_it(void **state)
{
    struct rig *r = *state;
    struct pair p = make_pair(r);
    struct call c[2] = {{.make = wait_recv, .r = r, .s = p.s}, {.make = wait_recv, .r = r, .s = p.s}};

    usocket_on_event(p.s, close_it, NULL);
    call_begin(&c[0]);
    call_begin(&c[1]);
    assert_int_equal(send(p.peer, "x", 1, 0), 1);
    call_end(&c[0]);
    call_end(&c[1]);
    assert_int_equal(c[0].result, -EBADF);
    assert_int_equal(c[1].result, -EBADF);
}

/* --- time-outs and counters --------------------------------------------------------------------------------------- */

static ssize_t wait_poll(struct call *c)
{
    c->polled = (struct usocket_pollfd){.s = c->s, .events = USOCKET_POLLIN};
    return usocket_poll(&c->polled, 1, 500);
}

static void test_time_outs_hold_while_other_threads_are_busy(void **state)
{
    struct rig *r = *state;
    struct pair p = make_pair(r);
    struct call recv_300 = {.make = wait_recv, .r = r, .s = p.s};
    struct call poll_500 = {.make = wait_poll, .r = r, .s = p.s};

    usocket_settimeout(p.s, 300);
    busy_start(r);
    call_begin(&recv_300);
    call_begin(&poll_500);
    assert_int_equal(call_end(&recv_300), -ETIMEDOUT);
    assert_int_equal(call_end(&poll_500), 0);
    busy_stop();
    assert_in_range(recv_300.took_ms, 299, 450);
    assert_in_range(poll_500.took_ms, 499, 650);
}

static void test_time_outs_of_many_that_wait_are_each_their_own(void **state)
{
    struct rig *r = *state;
    struct call c[6];

    for (int i = 0; i < 6; i++) {
        c[i] = (struct call){.make = wait_recv, .r = r, .s = make_pair(r).s};
        usocket_settimeout(c[i].s, 900 - 100 * i);
    }
    for (size_t i = 0; i < 6; i++) {
        call_begin(&c[i]);
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(call_end(&c[i]), -ETIMEDOUT);
        assert_in_range(c[i].took_ms, 899 - 100 * i, 1050 - 100 * i);
    }
}

/* All that only looks. */
static bool look(struct rig *r, struct usocket *s, struct usocket_stats *before)
{
    struct usocket_stats stats;
    struct usocket_info info;
    struct usocket_sockaddr address;
    int value;
    size_t len = sizeof(value);
    bool right;

    usocket_get_stats(&r->modem, &stats);
    usocket_get_info(&r->modem, &info);
    right = stats.commands >= before->commands && stats.rx_bytes >= before->rx_bytes &&
            stats.tx_bytes >= before->tx_bytes && strcmp(info.model, "BG96") == 0;
    *before = stats;
    usocket_wants_write(&r->modem);
    right = right && usocket_last_error(&r->modem) <= 0 && usocket_last_module_error(&r->modem) >= 0;
    right = right && usocket_getsocketsta(s) == USOCKET_ESTABLISHED;
    right = right && usocket_getsockname(s, &address) == 0 && usocket_getpeername(s, &address) == 0;
    right = right && address.port == busy.echo.port;
    right = right && usocket_getsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_NREAD, &value, &len) == 0;
    return right && usocket_settimeout(s, PATIENCE_MS) == 0;
}

static void test_counters_and_facts_can_be_read_while_other_threads_are_busy(void **state)
{
    struct rig *r = *state;
    struct usocket_stats before = {0};
    struct usocket_stats first;
    uint32_t began = now_ms();

    busy_start(r);
    usocket_get_stats(&r->modem, &first);
    while (now_ms() - began < 500) {
        assert_true(look(r, busy.s[0], &before));
    }
    busy_stop();
    assert_true(before.commands > first.commands);
    assert_true(before.rx_bytes > first.rx_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_four_threads_that_ask_for_names_at_once_all_get_their_answer_one_after_the_other, knows_names),
        WITH(test_four_threads_that_ask_for_one_name_at_once_all_get_its_address, knows_names),
        UP(test_poll_sees_each_byte_while_another_thread_sends_commands_of_its_own),
        WITH(test_two_threads_with_commands_of_their_own_get_their_answer_or_are_told_to_come_again, slow),
        UP(test_p29_events_are_told_in_the_thread_that_runs_and_every_call_may_be_made_there),
        UP(test_p29_events_come_to_many_threads_while_all_are_busy),
        UP(test_p29_a_callback_that_closes_its_socket_ends_the_calls_that_wait_on_it),
        UP(test_time_outs_hold_while_other_threads_are_busy),
        UP(test_time_outs_of_many_that_wait_are_each_their_own),
        UP(test_counters_and_facts_can_be_read_while_other_threads_are_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
