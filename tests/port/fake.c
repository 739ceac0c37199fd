/* A UART on virtual time; see fake.h. Microseconds pass with each call, and as many as it takes in wait(). */
#include "fake.h"

#include <string.h>

enum { BYTE_US = 87, TX_ROOM = 64, AIR = 8192, SECOND_US = 1000000 };

static struct {
    enum fault fault;
    bool module, echo;
    uint64_t us;
    uint64_t tx_free_us; /* when the transmitter has sent all */
    uint64_t rx_free_us; /* when the module has */
    struct {
        uint64_t us;
        unsigned char byte;
    } air[AIR]; /* on its way to the receiver */
    size_t first, behind;
    unsigned char ring[FAKE_RING];
    size_t oldest, held;
    char command[16];
    size_t command_len;
    uint32_t counted; /* bytes received, or readings of the clock */
} f;

/* --- the line ----------------------------------------------------------------------------------------------------- */

static void travel(uint64_t us, unsigned char byte)
{
    bool struck = ++f.counted % (f.module ? RX_EVERY / 100 : RX_EVERY) == 0;

    for (int n = struck && f.fault == RX_LOSES ? 0 : struck && f.fault == RX_DOUBLES ? 2 : 1; n > 0; n--) {
        f.air[f.behind % AIR].us = us;
        f.air[f.behind++ % AIR].byte = struck && f.fault == RX_CHANGES ? byte ^ 0x20 : byte;
    }
}

static void say(uint64_t us, const char *text, size_t len)
{
    f.rx_free_us = f.rx_free_us > us ? f.rx_free_us : us;
    for (size_t i = 0; i < len; i++) {
        f.rx_free_us += BYTE_US;
        travel(f.rx_free_us, (unsigned char)text[i]);
    }
}

static void module_hears(uint64_t us, unsigned char byte)
{
    if (f.echo) {
        say(us, (const char *)&byte, 1);
    }
    if (byte != '\r') {
        f.command[f.command_len++ % sizeof(f.command)] = (char)byte;
        return;
    }
    if (f.command_len >= 2 && memcmp(f.command, "AT", 2) == 0) {
        say(us + 5000, "\r\nOK\r\n", 6);
        f.echo = f.command_len == 4 ? f.command[3] == '1' : f.echo;
    }
    f.command_len = 0;
}

static void transmit(unsigned char byte)
{
    f.tx_free_us = (f.tx_free_us > f.us ? f.tx_free_us : f.us) + BYTE_US;
    if (f.fault == CABLE_CUT || (f.fault == XON_XOFF && (byte == 0x11 || byte == 0x13))) {
        return;
    }
    if (f.fault == SEVEN_BITS) {
        byte &= 0x7f;
    }
    if (f.fault == CR_TO_LF && byte == '\r') {
        byte = '\n';
    }
    if (f.module) {
        module_hears(f.tx_free_us, byte);
        return;
    }
    travel(f.tx_free_us, byte);
    if (f.fault == FF_DOUBLED && byte == 0xff) {
        travel(f.tx_free_us, byte);
    }
}

static void receive(void)
{
    static uint64_t chattered;

    if (f.fault == LINE_CHATTERS && f.us - chattered > 20000) {
        chattered = f.us;
        travel(f.us, 0);
    }
    for (; f.first != f.behind && f.air[f.first % AIR].us <= f.us; f.first++) {
        if (f.held < FAKE_RING) {
            f.ring[(f.oldest + f.held++) % FAKE_RING] = f.air[f.first % AIR].byte;
        }
    }
}

static void pass(uint64_t us)
{
    f.us += us;
    receive();
}

/* --- the port ----------------------------------------------------------------------------------------------------- */

static uint32_t fake_now_ms(void *ctx)
{
    (void)ctx;
    pass(1);
    switch ((int)f.fault) {
    case CLOCK_STANDS:
        return 7;
    case CLOCK_STOPS:
        return f.us > SECOND_US / 2 ? 500 : (uint32_t)(f.us / 1000);
    case CLOCK_RUNS_BACK:
        return (uint32_t)(f.us / 1000) - (f.counted++ % 100 == 99 ? 2 : 0);
    case CLOCK_WRAPS_EARLY:
        return (uint32_t)(f.us - SECOND_US) / 1000;
    case CLOCK_IN_MICROSECONDS:
    case CLOCK_IN_MICROSECONDS_AND_WAIT_BY_IT:
        return (uint32_t)f.us;
    case CLOCK_IN_TICKS_OF_10_MS:
        return (uint32_t)(f.us / 10000);
    case CLOCK_THRICE_AS_FAST_AND_WAIT_BY_IT:
        return (uint32_t)(f.us * 3 / 1000);
    case CLOCK_THRICE_AS_SLOW_AND_WAIT_BY_IT:
        return (uint32_t)(f.us / 3000);
    case CLOCK_TICKS_OF_10_MS:
        return (uint32_t)(f.us / 10000 * 10);
    case CLOCK_ABOUT_TO_WRAP:
        return (uint32_t)(f.us / 1000) - 500;
    default:
        return (uint32_t)(f.us / 1000);
    }
}

static ssize_t fake_read(void *ctx, void *buf, size_t len)
{
    unsigned char *to = buf;
    size_t n = 0;

    (void)ctx;
    pass(f.fault == READ_WAITS ? 2000 : 2);
    if (f.held == 0) {
        return f.fault == READ_SAYS_EAGAIN ? -EAGAIN : 0;
    }
    if ((f.fault == READ_WANTS_A_FULL_BUFFER && f.held < len) || (f.fault == READ_WANTS_MORE_THAN_ONE && len == 1)) {
        return 0;
    }
    for (; n < len && f.held > 0; n++, f.held--) {
        to[n] = f.ring[f.oldest++ % FAKE_RING];
    }
    if (f.fault == READ_WRITES_BEHIND) {
        to[n] = '\0';
    }
    return (ssize_t)(f.fault == READ_RETURNS_MORE ? n + f.held : n);
}

static bool has_room(void)
{
    return f.tx_free_us < f.us + TX_ROOM * BYTE_US;
}

static ssize_t fake_write(void *ctx, const void *buf, size_t len)
{
    const unsigned char *bytes = buf;
    size_t n = 0;

    (void)ctx;
    pass(2);
    for (; n < len && (has_room() || f.fault == WRITE_WAITS); n++) {
        transmit(bytes[n]);
        pass(f.fault == WRITE_WAITS ? f.tx_free_us - f.us : 0);
    }
    if (n == 0 && f.fault == WRITE_SAYS_EAGAIN) {
        return -EAGAIN;
    }
    return (ssize_t)(f.fault == WRITE_CLAIMS_ALL ? len : f.fault == WRITE_RETURNS_MORE ? n + 1 : n);
}

/* How long the sleep lasts by its time-out. */
static uint64_t limit_us(uint32_t timeout_ms)
{
    switch ((int)f.fault) {
    case WAIT_IGNORES_0:
        return timeout_ms == 0 ? 10000 : (uint64_t)timeout_ms * 1000;
    case WAIT_LATE:
        return timeout_ms == 0 ? 0 : (uint64_t)timeout_ms * 1000 + 500000;
    case WAIT_IN_TICKS_OF_10_MS:
        return (uint64_t)timeout_ms * 10000;
    case CLOCK_IN_MICROSECONDS_AND_WAIT_BY_IT:
        return timeout_ms;
    case CLOCK_THRICE_AS_FAST_AND_WAIT_BY_IT:
        return (uint64_t)timeout_ms * 1000 / 3;
    case CLOCK_THRICE_AS_SLOW_AND_WAIT_BY_IT:
        return (uint64_t)timeout_ms * 3000;
    case WAIT_RETURNS_AT_ONCE:
        return 0;
    case WAIT_ENDS_EACH_MS:
        return timeout_ms == 0 ? 0 : 1000;
    default:
        return (uint64_t)timeout_ms * 1000;
    }
}

static bool wakes(int for_write)
{
    return (f.held > 0 && f.fault != WAIT_DEAF) || (for_write && has_room() && f.fault != WAIT_IGNORES_ROOM);
}

static int fake_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    uint64_t end = f.us + limit_us(timeout_ms);
    bool fresh = f.held == 0;

    (void)ctx;
    if (f.fault == WAIT_SAYS_EINTR && timeout_ms > 0) {
        return -EINTR;
    }
    pass(1);
    if (f.fault == WAIT_MISSES && !fresh) { /* bytes that are there already do not count */
        for (size_t held = f.held; f.us < end && f.held == held;) {
            pass(BYTE_US);
        }
        return 0;
    }
    while (f.us < end && !wakes(for_write)) {
        pass(BYTE_US / 2);
    }
    return 0;
}

static const struct usocket_port port = {
    .read = fake_read, .write = fake_write, .wait = fake_wait, .now_ms = fake_now_ms};

const struct usocket_port *fake_start(enum fault fault, bool module)
{
    memset(&f, 0, sizeof(f));
    f.fault = fault;
    f.module = module;
    f.echo = true;
    f.us = SECOND_US / 4;
    return &port;
}

void fake_pause(void *hook_ctx, uint32_t ms)
{
    (void)hook_ctx;
    pass((uint64_t)ms * 1000);
}
