/* The driver on the simulated module on a virtual clock; see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_S = 3 * 3600 /* no test takes so long: it waits for what never comes */ };

static uint64_t *clock_of(struct rig *r)
{
    return r->clock != NULL ? &r->clock->now_us : &r->now_us;
}

static void give_up(const char *why)
{
    fprintf(stderr, "rig: %s\n", why);
    abort();
}

/* --- the port ----------------------------------------------------------------------------------------------------- */

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    struct rig *r = ctx;

    if (r->line_error != 0) {
        return r->line_error;
    }
    if (r->read_max > 0 && len > r->read_max) {
        len = r->read_max;
    }
    if (r->said_len > 0) {
        len = len < r->said_len ? len : r->said_len;
        memcpy(buf, r->said, len);
        r->said_len -= len;
        memmove(r->said, r->said + len, r->said_len);
        return (ssize_t)len;
    }
    return (ssize_t)modemsim_read(r->sim, *clock_of(r), buf, len);
}

static bool answered(struct rig *r, const char *bytes, size_t len)
{
    for (size_t i = 0; i < RIG_ANSWERS; i++) {
        struct rig_answer *a = &r->answers[i];

        if (a->command != NULL && len == strlen(a->command) + 1 && memcmp(bytes, a->command, len - 1) == 0 &&
            bytes[len - 1] == '\r') {
            rig_say_bytes(r, a->answer, strlen(a->answer));
            a->command = NULL;
            return true;
        }
    }
    return false;
}

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    struct rig *r = ctx;

    if (r->line_error != 0) {
        return r->line_error;
    }
    return answered(r, buf, len) ? (ssize_t)len : (ssize_t)modemsim_write(r->sim, *clock_of(r), buf, len);
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct rig *r = ctx;
    uint64_t *now_us = clock_of(r);
    uint64_t until = timeout_ms == UINT32_MAX ? UINT64_MAX : *now_us + timeout_ms * 1000ull;
    uint64_t next = modemsim_next_block_us(r->sim, *now_us, r->block > 0 && !for_write ? r->block : 1);

    r->wakeups++;
    if (r->said_len > 0) {
        return 0;
    }
    if (r->signals > 0 && next > *now_us + 20000) {
        r->signals--;
        return -EINTR;
    }
    if (next == UINT64_MAX && until == UINT64_MAX) {
        give_up("waiting for ever");
    }
    *now_us = next < until ? next : until;
    if (*now_us > LONGEST_S * 1000000ull) {
        give_up("nothing happens any more");
    }
    return 0;
}

uint32_t rig_now_ms(const struct rig *r)
{
    return (uint32_t)((r->clock != NULL ? r->clock->now_us : r->now_us) / 1000);
}

static uint32_t port_now(void *ctx)
{
    const struct rig *r = ctx;

    return rig_now_ms(r) + r->offset_ms;
}

static void record(struct rig *r, const char *line, size_t len)
{
    if (r->sent_len + len + 2 > r->sent_cap) {
        r->sent_cap = 2 * (r->sent_len + len) + 4096;
        r->sent = realloc(r->sent, r->sent_cap);
        if (r->sent == NULL) {
            give_up("no memory");
        }
    }
    memcpy(r->sent + r->sent_len, line, len);
    r->sent_len += len;
    r->sent[r->sent_len++] = '\n';
    r->sent[r->sent_len] = '\0';
}

static void port_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    static const char *const marks[] = {"> ", "> bytes ", "< ", "< bytes ", "* "};
    struct rig *r = ctx;

    if (what == USOCKET_LOG_TX) {
        record(r, text, len);
    }
    if (r->trace) {
        printf("%10u %s%.*s\n", rig_now_ms(r), marks[what], (int)len, text);
    }
}

const struct usocket_port rig_port = {
    .read = port_read,
    .write = port_write,
    .wait = port_wait,
    .now_ms = port_now,
    .log = port_log,
};

/* --- making one --------------------------------------------------------------------------------------------------- */

static void add_peers(struct memnet *net)
{
    static const struct memnet_peer peers[] = {
        {.host = ECHO, .port = 7, .kind = MEMNET_ECHO},
        {.host = SINK, .port = 9, .kind = MEMNET_SINK},
        {.host = SINK, .port = 10, .kind = MEMNET_SINK, .never_fins = true},
        {.host = SINK, .port = 11, .kind = MEMNET_SINK, .never_acks = true},
        {.host = SINK, .port = 12, .kind = MEMNET_REFUSE},
        {.host = SINK, .port = 13, .kind = MEMNET_BLACKHOLE},
    };

    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        memnet_add(net, &peers[i]);
    }
    for (uint16_t port = 80; port < 92; port++) {
        memnet_add(net, &(struct memnet_peer){.host = TALK, .port = port, .kind = MEMNET_SCRIPT});
    }
    memnet_name(net, "files.example", FILES, 300);
    memnet_name(net, "echo.example", ECHO, 300);
    memnet_name(net, "two.example", "192.0.2.21", 300);
    memnet_name(net, "two.example", "192.0.2.22", 300);
    memnet_name(net, "never.example", NULL, 0);
}

struct rig *rig_new(const struct modemsim_options *options, const struct usocket_config *config)
{
    static const struct modemsim_options running = {.booted = true, .seed = 1};
    struct rig *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        give_up("no memory");
    }
    r->trace = getenv("RIG_TRACE") != NULL;
    r->net = memnet_new();
    r->sim = modemsim_new(options != NULL ? options : &running, memnet_ops(), r->net);
    memnet_attach(r->net, r->sim);
    add_peers(r->net);
    record(r, "", 0);
    if (usocket_init(&r->modem, &rig_port, r, config) != 0) {
        give_up("usocket_init refuses the configuration");
    }
    return r;
}

struct rig *rig_up(const struct modemsim_options *options)
{
    return rig_up_with(options, &(struct usocket_config){.apn = "internet"});
}

struct rig *rig_up_with(const struct modemsim_options *options, const struct usocket_config *config)
{
    struct rig *r = rig_new(options, config);
    int stage;
    int sub;
    int result = usocket_wait_network(&r->modem, 60000, &stage, &sub);

    if (result != 0) {
        fprintf(stderr, "rig: no network: %s, stage %d, sub %d\n", usocket_strerror(result), stage, sub);
        abort();
    }
    return r;
}

void rig_free(struct rig *r)
{
    modemsim_free(r->sim);
    memnet_free(r->net);
    free(r->sent);
    free(r);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

void rig_run(struct rig *r, uint32_t ms)
{
    uint64_t *now_us = clock_of(r);
    uint64_t until = *now_us + ms * 1000ull;

    while (*now_us < until) {
        uint32_t wake_ms = usocket_process(&r->modem);
        uint32_t left_ms = (uint32_t)((until - *now_us + 999) / 1000);

        port_wait(r, wake_ms < left_ms ? wake_ms : left_ms, usocket_wants_write(&r->modem));
    }
    usocket_process(&r->modem);
}

void rig_pass(struct rig *r, uint32_t ms)
{
    *clock_of(r) += ms * 1000ull;
    modemsim_run(r->sim, *clock_of(r));
}

/* --- in the module's place ---------------------------------------------------------------------------------------- */

void rig_fault(struct rig *r, const char *spec)
{
    if (*clock_of(r) > 0) { /* a fault's time counts from now; one armed before the start is there at the boot */
        modemsim_run(r->sim, *clock_of(r));
    }
    if (modemsim_fault(r->sim, spec) != 0) {
        fprintf(stderr, "rig: no fault \"%s\"\n", spec);
        abort();
    }
}

void rig_say_bytes(struct rig *r, const char *bytes, size_t len)
{
    if (r->said_len + len > sizeof(r->said)) {
        give_up("said too much");
    }
    memcpy(r->said + r->said_len, bytes, len);
    r->said_len += len;
}

void rig_say(struct rig *r, const char *line)
{
    rig_say_bytes(r, "\r\n", 2);
    rig_say_bytes(r, line, strlen(line));
    rig_say_bytes(r, "\r\n", 2);
}

void rig_answer(struct rig *r, const char *command, const char *answer)
{
    for (size_t i = 0; i < RIG_ANSWERS; i++) {
        if (r->answers[i].command == NULL) {
            r->answers[i] = (struct rig_answer){command, answer};
            return;
        }
    }
    give_up("too many answers");
}

void rig_peer_says(struct rig *r, uint16_t port, const void *bytes, size_t len)
{
    modemsim_run(r->sim, *clock_of(r));
    memnet_send(r->net, memnet_handle(r->net, port), bytes, len);
}

void rig_peer_closes(struct rig *r, uint16_t port)
{
    modemsim_run(r->sim, *clock_of(r));
    memnet_close(r->net, memnet_handle(r->net, port));
}

uint32_t rig_client(struct rig *r, uint16_t lport, const char *host, uint16_t port)
{
    modemsim_run(r->sim, *clock_of(r));
    return memnet_connect(r->net, lport, host, port);
}

void rig_datagram(struct rig *r, uint16_t socket, const void *bytes, size_t len, const char *host, uint16_t port)
{
    modemsim_run(r->sim, *clock_of(r));
    memnet_datagram(r->net, memnet_handle(r->net, socket), bytes, len, host, port);
}

/* --- what happened ------------------------------------------------------------------------------------------------ */

unsigned rig_sent(const struct rig *r, const char *command)
{
    unsigned n = 0;

    for (const char *line = r->sent; line[0] != '\0'; line = strchr(line, '\n') + 1) {
        n += strncmp(line, command, strlen(command)) == 0;
    }
    return n;
}

/* AT+QIOPEN=1,0,"TCP LISTENER","127.0.0.1",0,2020,0: the last number but one. */
unsigned rig_opened_port(const struct rig *r, unsigned n)
{
    static const char name[] = "AT+QIOPEN=";

    for (const char *line = r->sent; line[0] != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, strlen(name)) == 0 && n-- == 0) {
            const char *at = strchr(line, '\n');

            for (int commas = 0; commas < 2 && at > line; commas += *at == ',') {
                at--;
            }
            return (unsigned)strtoul(at + 1, NULL, 10);
        }
    }
    give_up("not so many QIOPEN");
    return 0;
}

struct usocket_stats rig_stats(struct rig *r)
{
    struct usocket_stats stats;

    usocket_get_stats(&r->modem, &stats);
    return stats;
}

uint64_t rig_wrong_use(const struct rig *r)
{
    return modemsim_report_wrong_use(modemsim_report(r->sim));
}

/* --- connections -------------------------------------------------------------------------------------------------- */

struct usocket_sockaddr rig_address(const char *host, uint16_t port)
{
    struct usocket_sockaddr address;

    if (usocket_sockaddr_set(&address, host, port) != 0) {
        abort();
    }
    return address;
}

struct usocket *rig_connect(struct rig *r, const char *host, uint16_t port)
{
    struct usocket_sockaddr address = rig_address(host, port);
    struct usocket *s = usocket_socket(&r->modem, 0, 0, 0);
    int result = s != NULL ? usocket_connect(s, &address) : usocket_last_error(&r->modem);

    if (result != 0) {
        fprintf(stderr, "rig: no connection to %s:%u: %s\n", host, port, usocket_strerror(result));
        abort();
    }
    return s;
}
