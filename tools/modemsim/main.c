/*
 * The program modemsim: the library on the real clock, the real network, and a port where a host can open it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atlog.h"
#include "modemsim.h"
#include "port.h"
#include "uvnet.h"

static const char usage[] =
    "modemsim: a simulated Quectel module on a port\n"
    "\n"
    "  modemsim --link PATH | --unix PATH | --tcp PORT  [options]\n"
    "\n"
    "  --link PATH       a pseudo-terminal, PATH is a link to it\n"
    "  --unix PATH       a Unix socket\n"
    "  --tcp PORT        a TCP port on 127.0.0.1; 0 chooses one\n"
    "  --module NAME     BG96 (default), BG95 or EC25\n"
    "  --baud N          each direction carries N/10 bytes a second; 0 (default) = no limit\n"
    "  --latency-ms N    time from a command to its answer\n"
    "  --log FILE        writes the session as an .atlog\n"
    "  --seed N          of everything random\n"
    "  --running         the module is on already: no boot messages\n"
    "  --address ADDR    the module's own IPv4 address, as QIACT? tells it\n"
    "  --address6 ADDR   its IPv6 address, in a context of type 2 or 3\n"
    "  --host NAME=ADDR  this name has this address, IPv4 or IPv6; may be given several times, also for one name\n"
    "  --fault SPEC      something that goes wrong; may be given several times; --fault help lists them\n"
    "\n"
    "Prints \"ready PATH\" when a host can open it. SIGINT or SIGTERM ends it, with a report on stderr.\n"
    "\n"
    "  modemsim --link /tmp/modem --baud 115200 --log session.atlog\n";

enum { CHUNK = 4096, HOST_STUCK_US = 10000 };

static struct program {
    uv_loop_t loop;
    uv_poll_t host, listener;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_signal_t signals[2];
    struct port port;
    struct modemsim *sim;
    struct uvnet *net;
    struct atlog log;
    uint64_t start_ns;
    uint8_t in[CHUNK], out[CHUNK]; /* read, not taken by the module; given by it, not written */
    size_t in_len, out_len;
    bool host_polled;
} program;

static uint64_t now_us(void)
{
    return (uv_hrtime() - program.start_ns) / 1000;
}

/* ---- the line ---- */

static void host_event(uv_poll_t *handle, int status, int events);

static void poll_host(void)
{
    struct program *p = &program;
    if (p->port.fd < 0) {
        return;
    }
    int events = (p->in_len ? 0 : UV_READABLE) | (p->out_len ? UV_WRITABLE : 0);
    if (!p->host_polled) {
        uv_poll_init(&p->loop, &p->host, p->port.fd);
        p->host_polled = true;
    }
    if (events) {
        uv_poll_start(&p->host, events, host_event);
    } else {
        uv_poll_stop(&p->host);
    }
}

static void on_polling_ended(uv_handle_t *handle)
{
    (void)handle;
    program.host_polled = false;
    port_hang_up(&program.port);
}

static void host_left(void)
{
    struct program *p = &program;
    if (!uv_is_closing((uv_handle_t *)&p->host)) {
        uv_close((uv_handle_t *)&p->host, on_polling_ended);
        p->in_len = p->out_len = 0;
    }
}

static bool host_there(void)
{
    return program.port.fd >= 0 && program.host_polled && !uv_is_closing((uv_handle_t *)&program.host);
}

static void host_event(uv_poll_t *handle, int status, int events)
{
    struct program *p = &program;
    (void)handle;
    if (status < 0) {
        host_left();
        return;
    }
    if ((events & UV_READABLE) && !p->in_len) {
        ssize_t n = read(p->port.fd, p->in, sizeof p->in);
        if (n > 0) {
            p->in_len = (size_t)n;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            host_left();
        }
    }
}

static void give_to_module(uint64_t now)
{
    struct program *p = &program;
    size_t taken = p->in_len ? modemsim_write(p->sim, now, p->in, p->in_len) : 0;
    atlog_bytes(&p->log, now, '>', p->in, taken);
    memmove(p->in, p->in + taken, p->in_len - taken);
    p->in_len -= taken;
}

static bool write_out(void)
{
    struct program *p = &program;
    ssize_t n = write(p->port.fd, p->out, p->out_len);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        host_left();
    }
    size_t done = n > 0 ? (size_t)n : 0;
    if (p->out_len) {
        memmove(p->out, p->out + done, p->out_len - done);
        p->out_len -= done;
    }
    return p->out_len == 0;
}

/* While nobody listens, what the module says is gone, as on a cable that ends nowhere. */
static void give_to_host(uint64_t now)
{
    struct program *p = &program;
    uint8_t nowhere[CHUNK];
    if (!host_there()) {
        while (modemsim_read(p->sim, now, nowhere, sizeof nowhere)) {
        }
        return;
    }
    while (host_there() && (!p->out_len || write_out())) {
        size_t n = modemsim_read(p->sim, now, p->out, sizeof p->out);
        if (!n) {
            return;
        }
        atlog_bytes(&p->log, now, '<', p->out, n);
        p->out_len = n;
    }
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

/* Before each wait: everything moves up to now, and the timer is set for what comes next. */
static void before_wait(uv_prepare_t *prepare)
{
    struct program *p = &program;
    uint64_t now = now_us();
    (void)prepare;
    poll_host();
    give_to_module(now);
    give_to_host(now);
    poll_host();
    uint64_t next = modemsim_next_us(p->sim, now);
    if (p->out_len && next <= now) {
        next = now + HOST_STUCK_US; /* it doesn't read; its being writable wakes us, this is for the other timers */
    }
    if (next == UINT64_MAX) {
        uv_timer_stop(&p->timer);
        return;
    }
    uv_update_time(&p->loop);
    uv_timer_start(&p->timer, on_timer, (next - now + 999) / 1000, 0);
}

static void on_host_waiting(uv_poll_t *handle, int status, int events)
{
    (void)handle;
    (void)events;
    if (status >= 0) {
        port_accept(&program.port);
    }
}

/* ---- start and end ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void start_loop(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct program *p = &program;
    uv_timer_init(&p->loop, &p->timer);
    uv_prepare_init(&p->loop, &p->prepare);
    uv_prepare_start(&p->prepare, before_wait);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    if (p->port.listen_fd >= 0) {
        uv_poll_init(&p->loop, &p->listener, p->port.listen_fd);
        uv_poll_start(&p->listener, UV_READABLE, on_host_waiting);
    }
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    const uv_handle_type type = uv_handle_get_type(handle);
    if (!uv_is_closing(handle) && (type == UV_POLL || type == UV_TIMER || type == UV_PREPARE || type == UV_SIGNAL)) {
        uv_close(handle, NULL);
    }
}

static void finish(void)
{
    struct program *p = &program;
    uv_walk(&p->loop, close_handle, NULL);
    uvnet_free(p->net);
    uv_loop_close(&p->loop);
    atlog_close(&p->log);
    modemsim_report_print(modemsim_report(p->sim), stderr);
    modemsim_free(p->sim);
    port_close(&p->port);
}

/* ---- options ---- */

enum option_id {
    LINK = 256,
    UNIX,
    TCP,
    MODULE,
    BAUD,
    LATENCY,
    LOG,
    SEED,
    RUNNING,
    ADDRESS,
    ADDRESS6,
    HOST,
    FAULT,
    HELP
};

static const struct option long_options[] = {
    {"link", required_argument, NULL, LINK},
    {"unix", required_argument, NULL, UNIX},
    {"tcp", required_argument, NULL, TCP},
    {"module", required_argument, NULL, MODULE},
    {"baud", required_argument, NULL, BAUD},
    {"latency-ms", required_argument, NULL, LATENCY},
    {"log", required_argument, NULL, LOG},
    {"seed", required_argument, NULL, SEED},
    {"running", no_argument, NULL, RUNNING},
    {"address", required_argument, NULL, ADDRESS},
    {"address6", required_argument, NULL, ADDRESS6},
    {"host", required_argument, NULL, HOST},
    {"fault", required_argument, NULL, FAULT},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

enum { MANY = 64 };

struct settings {
    struct modemsim_options module;
    int port_kind; /* LINK, UNIX or TCP */
    const char *port, *log;
    const char *fault[MANY], *host[MANY];
    size_t faults, hosts;
};

static void fail(const char *text, const char *value)
{
    fprintf(stderr, "modemsim: ");
    fprintf(stderr, text, value);
    fprintf(stderr, " (--help shows the options)\n");
    exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || value > max) {
        fail("%s is not a number in range", text);
    }
    return value;
}

static void add(const char **list, size_t *count, const char *value)
{
    if (*count == MANY) {
        fail("too many of these, the last is %s", value);
    }
    list[(*count)++] = value;
}

static void take_option(struct settings *s, int id)
{
    switch (id) {
    case LINK:
    case UNIX:
    case TCP:
        if (s->port) {
            fail("one port is enough, %s is the second", optarg);
        }
        s->port_kind = id;
        s->port = optarg;
        break;
    case MODULE:
        s->module.module = optarg;
        break;
    case BAUD:
        s->module.baud = (uint32_t)number(optarg, 100000000);
        break;
    case LATENCY:
        s->module.latency_ms = (uint32_t)number(optarg, 3600000);
        break;
    case LOG:
        s->log = optarg;
        break;
    case SEED:
        s->module.seed = number(optarg, UINT64_MAX);
        break;
    case RUNNING:
        s->module.booted = true;
        break;
    case ADDRESS:
        s->module.address = optarg;
        break;
    case ADDRESS6:
        s->module.address6 = optarg;
        break;
    case HOST:
        add(s->host, &s->hosts, optarg);
        break;
    case FAULT:
        add(s->fault, &s->faults, optarg);
        break;
    case HELP:
        fputs(usage, stdout);
        exit(0);
    default:
        exit(2);
    }
}

static struct settings read_options(int argc, char **argv)
{
    struct settings s = {0};
    int id;
    while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        take_option(&s, id);
        if (s.faults && strcmp(s.fault[s.faults - 1], "help") == 0) {
            modemsim_fault_help(stdout);
            exit(0);
        }
    }
    if (optind < argc) {
        fail("%s is not an option", argv[optind]);
    }
    if (!s.port) {
        fail("give one of --link, --unix, --tcp%s", "");
    }
    return s;
}

static int open_port(struct port *port, const struct settings *s)
{
    switch (s->port_kind) {
    case LINK:
        return port_link(port, s->port);
    case UNIX:
        return port_unix(port, s->port);
    default:
        return port_tcp(port, (uint16_t)number(s->port, 65535));
    }
}

int main(int argc, char **argv)
{
    struct program *p = &program;
    struct settings s = read_options(argc, argv);
    s.module.unix_time = time(NULL);
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&p->loop);
    p->net = uvnet_new(&p->loop, now_us);
    p->sim = modemsim_new(&s.module, uvnet_ops(), p->net);
    if (!p->sim) {
        fail("no module is called %s: BG96, BG95 or EC25", s.module.module);
    }
    uvnet_attach(p->net, p->sim);
    for (size_t i = 0; i < s.faults; i++) {
        if (modemsim_fault(p->sim, s.fault[i]) != 0) {
            fail("no such fault or value: %s; --fault help lists them", s.fault[i]);
        }
    }
    for (size_t i = 0; i < s.hosts; i++) {
        if (uvnet_host(p->net, s.host[i]) != 0) {
            fail("%s is not NAME=ADDRESS", s.host[i]);
        }
    }
    if (s.log && atlog_open(&p->log, s.log, s.module.module ? s.module.module : "BG96") != 0) {
        fail("cannot write the log %s", s.log);
    }
    if (open_port(&p->port, &s) != 0) {
        return 1;
    }
    p->start_ns = uv_hrtime();
    start_loop();
    printf("ready %s\n", p->port.path);
    fflush(stdout);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    finish();
    return 0;
}
