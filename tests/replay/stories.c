/* The list of the stories, and those in which nothing goes wrong. */
#include "stories.h"

static void play_download(struct stage *t)
{
    world_peer(t, &(struct memnet_peer){.host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = 6000, .seed = 1});
    struct usocket *s = dial(t, 0, FILES, 8000);

    expect_pattern(s, 1, 6000);
    assert_int_equal(usocket_close(s), 0);
}

static void play_upload(struct stage *t)
{
    char buf[6000];
    struct usocket *s = dial(t, 0, SINK, 9);

    fill(buf, sizeof(buf));
    assert_int_equal(usocket_sendall(s, buf, sizeof(buf)), 0);
    assert_int_equal(usocket_close(s), 0); /* what is still in the buffer goes all the same */
    assert_int_equal(usocket_shutdown(&t->modem, PATIENCE_MS), 0);
    world_got(t, buf, sizeof(buf));
}

static void play_udp_connected(struct stage *t)
{
    static const char *const words[] = {"one", "two and a half", "three"};
    struct usocket_sockaddr peer = rig_address(ECHO, 7);
    struct usocket *s = usocket_socket(&t->modem, 0, USOCKET_SOCK_DGRAM, 0);
    char buf[100];

    usocket_settimeout(s, PATIENCE_MS);
    assert_int_equal(usocket_connect(s, &peer), 0);
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);

        assert_int_equal(usocket_send(s, words[i], len), len);
        assert_int_equal(usocket_recv(s, buf, sizeof(buf)), len);
        assert_memory_equal(buf, words[i], len);
    }
    assert_int_equal(usocket_close(s), 0);
}

static void play_udp_service(struct stage *t)
{
    struct usocket_sockaddr own = rig_address("", 3030);
    struct usocket_sockaddr echo = rig_address(ECHO, 7);
    struct usocket_sockaddr from;
    struct usocket *s = usocket_socket(&t->modem, 0, USOCKET_SOCK_DGRAM, 0);
    char text[USOCKET_ADDRSTRLEN];
    char buf[8];
    unsigned flags;

    usocket_settimeout(s, PATIENCE_MS);
    assert_int_equal(usocket_bind(s, &own), 0);
    assert_int_equal(usocket_sendto(s, "hello", 5, &echo), 5);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, &flags), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(from.port, 7);
    world_datagram(t, 3030, "from a stranger", "192.0.2.77", 5000);
    assert_int_equal(usocket_recvfrom(s, buf, sizeof(buf), &from, &flags), sizeof(buf));
    assert_int_equal(flags, USOCKET_MSG_TRUNC);
    usocket_sockaddr_text(&from, text);
    assert_string_equal(text, "192.0.2.77");
    assert_int_equal(usocket_close(s), 0);
}

static struct usocket *take_client(struct usocket *listener, uint16_t port)
{
    struct usocket_sockaddr peer;
    struct usocket *s = NULL;

    assert_int_equal(usocket_accept(listener, &s, &peer), 0);
    assert_int_equal(peer.port, port);
    usocket_settimeout(s, PATIENCE_MS);
    return s;
}

static void play_listener(struct stage *t)
{
    struct usocket_sockaddr own = rig_address("", 2020);
    struct usocket *listener = usocket_socket(&t->modem, 0, USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    char end;

    usocket_settimeout(listener, PATIENCE_MS);
    assert_int_equal(usocket_bind(listener, &own), 0);
    assert_int_equal(usocket_listen(listener, 2), 0);
    world_client(t, 0, 2020, 50001);
    world_client(t, 1, 2020, 50002);
    world_client_says(t, 1, "the second speaks first");
    struct usocket *first = take_client(listener, 50001);
    struct usocket *second = take_client(listener, 50002);

    expect(second, "the second speaks first");
    world_client_says(t, 0, "so do I");
    expect(first, "so do I");
    assert_int_equal(usocket_sendall(first, "welcome", 7), 0);
    world_client_closes(t, 1);
    assert_int_equal(usocket_recv(second, &end, 1), 0);
    assert_int_equal(usocket_close(second), 0);
    assert_int_equal(usocket_close(listener), 0);
    assert_int_equal(usocket_getsocketsta(first), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_close(first), 0);
}

static void play_close_unread(struct stage *t)
{
    char text[3001];
    char buf[100];
    struct usocket *s = dial(t, 0, TALK, 80);

    fill(text, 3000);
    text[3000] = '\0';
    world_says(t, 80, text);
    assert_int_equal(usocket_read(s, buf, sizeof(buf)), sizeof(buf));
    assert_memory_equal(buf, text, sizeof(buf));
    assert_int_equal(usocket_close(s), 0);
    s = dial(t, 0, ECHO, 7); /* and nothing of it is left in the way of the next */
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

static void play_twelve(struct stage *t)
{
    struct usocket *s[12];
    char text[32];

    for (int i = 0; i < 12; i++) {
        s[i] = dial(t, 0, ECHO, 7);
        snprintf(text, sizeof(text), "I am number %d", i);
        assert_int_equal(usocket_sendall(s[i], text, strlen(text)), 0);
    }
    assert_null(usocket_socket(&t->modem, 0, 0, 0));
    for (int i = 11; i >= 0; i--) {
        snprintf(text, sizeof(text), "I am number %d", i);
        expect(s[i], text);
    }
    for (int i = 0; i < 12; i++) {
        assert_int_equal(usocket_close(s[i]), 0);
    }
}

static void play_push(struct stage *t)
{
    static const int push = 1;
    struct usocket_sockaddr peer = rig_address(TALK, 81);
    struct usocket *s = usocket_socket(&t->modem, 0, 0, 0);
    char end;

    usocket_settimeout(s, PATIENCE_MS);
    assert_int_equal(usocket_setsockopt(s, USOCKET_SOL_SOCKET, USOCKET_SO_ACCESS, &push, sizeof(push)), 0);
    assert_int_equal(usocket_connect(s, &peer), 0);
    world_says(t, 81, "\r\nOK\r\nERROR\r\n+QIURC: \"closed\",0\r\n");
    expect(s, "\r\nOK\r\nERROR\r\n+QIURC: \"closed\",0\r\n"); /* pushed bytes are counted, whatever they look like */
    assert_int_equal(usocket_sendall(s, "understood", 10), 0);
    stage_run(t, 1000);
    world_says(t, 81, "bye");
    world_closes(t, 81);
    expect(s, "bye");
    assert_int_equal(usocket_recv(s, &end, 1), 0);
    assert_int_equal(usocket_close(s), 0);
}

static void play_ipv6(struct stage *t)
{
    world_peer(t, &(struct memnet_peer){.host = "2001:db8::7", .port = 7, .kind = MEMNET_ECHO});
    struct usocket_info info;
    struct usocket *s = dial(t, USOCKET_AF_INET6, "2001:db8::7", 7);

    usocket_get_info(&t->modem, &info);
    assert_string_equal(info.address6, "2001:db8:64::2");
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
    s = dial(t, 0, ECHO, 7);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

static void expect_line(struct usocket *s, const char *line)
{
    char buf[128];

    assert_int_equal(usocket_readline(s, buf, sizeof(buf)), strlen(line));
    assert_string_equal(buf, line);
}

static void play_readline(struct stage *t)
{
    struct usocket *s = dial(t, 0, TALK, 82);

    world_says(t, 82, "HTTP/1.0 200 OK\r\nContent-Le");
    expect_line(s, "HTTP/1.0 200 OK\r\n");
    stage_run(t, 500);
    world_says(t, 82, "ngth: 4\r\n\r\nbody");
    expect_line(s, "Content-Length: 4\r\n");
    expect_line(s, "\r\n");
    world_closes(t, 82);
    expect_line(s, "body");
    expect_line(s, "");
    assert_int_equal(usocket_close(s), 0);
}

static void count_lines(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    unsigned *n = ctx;

    (void)line;
    (void)len;
    (void)kind;
    ++*n;
}

/* From the first byte of a module that has just been switched on, on a line as slow as a real one. */
static void play_power_on(struct stage *t)
{
    struct usocket_info info;
    unsigned lines = 0;
    struct usocket *s = dial(t, 0, ECHO, 7);

    usocket_get_info(&t->modem, &info);
    assert_string_equal(info.model, "BG95");
    assert_int_equal(usocket_at_command(&t->modem, "AT+CSQ", count_lines, &lines, PATIENCE_MS), 0);
    assert_int_equal(lines, 2);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

/* One that never waits inside a call: connect, poll, take what there is. */
static void play_poll(struct stage *t)
{
    struct usocket_sockaddr peer = rig_address(ECHO, 7);
    struct usocket *s = usocket_socket(&t->modem, 0, 0, 0);
    struct usocket_pollfd fd = {.s = s, .events = USOCKET_POLLOUT};
    char buf[100];

    usocket_setblocking(s, false);
    assert_int_equal(usocket_connect(s, &peer), -EINPROGRESS);
    assert_int_equal(usocket_poll(&fd, 1, PATIENCE_MS), 1);
    assert_int_equal(fd.revents, USOCKET_POLLOUT);
    assert_int_equal(usocket_send(s, "never waits", 11), 11);
    assert_int_equal(usocket_recv(s, buf, sizeof(buf)), -EAGAIN);
    fd.events = USOCKET_POLLIN;
    assert_int_equal(usocket_poll(&fd, 1, PATIENCE_MS), 1);
    assert_int_equal(usocket_recv(s, buf, sizeof(buf)), 11);
    assert_memory_equal(buf, "never waits", 11);
    stage_run(t, 200 * 1000); /* long enough for the slow poll to find nothing, and to ask for the state */
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_close(s), 0);
}

/* A program that ends without a word; the next one closes what it finds. */
static void play_restart(struct stage *t)
{
    struct usocket *s = dial(t, 0, TALK, 83);

    world_says(t, 83, "never read");
    stage_run(t, 100);
    assert_int_equal(usocket_getsocketsta(s), USOCKET_ESTABLISHED);
    assert_int_equal(usocket_init(&t->modem, t->port, t->line, &t->story->config), 0);
    s = dial(t, 0, ECHO, 7);
    echoes(s);
    assert_int_equal(usocket_close(s), 0);
}

#define BG96                                                                                                           \
    {                                                                                                                  \
        .module = "BG96", .booted = true, .seed = 1                                                                    \
    }
#define APN                                                                                                            \
    {                                                                                                                  \
        .apn = "internet"                                                                                              \
    }

const struct story stories[] = {
    {"download", "a download of 6000 bytes to the end of the stream", play_download, BG96, APN, false},
    {"upload", "an upload of 6000 bytes, closed while some are still unsent", play_upload, BG96, APN, false},
    {"udp-connected", "three datagrams to one peer and back", play_udp_connected, BG96, APN, false},
    {"udp-service", "a UDP socket on port 3030, and a datagram of a stranger", play_udp_service, BG96, APN, false},
    {"listener", "a listener with two clients", play_listener, BG96, APN, false},
    {"close-unread", "a close with 2900 bytes unread", play_close_unread, BG96, APN, false},
    {"twelve", "twelve connections at once", play_twelve, BG96, APN, false},
    {"push", "direct push of bytes that look like answers", play_push, BG96, APN, false},
    {"ipv6", "one connection over IPv6, one over IPv4", play_ipv6, BG96, {.apn = "internet", .pdp = 3}, false},
    {"readline", "a stream read by lines that come in pieces", play_readline, BG96, APN, false},
    {"power-on",
     "a BG95 from its first byte on, 115200 baud",
     play_power_on,
     {.module = "BG95", .baud = 115200, .latency_ms = 5, .seed = 2},
     APN,
     false},
    {"poll", "a non-blocking socket, and three minutes of silence", play_poll, BG96, APN, false},
    {"restart", "the program starts anew and finds a connection of its last run", play_restart, BG96, APN, false},
    {"reset", "the module resets in the middle of a download", play_reset, BG96, APN, true},
    {"context-loss", "the network takes the context away", play_context_loss, BG96, APN, false},
    {"send-fail", "SEND FAIL, three times", play_send_fail, BG96, APN, false},
    {"no-such-name", "a name that does not exist, then one with two addresses", play_no_such_name, BG96, APN, false},
    {"lost-byte", "the line loses one byte of a payload", play_lost_byte, BG96, APN, true},
    {"late-answer", "an answer that comes after its time", play_late_answer, BG96, APN, true},
    {"lost-prompt", "a prompt that never comes", play_lost_prompt, BG96, APN, true},
    {"refused", "a connection that is refused, then one that is not", play_refused, BG96, APN, false},
};
const size_t story_count = sizeof(stories) / sizeof(stories[0]);
