/* Figures of the linked image: instructions, wake-ups, stack. Time is virtual, so they are the same in each run. */
#include <stdio.h>
#include <string.h>

#include "meter.h"
#include "suite.h"

enum {
    MINUTE_MS = 60000,
    MOST_WAKEUPS = 20,
    MOST_AWAKE_MS = 60,
    TRICKLE_BYTES = 4096,
    TRICKLE_BAUD = 9600,
    READ_BYTES = 1500
};

static void ratio(const char *what, uint32_t count, uint32_t per)
{
    uint32_t hundredths = (uint32_t)(((uint64_t)count * 100 + per / 2) / per);

    printf("%s: %lu.%02lu\n", what, (unsigned long)(hundredths / 100), (unsigned long)(hundredths % 100));
}

/* --- instructions ------------------------------------------------------------------------------------------------ */

static uint32_t metered_receive(uint32_t bytes)
{
    static uint8_t got[READ_BYTES];
    struct usocket *s = connect_to(source_port);

    meter_start();
    for (uint32_t left = bytes; left > 0;) {
        left -= (uint32_t)check("recv", usocket_recv(s, got, left < READ_BYTES ? left : READ_BYTES));
    }
    uint32_t count = meter_stop();
    usocket_close(s);
    return count;
}

static uint32_t metered_send(uint32_t bytes)
{
    struct usocket *s = connect_to(echo_port);

    meter_start();
    for (uint32_t left = bytes; left > 0; left -= BLOCK) {
        check("sendall", usocket_sendall(s, block, BLOCK));
    }
    uint32_t count = meter_stop();
    usocket_close(s);
    return count;
}

void instructions(void)
{
    module_start(&line, 0, 1); /* no limit: whole blocks come at once, as in the benchmark on the host */
    suite_start(&meter_port);
    ratio("instructions a byte received, in blocks", metered_receive(SOURCE_BYTES), SOURCE_BYTES);
    ratio("instructions a byte sent, in blocks", metered_send(SOURCE_BYTES), SOURCE_BYTES);
    module_start(&line, TRICKLE_BAUD, 1); /* so slow that each byte comes alone */
    suite_start(&meter_port);
    uint32_t count = metered_receive(TRICKLE_BYTES);
    ratio("instructions a wake-up that brings one byte", count, meter_waits());
    usocket_process(&modem);
    meter_start();
    usocket_process(&modem);
    printf("instructions a wake-up that brings nothing: %lu\n", (unsigned long)meter_stop());
}

/* --- wake-ups ---------------------------------------------------------------------------------------------------- */

static void idle_minute(const char *what)
{
    uint32_t start = board_now_ms();
    struct board_sleeps before = board_sleeps();
    uint32_t passed;

    while ((passed = board_now_ms() - start) < MINUTE_MS) {
        uint32_t ms = usocket_process(&modem);
        uint32_t left = MINUTE_MS - passed;
        baremetal_port.wait(&line, ms < left ? ms : left, usocket_wants_write(&modem));
    }
    struct board_sleeps after = board_sleeps();
    uint32_t clock = after.clock_wakeups - before.clock_wakeups;
    uint32_t wakeups = after.wakeups - before.wakeups - clock;
    uint32_t awake_ms = after.awake_ms - before.awake_ms;
    printf("wake-ups of an idle minute, %s: %lu (and %lu by the board's clock; awake for %lu ms)\n", what,
           (unsigned long)wakeups, (unsigned long)clock, (unsigned long)awake_ms);
    demand("the core sleeps", wakeups > 0 && wakeups <= MOST_WAKEUPS && awake_ms <= MOST_AWAKE_MS);
}

void idle_minutes(void)
{
    module_start(&line, 115200, 8);
    suite_start(&baremetal_port);
    usocket_shutdown(&modem, TIMEOUT_MS);
    idle_minute("the network up");
    struct usocket *s = connect_to(echo_port);
    idle_minute("a connection open");
    idle_minute("a connection open, the next minute");
    usocket_close(s);
}

/* --- stack ------------------------------------------------------------------------------------------------------- */

static struct usocket *stream, *datagrams, *server_socket, *client;
static char text[64];

static void step_network(void)
{
    check("network", usocket_wait_network(&modem, 60000, NULL, NULL));
}

static void step_resolve(void)
{
    static struct usocket_addrinfo info;

    check("resolve", usocket_getaddrinfo(&modem, MODULE_HOST, 0, &info, 1));
}

static void step_connect(void)
{
    check("connect", usocket_connect(stream, &server));
}

static void step_send(void)
{
    check("send", usocket_sendall(stream, "line\nmore", 9));
}

static void step_readline(void)
{
    check("readline", usocket_readline(stream, text, sizeof(text)));
}

static void step_recv(void)
{
    check("recv", usocket_recv(stream, text, sizeof(text)));
}

static void step_poll(void)
{
    static struct usocket_pollfd fd;

    fd = (struct usocket_pollfd){.s = stream, .events = USOCKET_POLLIN};
    check("poll", usocket_poll(&fd, 1, 100));
}

static void step_sendto(void)
{
    check("sendto", usocket_sendto(datagrams, "datagram", 8, &server));
}

static void step_recvfrom(void)
{
    check("recvfrom", usocket_recvfrom(datagrams, text, sizeof(text), NULL, NULL));
}

static void step_listen(void)
{
    check("listen", usocket_listen(server_socket, 2));
}

static void step_accept(void)
{
    check("accept", usocket_accept(server_socket, &client, NULL));
}

static void step_command(void)
{
    check("AT+CSQ", usocket_at_command(&modem, "AT+CSQ", NULL, NULL, TIMEOUT_MS));
}

static void step_process(void)
{
    usocket_process(&modem);
}

static void step_shutdown(void)
{
    check("shutdown", usocket_shutdown(&modem, TIMEOUT_MS));
}

static void prepare(void)
{
    struct usocket_sockaddr any;

    stream = make_socket(USOCKET_SOCK_STREAM, 0);
    datagrams = make_socket(USOCKET_SOCK_DGRAM, 0);
    server_socket = make_socket(USOCKET_SOCK_STREAM, USOCKET_IPPROTO_TCP_SER);
    usocket_sockaddr_set(&any, "", listen_port);
    check("bind", usocket_bind(server_socket, &any));
    server.port = echo_port;
}

void driver_stack(void)
{
    static const struct {
        const char *name;
        void (*call)(void);
    } steps[] = {
        {"wait_network", step_network},
        {"getaddrinfo", step_resolve},
        {"connect", step_connect},
        {"sendall", step_send},
        {"readline", step_readline},
        {"recv", step_recv},
        {"poll", step_poll},
        {"sendto", step_sendto},
        {"recvfrom", step_recvfrom},
        {"listen", step_listen},
        {"accept", step_accept},
        {"at_command", step_command},
        {"process", step_process},
        {"shutdown", step_shutdown},
    };
    size_t deepest = 0;
    const char *who = "";

    module_start(&line, 115200, 8);
    check("init", usocket_init(&modem, &baremetal_port, &line, &(struct usocket_config){.apn = "internet"}));
    prepare();
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].call == step_accept) {
            module_clients(listen_port);
        }
        size_t used = board_stack_of(steps[i].call);
        if (used > deepest) {
            deepest = used;
            who = steps[i].name;
        }
    }
    printf("bytes of the deepest stack of a call, with port and an interrupt's frame: %lu (usocket_%s)\n",
           (unsigned long)deepest, who);
}
