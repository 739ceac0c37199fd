/*
 * usocket ping: the module's own echo requests (AT+QPING), told as ping(8) tells them.
 */
#include "module/ping.h"

#include "module/later.h"

#include <stdio.h>
#include <string.h>

enum {
    BATCH_MAX = 10,      /* echo requests a command */
    COUNT_MAX = 1000000, /* of requests; each costs money */
    PACE_MS = 2000,      /* between two requests: not told, and here more than enough */
    SUMMARY_MS = 3000,   /* the summary follows the last reply; some firmware leaves it out */
};

struct session {
    struct cli *cli;
    const char *host;
    char address[USOCKET_ADDRSTRLEN];
    long wait_s;
    struct ping_stats stats;
    json_t *replies;
    int left;       /* results of the command that are still to come */
    bool summary;   /* it is over */
    int error;      /* the module's number for the failure of a command; 0: none */
    bool heard_bad; /* a line that can't be read: the module's fault, told once */
};

static void tell_reply(struct session *t, const struct ping_line *line)
{
    if (t->cli->options.json) {
        json_array_append_new(t->replies, json_pack("{s:i, s:i, s:i, s:i}", "seq", t->stats.sent, "bytes", line->bytes,
                                                    "ttl", line->ttl, "ms", line->ms));
    } else {
        printf("%d bytes from %s: icmp_seq=%d ttl=%d time=%d ms\n", line->bytes, line->address, t->stats.sent,
               line->ttl, line->ms);
    }
}

static void tell_lost(struct session *t)
{
    if (t->cli->options.json) {
        json_array_append_new(t->replies, json_pack("{s:i, s:n}", "seq", t->stats.sent, "ms"));
    } else {
        printf("no answer to icmp_seq=%d within %ld s\n", t->stats.sent, t->wait_s);
    }
}

static void on_line(void *ctx, const char *fields)
{
    struct session *t = ctx;
    struct ping_line line;
    enum ping_kind kind = ping_read(fields, &line);
    switch (kind) {
    case PING_REPLY:
    case PING_LOST:
        ping_count(&t->stats, kind, line.ms);
        t->left--;
        if (kind == PING_REPLY) {
            tell_reply(t, &line);
        } else {
            tell_lost(t);
        }
        fflush(stdout);
        break;
    case PING_ERROR:
        t->error = line.code;
        break;
    case PING_SUMMARY:
        t->summary = true;
        break;
    case PING_UNREADABLE:
        t->heard_bad = true;
        break;
    }
}

static enum cli_step replies_step(void *ctx)
{
    const struct session *t = ctx;
    return t->left <= 0 || t->summary || t->error ? CLI_DONE : CLI_WAIT;
}

static enum cli_step summary_step(void *ctx)
{
    const struct session *t = ctx;
    return t->summary || t->error ? CLI_DONE : CLI_WAIT;
}

/* One command. Returns an exit code; a number of the module is left in t->error. */
static int ping_some(struct session *t, int count, const char *what)
{
    char command[120];
    struct cli_later later = {.name = "+QPING", .on_line = on_line, .ctx = t};
    snprintf(command, sizeof(command), "AT+QPING=1,\"%s\",%ld,%d", t->address, t->wait_s, count);
    t->left = count;
    t->summary = false;
    int code = cli_later_begin(t->cli, &later, command, what);
    if (code != CLI_OK) {
        return code;
    }
    uint64_t limit_ms = (uint64_t)count * (uint64_t)(t->wait_s * 1000 + PACE_MS);
    int error = cli_until(t->cli, replies_step, t, cli_now_ms() + limit_ms);
    if (!error) {
        error = cli_until(t->cli, summary_step, t, cli_now_ms() + SUMMARY_MS);
        error = error == -ETIMEDOUT ? 0 : error;
    }
    cli_later_end(t->cli, &later);
    return error ? cli_fail(t->cli, what, error) : CLI_OK;
}

static void print_summary(struct session *t)
{
    const struct ping_stats *s = &t->stats;
    long average = s->received ? s->sum_ms / s->received : 0;
    if (t->cli->options.json) {
        json_t *min = s->received ? json_integer(s->min_ms) : json_null();
        json_t *max = s->received ? json_integer(s->max_ms) : json_null();
        json_t *avg = s->received ? json_integer(average) : json_null();
        cli_print_json(json_pack("{s:o, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:O}", "host",
                                 cli_json_text(t->host, strlen(t->host)), "address", t->address, "sent", s->sent,
                                 "received", s->received, "loss_percent", ping_loss_percent(s), "min_ms", min,
                                 "average_ms", avg, "max_ms", max, "replies", t->replies));
        return;
    }
    printf("\n--- %s ping statistics ---\n%d packets transmitted, %d received, %d%% packet loss\n", t->host, s->sent,
           s->received, ping_loss_percent(s));
    if (s->received) {
        printf("rtt min/avg/max = %d/%ld/%d ms\n", s->min_ms, average, s->max_ms);
    }
}

/* A name has been resolved: no text of the user's stands in a command. */
static void choose_address(struct session *t, const struct usocket_sockaddr *list, int count)
{
    int chosen = 0;
    for (int i = count - 1; i >= 0; i--) {
        chosen = list[i].family == USOCKET_AF_INET ? i : chosen;
    }
    usocket_sockaddr_text(&list[chosen], t->address);
}

static int ping(struct session *t, long count)
{
    char what[300];
    int code = CLI_OK;
    snprintf(what, sizeof(what), "cannot ping %s", t->host);
    if (!t->cli->options.json) {
        printf("PING %s (%s)\n", t->host, t->address);
        fflush(stdout);
    }
    while (count > 0 && code == CLI_OK && !t->error) {
        int some = count < BATCH_MAX ? (int)count : BATCH_MAX;
        code = ping_some(t, some, what);
        count -= some;
    }
    print_summary(t);
    if (code == CLI_OK && t->error) {
        return cli_later_fail(what, t->error);
    }
    if (code == CLI_OK && t->heard_bad && t->stats.sent == 0) {
        cli_complain("%s: the module's answer can't be read (see --trace)", what);
    }
    return code == CLI_OK && t->stats.received == 0 ? CLI_FAILED : code;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    struct session t = {.cli = cli, .host = argv[0], .wait_s = 4};
    struct usocket_sockaddr list[USOCKET_MAX_ADDRESSES];
    long count = 4;
    int found = 0;
    if (!cli_read_count(cli, "count", 1, COUNT_MAX, &count) || !cli_read_count(cli, "wait", 1, 255, &t.wait_s)) {
        return CLI_USAGE;
    }
    int code = cli_resolve(cli, t.host, list, &found);
    code = code == CLI_OK ? cli_network(cli) : code;
    if (code != CLI_OK) {
        return code;
    }
    choose_address(&t, list, found);
    t.replies = json_array();
    code = ping(&t, count);
    json_decref(t.replies);
    return code;
}

static const struct cli_option options[] = {
    {"count", 'c', "N", "how many echo requests (4)"},
    {"wait", 'w', "S", "seconds that each reply may take, 1 to 255 (4)"},
    {0},
};

const struct cli_command usk_cmd_ping = {
    .name = "ping",
    .args = "HOST",
    .summary = "send echo requests (AT+QPING)",
    .help = "Has the module send echo requests to HOST and prints the replies and a summary,\n"
            "as ping does. The module chooses the pace, and nothing stops it: after ctrl-C,\n"
            "which prints the summary, it still sends what is left of ten.\n"
            "\n"
            "Exit code: 0 a reply came, 1 none.\n"
            "\n"
            "Example:\n"
            "  usocket -p /dev/ttyUSB2 ping -c 10 example.com\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
