/* Several threads, each with sockets of its own or with one in common: all of them get on, and every byte is right. */
#include "rig.h"

#include <sys/socket.h>

enum { KB64 = 65536, PIECE = 1000 };

/* --- the two directions of a conversation, each for a thread ------------------------------------------------------ */

struct conversation {
    struct usocket *s;
    unsigned number;
    size_t len;
    unsigned pause_ms; /* between two pieces that are sent */
    size_t sent, received;
    bool wrong;
    int error;
};

static void *send_pieces(void *arg)
{
    struct conversation *c = arg;
    unsigned char block[PIECE];

    while (c->sent < c->len && c->error == 0) {
        size_t n = c->len - c->sent < PIECE ? c->len - c->sent : PIECE;

        fill(c->number, c->sent, block, n);
        c->error = usocket_sendall(c->s, block, n);
        c->sent += n;
        if (c->pause_ms > 0) {
            pause_ms(c->pause_ms);
        }
    }
    return NULL;
}

static void *receive_all(void *arg)
{
    struct conversation *c = arg;
    unsigned char block[PIECE];
    ssize_t n = 1;

    while (n > 0 && c->received < c->len && !c->wrong) {
        n = usocket_recv(c->s, block, sizeof(block));
        if (n > 0) {
            c->wrong = !is_right(c->number, c->received, block, (size_t)n);
            c->received += (size_t)n;
        }
    }
    c->error = n < 0 ? (int)n : 0;
    return NULL;
}

static void check(const struct conversation *in, const struct conversation *out)
{
    assert_int_equal(out->error, 0);
    assert_int_equal(out->sent, out->len);
    assert_int_equal(in->error, 0);
    assert_false(in->wrong);
    assert_int_equal(in->received, in->len);
}

static void converse(struct rig *r, size_t sockets, size_t len, unsigned pause)
{
    struct echo echo;
    struct conversation in[2];
    struct conversation out[2];
    pthread_t threads[4];

    echo_start(&echo);
    for (unsigned i = 0; i < sockets; i++) {
        in[i] = out[i] =
            (struct conversation){.s = connect_to(r, echo.port), .number = i + 1, .len = len, .pause_ms = pause};
        assert_non_null(in[i].s);
    }
    for (size_t i = 0; i < sockets; i++) {
        threads[2 * i] = start_thread(receive_all, &in[i]);
    }
    pause_ms(50); /* they wait */
    for (size_t i = 0; i < sockets; i++) {
        threads[2 * i + 1] = start_thread(send_pieces, &out[i]);
    }
    for (size_t i = 0; i < 2 * sockets; i++) {
        join_thread(threads[i]);
    }
    for (size_t i = 0; i < sockets; i++) {
        check(&in[i], &out[i]);
        assert_int_equal(usocket_close(in[i].s), 0);
    }
    echo_stop(&echo);
}

static void test_two_threads_that_wait_for_two_sockets_both_get_64_kilobytes(void **state)
{
    converse(*state, 2, KB64, 0);
}

/* The line is slow and comes in bits: threads take it over from each other in the middle of everything. */
static int slow_line(void **state)
{
    *state = rig_up((const char *const[]){"--baud", "921600", "--fault", "chunk=random", "--latency-ms", "1", NULL});
    return 0;
}

static void test_two_threads_that_wait_for_two_sockets_get_all_over_a_slow_line_too(void **state)
{
    converse(*state, 2, KB64 / 2, 0);
}

static void test_a_thread_that_waits_for_a_socket_does_not_keep_another_from_sending_on_it(void **state)
{
    converse(*state, 1, KB64, 0);
}

static void test_a_thread_that_waits_hears_each_of_many_answers_soon(void **state)
{
    uint32_t began = now_ms();

    converse(*state, 2, 40 * PIECE, 20);
    assert_in_range(now_ms() - began, 800, 3000); /* forty pauses; a wake-up lost is seconds */
}

static ssize_t wait_recv(struct call *c)
{
    char byte;

    return usocket_recv(c->s, &byte, 1);
}

static void test_p02_a_thread_is_told_of_bytes_that_another_has_taken_off_the_line(void **state)
{
    struct rig *r = *state;
    struct pair p[2] = {make_pair(r), make_pair(r)};
    struct call c = {.make = wait_recv, .r = r, .s = p[0].s};
    uint32_t began;
    char byte;

    usocket_settimeout(p[1].s, 1000);
    call_begin(&c);
    rig_deaf(r);
    assert_int_equal(send(p[0].peer, "x", 1, 0), 1);
    pause_ms(100);
    began = now_ms();
    assert_int_equal(usocket_recv(p[1].s, &byte, 1), -ETIMEDOUT); /* reads the line as it begins */
    assert_int_equal(call_end(&c), 1);
    assert_in_range(c.ended_ms - began, 0, 300);
}

/* --- eight threads ------------------------------------------------------------------------------------------------ */

enum { VISITORS = 8, VISITS = 10, VISIT_BYTES = 3000 };

struct visitor {
    struct rig *r;
    uint16_t port;
    unsigned number;
    int visits;
    const char *failed;
    long result;
};

/* A socket that was closed counts while its last bytes are on their way. */
static struct usocket *get_socket(struct rig *r)
{
    uint32_t began = now_ms();
    struct usocket *s;

    while ((s = usocket_socket(&r->modem, 0, 0, 0)) == NULL && now_ms() - began < PATIENCE_MS) {
        pause_ms(1);
    }
    return s;
}

static const char *visit(struct visitor *v)
{
    const struct usocket_sockaddr address = loopback(v->port);
    struct usocket *s = get_socket(v->r);
    unsigned char bytes[VISIT_BYTES];

    if (s == NULL) {
        return "socket";
    }
    usocket_settimeout(s, PATIENCE_MS);
    if ((v->result = usocket_connect(s, &address)) != 0) {
        return "connect";
    }
    fill(v->number, 0, bytes, sizeof(bytes));
    if ((v->result = usocket_sendall(s, bytes, sizeof(bytes))) != 0) {
        return "sendall";
    }
    memset(bytes, 0, sizeof(bytes));
    if ((v->result = usocket_read(s, bytes, sizeof(bytes))) != VISIT_BYTES) {
        return "read";
    }
    if (!is_right(v->number, 0, bytes, sizeof(bytes))) {
        return "the bytes";
    }
    return (v->result = usocket_close(s)) != 0 ? "close" : NULL;
}

static void *visit_often(void *arg)
{
    struct visitor *v = arg;

    while (v->visits < VISITS && v->failed == NULL) {
        v->failed = visit(v);
        v->visits++;
    }
    return NULL;
}

static void test_eight_threads_connect_converse_and_close_again_and_again(void **state)
{
    struct rig *r = *state;
    struct echo echo;
    struct visitor v[VISITORS];
    pthread_t threads[VISITORS];

    echo_start(&echo);
    for (unsigned i = 0; i < VISITORS; i++) {
        v[i] = (struct visitor){.r = r, .port = echo.port, .number = i};
        threads[i] = start_thread(visit_often, &v[i]);
    }
    for (size_t i = 0; i < VISITORS; i++) {
        join_thread(threads[i]);
    }
    for (size_t i = 0; i < VISITORS; i++) {
        if (v[i].failed != NULL) {
            fail_msg("thread %zu, visit %d: %s: %ld", i, v[i].visits, v[i].failed, v[i].result);
        }
    }
    echo_stop(&echo);
}

/* --- a server ----------------------------------------------------------------------------------------------------- */

enum { CLIENTS = 6 };

struct server {
    struct usocket *listener;
    int clients, served;
    const char *failed;
    long result;
};

static const char *serve(struct server *v)
{
    struct usocket *conn;
    unsigned char bytes[PIECE];

    if ((v->result = usocket_accept(v->listener, &conn, NULL)) != 0) {
        return "accept";
    }
    if ((v->result = usocket_read(conn, bytes, sizeof(bytes))) != PIECE) {
        return "read";
    }
    if ((v->result = usocket_sendall(conn, bytes, sizeof(bytes))) != 0) {
        return "sendall";
    }
    return (v->result = usocket_close(conn)) != 0 ? "close" : NULL;
}

static void *serve_all(void *arg)
{
    struct server *v = arg;

    while (v->served < v->clients && v->failed == NULL) {
        v->failed = serve(v);
        v->served++;
    }
    return NULL;
}

static struct usocket *make_listener(struct rig *r, uint16_t *port)
{
    struct usocket *s = usocket_socket(&r->modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    struct usocket_sockaddr any;

    *port = free_port();
    assert_int_equal(usocket_sockaddr_set(&any, "", *port), 0);
    assert_int_equal(usocket_bind(s, &any), 0);
    assert_int_equal(usocket_listen(s, 4), 0);
    return s;
}

static void be_client(uint16_t port, unsigned number)
{
    unsigned char bytes[PIECE];
    int fd = peer_connect(port);

    assert_true(fd >= 0);
    fill(number, 0, bytes, sizeof(bytes));
    assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
    assert_true(is_right(number, 0, bytes, sizeof(bytes)));
    assert_int_equal(recv(fd, bytes, 1, 0), 0);
    close(fd);
}

/* A thread that waits for something else: what the servers leave when they go is sent by it. */
static int run_meanwhile(struct rig *r, struct call *c)
{
    struct pair p = make_pair(r);

    *c = (struct call){.make = wait_recv, .r = r, .s = p.s};
    call_begin(c);
    return p.peer;
}

static void end_meanwhile(struct call *c, int peer)
{
    assert_int_equal(send(peer, "x", 1, 0), 1);
    assert_int_equal(call_end(c), 1);
}

static void check_server(const struct server *v)
{
    if (v->failed != NULL) {
        fail_msg("client %d: %s: %ld", v->served, v->failed, v->result);
    }
    assert_int_equal(v->served, v->clients);
}

static void test_a_thread_accepts_and_serves_one_client_after_the_other(void **state)
{
    struct rig *r = *state;
    uint16_t port;
    struct server v = {.listener = make_listener(r, &port), .clients = CLIENTS};
    struct call meanwhile;
    int peer = run_meanwhile(r, &meanwhile);
    pthread_t thread = start_thread(serve_all, &v);

    for (unsigned i = 0; i < CLIENTS; i++) {
        be_client(port, i);
    }
    join_thread(thread);
    check_server(&v);
    end_meanwhile(&meanwhile, peer);
}

static void test_of_two_threads_that_accept_each_gets_a_client_of_its_own(void **state)
{
    struct rig *r = *state;
    uint16_t port;
    struct server v[2] = {{.clients = CLIENTS / 2}, {.clients = CLIENTS / 2}};
    pthread_t threads[2];
    struct call meanwhile;
    int peer = run_meanwhile(r, &meanwhile);

    v[0].listener = v[1].listener = make_listener(r, &port);
    for (size_t i = 0; i < 2; i++) {
        threads[i] = start_thread(serve_all, &v[i]);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        be_client(port, i);
    }
    for (size_t i = 0; i < 2; i++) {
        join_thread(threads[i]);
        check_server(&v[i]);
    }
    end_meanwhile(&meanwhile, peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UP(test_two_threads_that_wait_for_two_sockets_both_get_64_kilobytes),
        WITH(test_two_threads_that_wait_for_two_sockets_get_all_over_a_slow_line_too, slow_line),
        UP(test_a_thread_that_waits_for_a_socket_does_not_keep_another_from_sending_on_it),
        UP(test_a_thread_that_waits_hears_each_of_many_answers_soon),
        UP(test_p02_a_thread_is_told_of_bytes_that_another_has_taken_off_the_line),
        UP(test_eight_threads_connect_converse_and_close_again_and_again),
        UP(test_a_thread_accepts_and_serves_one_client_after_the_other),
        UP(test_of_two_threads_that_accept_each_gets_a_client_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
