/*
 * A command's dealings with the modem: every wait runs the modem by usocket_process() and sleeps in the line's wait(),
 * so that a signal ends it between two steps and the modem stays usable for the shutdown.
 */
#include "session.h"

#include "words.h"

#include <string.h>

/* A module that boots takes up to 15 s to its RDY (EC200U TCP/IP note, figure 1). Silent for longer: not there. */
#define SILENCE_MS 20000

/* How long a signal may go unnoticed while the network comes up. */
#define SLICE_MS 100

/* QICLOSE=id,1 takes a second at most, for each of twelve, and something may be under way before it. */
#define SHUTDOWN_MS 16000

uint64_t cli_deadline(const struct cli *cli)
{
    return cli_now_ms() + (uint64_t)cli->options.timeout_ms;
}

static uint64_t silence_deadline(const struct cli *cli)
{
    int32_t limit = cli->options.timeout_ms;
    return cli_now_ms() + (uint64_t)(limit < SILENCE_MS ? limit : SILENCE_MS);
}

/* Bytes that the library has read: the calls of a step read the line too, and may so make work for the step itself. */
static uint32_t heard(struct cli *cli)
{
    struct usocket_stats stats;
    usocket_get_stats(&cli->modem, &stats);
    return stats.rx_bytes;
}

int cli_until(struct cli *cli, enum cli_step (*step)(void *ctx), void *ctx, uint64_t deadline_ms)
{
    for (;;) {
        uint32_t sleep_ms = usocket_process(&cli->modem);
        uint32_t before = heard(cli);
        enum cli_step found = step(ctx);
        if (found == CLI_DONE) {
            return 0;
        }
        if (cli->line.signal) {
            return -EINTR;
        }
        uint64_t now = cli_now_ms();
        if (now >= deadline_ms) {
            return -ETIMEDOUT;
        }
        if (deadline_ms - now < sleep_ms) {
            sleep_ms = (uint32_t)(deadline_ms - now);
        }
        int error = cli->line.port->wait(&cli->line, found == CLI_MORE || heard(cli) != before ? 0 : sleep_ms,
                                         usocket_wants_write(&cli->modem));
        if (error) {
            return error;
        }
    }
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

/* The module's name of the port it is reached by: it prints its URCs only on the port named by AT+QURCCFG. */
static const char *urc_port(const char *port)
{
    bool usb = strncmp(port, "/dev/ttyUSB", 11) == 0 || strncmp(port, "/dev/ttyACM", 11) == 0;
    return usb ? "usbat" : "uart1";
}

int cli_modem_init(struct cli *cli)
{
    const struct cli_options *options = &cli->options;
    struct usocket_config config = {
        .apn = options->apn,
        .user = options->user,
        .password = options->password,
        .auth = options->user ? 1 : 0,
        .urc_port = urc_port(options->port),
        .dialect = options->dialect,
        .rtscts = options->flow == USOCKET_FLOW_RTSCTS,
    };
    return usocket_init(&cli->modem, cli->line.port, &cli->line, &config);
}

int cli_start(struct cli *cli)
{
    int code = cli_line_open(&cli->line, &cli->options);
    if (code != CLI_OK) {
        return code;
    }
    int error = cli_modem_init(cli);
    if (error) {
        cli_complain("the modem can't be driven by these options: %s (see --apn and --dialect)",
                     usocket_strerror(error));
        return CLI_USAGE;
    }
    return CLI_OK;
}

void cli_stop(struct cli *cli)
{
    /* Without a socket there is nothing to leave behind, and a silent module need not be waited for. */
    if (cli->dialled) {
        usocket_shutdown(&cli->modem, SHUTDOWN_MS);
    }
}

int cli_fail(struct cli *cli, const char *what, int error)
{
    switch (error) {
    case -EINTR:
        return 128 + cli->line.signal;
    case -ENODEV:
        cli_complain("%s: the line to the modem is gone (unplugged?)", what);
        return CLI_NO_MODEM;
    default:
        cli_complain("%s: %s", what, usocket_strerror(error));
        return CLI_FAILED;
    }
}

/* --- network ------------------------------------------------------------------------------------------------------ */

/*
 * In slices, because only inside this call does the library tell what waiting can't mend, and no signal ends it.
 */
int cli_network_wait(struct cli *cli, int *stage, int *sub)
{
    uint64_t deadline = cli_deadline(cli), silence = silence_deadline(cli);
    for (;;) {
        uint64_t now = cli_now_ms();
        uint64_t left = now < deadline ? deadline - now : 0;
        int error = usocket_wait_network(&cli->modem, left < SLICE_MS ? (int32_t)left : SLICE_MS, stage, sub);
        bool silent = *stage == USOCKET_STAGE_MODULE && *sub == 0;
        if (error == -EACCES && *stage == USOCKET_STAGE_SIM && *sub == USOCKET_SIM_PIN) {
            error = cli_pin_give(cli);
        }
        if (cli->line.signal) {
            return -EINTR;
        }
        if (error != -ETIMEDOUT || now >= deadline || (silent && now >= silence)) {
            return error;
        }
    }
}

int cli_network_fail(struct cli *cli, int stage, int sub, int error)
{
    if (error != -ETIMEDOUT && error != -ENOMEDIUM && error != -EACCES) {
        return cli_fail(cli, "no network", error);
    }
    if (cli->line.pin.refused) {
        cli_complain("no network: the SIM card refuses the PIN; it was tried once only, for three wrong ones lock the "
                     "card: look it up before you try again");
        return CLI_FAILED;
    }
    struct cli_words words = cli_stage_words(stage, sub);
    if (stage == USOCKET_STAGE_DATA && cli->options.apn) {
        words.advice = "is the access point of --apn the one of the card's operator?";
    }
    cli_complain("no network: %s (stage %d, sub-code %d); %s", words.text, stage, sub, words.advice);
    return stage == USOCKET_STAGE_MODULE && sub == 0 ? CLI_NO_MODEM : CLI_FAILED;
}

int cli_network(struct cli *cli)
{
    int stage, sub;
    int error = cli_network_wait(cli, &stage, &sub);
    return error ? cli_network_fail(cli, stage, sub, error) : CLI_OK;
}

/* --- names and connections ---------------------------------------------------------------------------------------- */

static enum cli_step query_step(void *ctx)
{
    const struct usocket_query *query = ctx;
    return query->result == -EINPROGRESS ? CLI_WAIT : CLI_DONE;
}

static int resolve_failure(struct cli *cli, const char *host, int error)
{
    if (error == -EINVAL) {
        cli_complain("'%s' is not a host name", host);
        return CLI_USAGE;
    }
    char what[300];
    snprintf(what, sizeof(what), "cannot resolve %s", host);
    return cli_fail(cli, what, error);
}

int cli_resolve(struct cli *cli, const char *host, struct usocket_sockaddr *list, int *count)
{
    struct usocket_query query;
    /* Only to learn whether it can be a name at all: a mistake is one whatever the network is like. */
    int error = usocket_resolve(&cli->modem, &query, host);
    bool numeric = !error && query.result != -EINPROGRESS;
    usocket_resolve_cancel(&cli->modem, &query);
    if (!error && !numeric) {
        int code = cli_network(cli);
        if (code != CLI_OK) {
            return code;
        }
        error = usocket_resolve(&cli->modem, &query, host);
        error = error ? error : cli_until(cli, query_step, &query, cli_deadline(cli));
        usocket_resolve_cancel(&cli->modem, &query);
    }
    error = error ? error : query.result;
    if (error < 0) {
        return resolve_failure(cli, host, error);
    }
    *count = query.result;
    memcpy(list, query.addr, sizeof(query.addr));
    return CLI_OK;
}

static enum cli_step connect_step(void *ctx)
{
    return usocket_getsocketsta(ctx) == USOCKET_SYN_SENT ? CLI_WAIT : CLI_DONE;
}

static int connect_to(struct cli *cli, struct usocket *s, const struct usocket_sockaddr *address)
{
    int error = usocket_connect(s, address);
    if (error != -EINPROGRESS) {
        return error;
    }
    error = cli_until(cli, connect_step, s, cli_deadline(cli));
    if (error || usocket_getsocketsta(s) != USOCKET_CLOSED) {
        return error;
    }
    /* The next call tells why it failed; nothing to tell means that the peer has accepted and closed already. */
    char byte;
    ssize_t told = usocket_recv(s, &byte, 1);
    return told < 0 ? (int)told : 0;
}

int cli_locate(struct cli *cli, const char *host, struct usocket_sockaddr *list, int *count)
{
    int code = cli_resolve(cli, host, list, count);
    return code == CLI_OK ? cli_network(cli) : code;
}

int cli_dial(struct cli *cli, const char *host, uint16_t port, struct usocket **s)
{
    struct usocket_sockaddr list[USOCKET_MAX_ADDRESSES];
    int count = 0;
    int code = cli_locate(cli, host, list, &count);
    if (code != CLI_OK) {
        return code;
    }
    int error = -EHOSTUNREACH;
    for (int i = 0; i < count && error != -EINTR && error != -ENODEV; i++) {
        *s = usocket_socket(&cli->modem, list[i].family, USOCKET_SOCK_STREAM, 0);
        if (!*s) {
            error = usocket_last_error(&cli->modem);
            continue;
        }
        cli->dialled = true;
        list[i].port = port;
        usocket_setblocking(*s, false);
        error = connect_to(cli, *s, &list[i]);
        if (!error) {
            return CLI_OK;
        }
        usocket_close(*s);
    }
    char what[300];
    snprintf(what, sizeof(what), "cannot connect to %s port %u", host, port);
    return cli_fail(cli, what, error);
}

/* --- data --------------------------------------------------------------------------------------------------------- */

struct transfer {
    struct usocket *s;
    void *in;
    const void *out;
    size_t len;
    ssize_t result;
};

static enum cli_step recv_step(void *ctx)
{
    struct transfer *t = ctx;
    t->result = usocket_recv(t->s, t->in, t->len);
    return t->result == -EAGAIN ? CLI_WAIT : CLI_DONE;
}

ssize_t cli_recv(struct cli *cli, struct usocket *s, void *buf, size_t len)
{
    struct transfer t = {.s = s, .in = buf, .len = len};
    int error = cli_until(cli, recv_step, &t, cli_deadline(cli));
    return error ? error : t.result;
}

static enum cli_step send_step(void *ctx)
{
    struct transfer *t = ctx;
    t->result = usocket_send(t->s, t->out, t->len);
    return t->result == -EAGAIN ? CLI_WAIT : CLI_DONE;
}

int cli_sendall(struct cli *cli, struct usocket *s, const void *buf, size_t len)
{
    struct transfer t = {.s = s, .out = buf, .len = len};
    while (t.len > 0) {
        int error = cli_until(cli, send_step, &t, cli_deadline(cli));
        if (error || t.result < 0) {
            return error ? error : (int)t.result;
        }
        t.out = (const char *)t.out + t.result;
        t.len -= (size_t)t.result;
    }
    return 0;
}

/* --- commands of our own ------------------------------------------------------------------------------------------ */

static int at(struct cli *cli, const char *command, usocket_line_fn on_line, void *ctx, int32_t timeout_ms)
{
    /* This call waits inside the library, where only a failing line can end it; no socket is open by then. */
    cli->line.abort_on_signal = true;
    int error = usocket_at_command(&cli->modem, command, on_line, ctx, timeout_ms);
    cli->line.abort_on_signal = false;
    return cli->line.signal ? -EINTR : error;
}

int cli_at_lines(struct cli *cli, const char *command, usocket_line_fn on_line, void *ctx)
{
    if (!cli->answers) {
        int32_t limit = cli->options.timeout_ms;
        int error = at(cli, "AT", NULL, NULL, limit < SILENCE_MS ? limit : SILENCE_MS);
        if (error) {
            return error;
        }
        cli->answers = true;
    }
    return at(cli, command, on_line, ctx, cli->options.timeout_ms);
}

int cli_at_fail(struct cli *cli, const char *command, int error)
{
    if (error != -ETIMEDOUT) {
        return cli_fail(cli, command, error);
    }
    if (cli->answers) {
        cli_complain("no answer to %s within %.3g s", command, (double)cli->options.timeout_ms / 1000);
    } else {
        struct cli_words words = cli_stage_words(USOCKET_STAGE_MODULE, 0);
        cli_complain("%s; %s", words.text, words.advice);
    }
    return CLI_NO_MODEM;
}

static void gather(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    struct cli_answer *answer = ctx;
    if (kind == USOCKET_LINE_FINAL) {
        snprintf(answer->final, sizeof(answer->final), "%.*s", (int)len, line);
    } else if (len < sizeof(answer->text) - answer->len) {
        memcpy(answer->text + answer->len, line, len);
        answer->text[answer->len + len] = '\0';
        answer->len += len + (kind == USOCKET_LINE);
    } else {
        answer->cut = true;
    }
}

int cli_at(struct cli *cli, const char *command, struct cli_answer *answer)
{
    *answer = (struct cli_answer){.len = 0};
    return cli_at_lines(cli, command, gather, answer);
}

const char *cli_answer_next(const struct cli_answer *answer, const char *line)
{
    const char *next = line ? line + strlen(line) + 1 : answer->text;
    return next < answer->text + answer->len ? next : NULL;
}

const char *cli_answer_find(const struct cli_answer *answer, const char *prefix)
{
    size_t len = strlen(prefix);
    for (const char *line = NULL; (line = cli_answer_next(answer, line));) {
        if (strncmp(line, prefix, len) == 0) {
            return line + len + strspn(line + len, " ");
        }
    }
    return NULL;
}

bool cli_quoted(const char *line, char *text, size_t size)
{
    const char *open = strchr(line, '"');
    const char *close = open ? strchr(open + 1, '"') : NULL;
    if (close) {
        snprintf(text, size, "%.*s", (int)(close - open - 1), open + 1);
    }
    return close != NULL;
}
