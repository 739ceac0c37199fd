/*
 * usocket monitor: how module, network and sockets stand, on a full screen or once as JSON.
 */
#include "module/numbers.h"
#include "module/snapshot.h"
#include "module/urcs.h"
#include "words.h"

#include <curses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

enum { PERIOD_MS = 1000, ANSWER_MS = 3000, BAR = 10, EVENTS = 3, COLUMNS = 3 };

/* Pairs of colours; 0 is what the terminal has. */
enum { GOOD = 1, BAD, HEAD };

struct monitor {
    struct cli *cli;
    struct cli_snapshot look[2];
    struct cli_snapshot *last, *now;
    int error; /* of the last look, 0: all is as of `now` */
    struct cli_urcs urcs;
    char event[EVENTS][256]; /* the last ones, newest first */
    uv_poll_t keys;
    uv_signal_t resize;
    bool stirred; /* a key was pressed, or the terminal has another size */
    bool quit;
};

/* --- counters ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name; /* in struct usocket_stats */
    const char *label;
    size_t offset;
} counters[] = {
#define COUNTER(name, label)                                                                                           \
    {                                                                                                                  \
#name, label, offsetof(struct usocket_stats, name)                                                             \
    }
    /* clang-format off */
    COUNTER(rx_bytes, "bytes received"),
    COUNTER(tx_bytes, "bytes sent"),
    COUNTER(commands, "commands"),
    COUNTER(urcs, "events"),
    COUNTER(lines_unknown, "unknown lines"),
    COUNTER(lines_overlong, "overlong lines"),
    COUNTER(late_answers, "late answers"),
    COUNTER(timeouts, "time-outs"),
    COUNTER(resyncs, "resyncs"),
    COUNTER(empty_polls, "empty polls"),
    COUNTER(send_retries, "blocks sent again"),
    COUNTER(module_resets, "module restarts"),
    COUNTER(context_losses, "data calls lost"),
    COUNTER(closes_after_failure, "ids taken back"),
    COUNTER(resets, "resets by us"),
    COUNTER(clients_refused, "clients refused"),
    COUNTER(datagrams_lost, "datagrams lost"),
    COUNTER(payload_discarded, "payload dropped"),
/* clang-format on */
#undef COUNTER
};

enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static uint32_t counter(const struct usocket_stats *stats, size_t index)
{
    uint32_t value;
    memcpy(&value, (const char *)stats + counters[index].offset, sizeof(value));
    return value;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
    return text[0] ? cli_json_text(text, strlen(text)) : json_null();
}

static json_t *socket_json(const struct cli_socket_now *socket)
{
    const struct cli_socket_row *row = &socket->row;
    json_t *value = json_object();
    json_object_set_new(value, "id", cli_socket_number(row, CLI_SOCKET_ID));
    json_object_set_new(value, "service", text_or_null(row->field[CLI_SOCKET_SERVICE]));
    json_object_set_new(value, "state",
                        json_string(cli_connection_state(cli_number(row->field[CLI_SOCKET_STATE], -1))));
    json_object_set_new(value, "peer", text_or_null(row->field[CLI_SOCKET_PEER_IP]));
    json_object_set_new(value, "peer_port", cli_socket_number(row, CLI_SOCKET_PEER_PORT));
    json_object_set_new(value, "local_port", cli_socket_number(row, CLI_SOCKET_LOCAL_PORT));
    const struct {
        const char *name;
        unsigned long value;
    } counts[] = {{"received", socket->received},
                  {"unread", socket->unread},
                  {"sent", socket->sent},
                  {"unacknowledged", socket->unacked}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        json_object_set_new(value, counts[i].name,
                            socket->counted ? json_integer((json_int_t)counts[i].value) : json_null());
    }
    return value;
}

static int print_snapshot(struct cli *cli)
{
    struct cli_snapshot now;
    struct usocket_info info;
    struct usocket_stats stats;
    int error = cli_snapshot_take(cli, &now);
    if (error) {
        return cli_at_fail(cli, "monitor", error);
    }
    usocket_get_info(&cli->modem, &info);
    usocket_get_stats(&cli->modem, &stats);
    json_t *sockets = json_array(), *counts = json_object();
    for (size_t i = 0; i < now.sockets; i++) {
        json_array_append_new(sockets, socket_json(&now.socket[i]));
    }
    for (size_t i = 0; i < COUNTERS; i++) {
        json_object_set_new(counts, counters[i].name, json_integer(counter(&stats, i)));
    }
    cli_print_json(json_pack("{s:o, s:s, s:i, s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "model", text_or_null(info.model),
                             "dialect", info.dialect, "stage", now.stage, "sub", now.sub, "meaning",
                             cli_stage_words(now.stage, now.sub).text, "operator", text_or_null(now.operator_name),
                             "signal_dbm",
                             now.radio.csq_dbm != RADIO_UNKNOWN ? json_integer(now.radio.csq_dbm) : json_null(),
                             "address", text_or_null(now.address), "sockets", sockets, "counters", counts));
    return CLI_OK;
}

/* --- the screen --------------------------------------------------------------------------------------------------- */

/* Text from outside: what is no printable ASCII is shown as a question mark. */
static const char *safe(char *text)
{
    for (char *c = text; *c; c++) {
        *c = *c >= ' ' && *c < 0x7f ? *c : '?';
    }
    return text;
}

static void draw_head(const struct monitor *m)
{
    struct usocket_info info;
    usocket_get_info(&m->cli->modem, &info);
    char text[160];
    snprintf(text, sizeof(text), "usocket monitor  %s  %s (%s)", m->cli->options.port, info.model, info.dialect);
    attron(COLOR_PAIR(HEAD) | A_BOLD);
    mvprintw(0, 0, "%-*s", COLS, safe(text));
    mvaddstr(0, COLS > 7 ? COLS - 7 : 0, "q quits");
    attroff(COLOR_PAIR(HEAD) | A_BOLD);
}

static int draw_network(struct monitor *m, int y)
{
    struct cli_snapshot *now = m->now;
    bool up = now->stage == USOCKET_STAGE_DATA && now->sub == 1;
    struct cli_words words = cli_stage_words(now->stage, now->sub);
    int colour = m->error || !up ? BAD : GOOD;
    attron(COLOR_PAIR(colour));
    if (m->error) {
        mvprintw(y++, 0, "network    no answer from the module (%s)", usocket_strerror(m->error));
    } else {
        mvprintw(y++, 0, "network    stage %d %s, sub-code %d: %s", now->stage, cli_stage_name(now->stage), now->sub,
                 words.text);
    }
    attroff(COLOR_PAIR(colour));
    mvprintw(y++, 0, "operator   %s", now->operator_name[0] ? safe(now->operator_name) : "-");
    if (now->radio.csq_dbm != RADIO_UNKNOWN) {
        int full = radio_percent(&now->radio) * BAR / 100;
        mvprintw(y++, 0, "signal     [%.*s%.*s] %d dBm, %s, %s", full, "##########", BAR - full, "..........",
                 now->radio.csq_dbm, radio_word(&now->radio), safe(now->radio.technology));
    } else {
        mvaddstr(y++, 0, "signal     -");
    }
    mvprintw(y++, 0, "address    %s", now->address[0] ? safe(now->address) : "-");
    return y + 1;
}

/* Bytes a second since the last look, when the same connection was there. */
static unsigned long rate(const struct monitor *m, const struct cli_socket_now *socket, bool received)
{
    uint64_t ms = m->now->at_ms - m->last->at_ms;
    for (size_t i = 0; i < m->last->sockets && ms > 0; i++) {
        const struct cli_socket_now *before = &m->last->socket[i];
        unsigned long was = received ? before->received : before->sent, is = received ? socket->received : socket->sent;
        if (strcmp(before->row.field[CLI_SOCKET_ID], socket->row.field[CLI_SOCKET_ID]) == 0 && is >= was) {
            return (unsigned long)((is - was) * 1000 / ms);
        }
    }
    return 0;
}

static int draw_sockets(const struct monitor *m, int y)
{
    attron(A_BOLD);
    mvprintw(y++, 0, "%-2s %-12s %-9s %-21s %9s %6s %6s %9s", "id", "service", "state", "peer", "received", "B/s",
             "unread", "sent");
    attroff(A_BOLD);
    for (size_t i = 0; i < m->now->sockets; i++) {
        const struct cli_socket_now *socket = &m->now->socket[i];
        char peer[64], row[256];
        cli_socket_peer(&socket->row, peer);
        int len = snprintf(row, sizeof(row), "%-2s %-12s %-9s %-21s", socket->row.field[CLI_SOCKET_ID],
                           socket->row.field[CLI_SOCKET_SERVICE],
                           cli_connection_state(cli_number(socket->row.field[CLI_SOCKET_STATE], -1)), peer);
        if (socket->counted && len > 0 && (size_t)len < sizeof(row)) {
            snprintf(row + len, sizeof(row) - (size_t)len, " %9lu %6lu %6lu %9lu  %lu B/s, %lu not acknowledged",
                     socket->received, rate(m, socket, true), socket->unread, socket->sent, rate(m, socket, false),
                     socket->unacked);
        }
        mvaddnstr(y++, 0, safe(row), COLS);
    }
    if (m->now->sockets == 0) {
        mvaddstr(y++, 0, "no sockets");
    }
    return y + 1;
}

static int draw_counters(const struct monitor *m, int y)
{
    struct usocket_stats stats;
    usocket_get_stats(&m->cli->modem, &stats);
    int height = (COUNTERS + COLUMNS - 1) / COLUMNS;
    for (int i = 0; i < COUNTERS; i++) {
        mvprintw(y + i % height, i / height * 27, "%-17s %8u", counters[i].label, counter(&stats, (size_t)i));
    }
    return y + height + 1;
}

static void draw(struct monitor *m)
{
    erase();
    draw_head(m);
    int y = draw_network(m, 1);
    y = draw_sockets(m, y);
    y = draw_counters(m, y);
    for (int i = 0; i < EVENTS && m->event[i][0]; i++) {
        mvaddnstr(y + i, 0, m->event[i], COLS);
    }
    refresh();
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void on_urc(void *ctx, const char *line, size_t len)
{
    struct monitor *m = ctx;
    char words[CLI_URC_WORDS];
    cli_urc_words(line, len, words);
    memmove(m->event[1], m->event[0], sizeof(m->event) - sizeof(m->event[0]));
    snprintf(m->event[0], sizeof(m->event[0]), "%.*s   %s", len < 80 ? (int)len : 80, line, words);
    safe(m->event[0]);
}

static void on_key(uv_poll_t *poll, int status, int events)
{
    struct monitor *m = poll->data;
    (void)events;
    int key = status < 0 ? 'q' : getch();
    m->quit = m->quit || key == 'q' || key == 'Q';
    m->stirred = true;
}

static void on_resize(uv_signal_t *handle, int number)
{
    struct monitor *m = handle->data;
    struct winsize size;
    (void)number;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        resizeterm(size.ws_row, size.ws_col);
    }
    m->stirred = true;
}

static enum cli_step pause_step(void *ctx)
{
    struct monitor *m = ctx;
    return m->stirred ? CLI_DONE : CLI_WAIT;
}

/* Looks once a second, draws also in between. Returns 0 after q, or what ended it. */
static int watch(struct monitor *m)
{
    uint64_t due = 0;
    while (!m->quit) {
        if (cli_now_ms() >= due) {
            due = cli_now_ms() + PERIOD_MS;
            m->error = cli_snapshot_take(m->cli, m->last);
            if (m->error && m->error != -ETIMEDOUT) {
                return m->error;
            }
            if (!m->error) {
                struct cli_snapshot *before = m->now;
                m->now = m->last;
                m->last = before;
            }
        }
        draw(m);
        m->stirred = false;
        int error = cli_until(m->cli, pause_step, m, due);
        if (error && error != -ETIMEDOUT) {
            return error;
        }
    }
    return 0;
}

static void start_screen(struct monitor *m)
{
    uv_loop_t *loop = &m->cli->line.loop;
    const char *no_color = getenv("NO_COLOR");
    noecho();
    cbreak();
    nodelay(stdscr, TRUE);
    curs_set(0);
    if (has_colors() && !(no_color && no_color[0])) {
        start_color();
        use_default_colors();
        init_pair(GOOD, COLOR_GREEN, -1);
        init_pair(BAD, COLOR_RED, -1);
        init_pair(HEAD, COLOR_CYAN, -1);
    }
    uv_poll_init(loop, &m->keys, STDIN_FILENO);
    m->keys.data = m;
    uv_poll_start(&m->keys, UV_READABLE | UV_DISCONNECT, on_key);
    uv_signal_init(loop, &m->resize);
    m->resize.data = m;
    uv_signal_start(&m->resize, on_resize, SIGWINCH);
}

static void end_screen(struct monitor *m)
{
    uv_close((uv_handle_t *)&m->keys, NULL);
    uv_close((uv_handle_t *)&m->resize, NULL);
    endwin();
}

static int show(struct cli *cli)
{
    static struct monitor m;
    m.cli = cli;
    /* A key should not have to wait for a module that has fallen silent. */
    cli->options.timeout_ms = cli->options.timeout_ms < ANSWER_MS ? cli->options.timeout_ms : ANSWER_MS;
    cli_urcs_listen(&m.urcs, &cli->modem, on_urc, &m);
    /* A first look before the screen: what is wrong from the start is said as everywhere. */
    m.last = &m.look[0];
    m.now = &m.look[1];
    int error = cli_snapshot_take(cli, m.now);
    if (error) {
        return cli_at_fail(cli, "monitor", error);
    }
    int known;
    SCREEN *screen = NULL;
    if (setupterm(NULL, STDOUT_FILENO, &known) == OK) { /* newterm() alone leaks when it fails */
        del_curterm(cur_term);
        screen = newterm(NULL, stdout, stdin);
    }
    if (!screen) {
        cli_complain("the terminal '%s' is not known: set TERM, or use usocket --json monitor", getenv("TERM"));
        return CLI_USAGE;
    }
    start_screen(&m);
    error = watch(&m);
    end_screen(&m);
    delscreen(screen);
    return error ? cli_fail(cli, "monitor", error) : CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (cli->options.json) {
        return print_snapshot(cli);
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        cli_complain("monitor wants a terminal; usocket --json monitor prints one snapshot");
        return CLI_USAGE;
    }
    return show(cli);
}

const struct cli_command usk_cmd_monitor = {
    .name = "monitor",
    .args = "",
    .summary = "a full-screen view: network, signal, sockets, counters",
    .help = "Shows each second how far the network has come, operator, signal, address, the\n"
            "module's sockets with their bytes and rates, the driver's counters, and the\n"
            "last events. It only looks: nothing is brought up or closed. q quits.\n"
            "\n"
            "`unread' are the bytes that wait in the module to be read. The counters are\n"
            "those of struct usocket_stats, of this program alone.\n"
            "\n"
            "With --json it prints one snapshot and ends; no terminal is needed then.\n"
            "\n"
            "Examples:\n"
            "  usocket --port /dev/ttyUSB2 monitor\n"
            "  usocket --port /dev/ttyUSB2 --json monitor\n",
    .run = run,
};
