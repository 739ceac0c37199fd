/*
 * usocket daemon: owns the port and gives each client of its UNIX socket a virtual module of its own, so that several
 * commands, and any other AT program, use the one module at once.
 */
#include "daemon/door.h"
#include "daemon/guest.h"
#include "pin.h"
#include "session.h"
#include "words.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_GUESTS = 32,
    ANSWER_MS = 15000, /* for an answer of the real module to a client's question */
    SCAN_MS = 180000,  /* ... to AT+COPS=?: PROTOCOL.md 4.2 */
    HOME = 1,          /* <stat> of CREG */
    ROAMING = 5,
};

enum { EVENTS = 2, EVENT = USOCKET_LINE_FINAL + 1 };

/* A line of the real module for a client. Only noted when it comes, for that may be in the midst of a call that a
 * virtual module makes, and perhaps that client's. */
struct heard {
    struct heard *next;
    int kind; /* enum usocket_line, or EVENT */
    size_t len;
    char text[];
};

struct daemon {
    struct cli *cli;
    struct modemnet_pool pool;
    struct guest *guests;
    int guest_count;
    int door;
    bool knock; /* somebody may wait at the door */
    uv_poll_t listener;
    uv_timer_t timer;     /* the next event in a virtual module */
    struct usocket_at at; /* the command that the real module has */
    char command[GUEST_COMMAND];
    struct guest *asking; /* who waits for its answer; NULL: nobody, or it has been told the final result */
    struct guest *waits_for_event;
    struct heard *heard, **heard_end;
    struct usocket_urc urcs[EVENTS];
    int stage, sub; /* of the network, as usocket_wait_network() tells them */
    int stat;
    int error; /* why it ends */
    struct usocket_info info;
};

/* --- the network -------------------------------------------------------------------------------------------------- */

static bool data_is_up(const struct daemon *d)
{
    return d->stage == USOCKET_STAGE_DATA && d->sub == 1;
}

static bool module_is_asked(const struct daemon *d)
{
    return d->at.result == -EINPROGRESS;
}

static void tell_network(const struct daemon *d, struct guest *guest)
{
    modemsim_set_network(guest->sim, d->stat, data_is_up(d));
}

/* Asks for the network, which begins its bring-up or carries it on, and shows its state to all. -ENODEV: no line. */
static int look_at_network(struct daemon *d)
{
    int stage, sub;
    if (usocket_wait_network(&d->cli->modem, 0, &stage, &sub) == -ENODEV) {
        return -ENODEV;
    }
    if (stage == USOCKET_STAGE_SIM && sub == USOCKET_SIM_PIN && !d->cli->line.pin.sent_ms && !module_is_asked(d)) {
        cli_pin_give(d->cli);
    }
    if (stage == d->stage && sub == d->sub) {
        return 0;
    }
    d->stage = stage;
    d->sub = sub;
    if (stage == USOCKET_STAGE_DATA) {
        d->stat = d->stat == ROAMING ? ROAMING : HOME;
    } else {
        d->stat = stage == USOCKET_STAGE_REGISTRATION && sub >= 0 ? sub : 0;
    }
    usocket_get_info(&d->cli->modem, &d->info);
    for (struct guest *g = d->guests; g; g = g->next) {
        tell_network(d, g);
    }
    struct cli_words words = cli_stage_words(stage, sub);
    bool advise = stage == USOCKET_STAGE_SIM && words.advice[0];
    fprintf(stderr, "network: %s%s%s\n", words.text, advise ? "; " : "", advise ? words.advice : "");
    return 0;
}

/* --- clients ------------------------------------------------------------------------------------------------------ */

/* The simulated module that has the settings of this one; they hardly differ. */
static const char *kind_of(const char *model)
{
    static const char *const kinds[][2] = {{"EC2", "EC25"}, {"EG", "EC25"}, {"BG95", "BG95"}, {"BG77", "BG95"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(model, kinds[i][0], strlen(kinds[i][0])) == 0) {
            return kinds[i][1];
        }
    }
    return "BG96";
}

static bool let_in(struct daemon *d)
{
    if (!d->knock) {
        return false;
    }
    int fd = accept4(d->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        d->knock = false;
        return false;
    }
    if (d->guest_count == MAX_GUESTS) {
        close(fd);
        return true;
    }
    const struct guest_kind kind = {kind_of(d->info.model), d->info.address, d->info.address6};
    struct guest *guest = guest_new(&d->cli->line.loop, fd, &d->pool, &kind);
    guest->next = d->guests;
    d->guests = guest;
    d->guest_count++;
    tell_network(d, guest);
    return true;
}

static void show_out(struct daemon *d, struct guest *guest)
{
    if (d->asking == guest) {
        usocket_at_cancel(&d->cli->modem, &d->at);
        d->at.result = -ECANCELED;
        d->asking = NULL;
    }
    d->waits_for_event = d->waits_for_event == guest ? NULL : d->waits_for_event;
    d->guest_count--;
    guest_free(guest);
}

static bool show_out_the_gone(struct daemon *d)
{
    bool any = false;
    for (struct guest **at = &d->guests; *at;) {
        struct guest *guest = *at;
        if (guest->gone) {
            *at = guest->next;
            show_out(d, guest);
            any = true;
        } else {
            at = &guest->next;
        }
    }
    return any;
}

/* --- everything, once --------------------------------------------------------------------------------------------- */

static void on_knock(uv_poll_t *poll, int status, int events)
{
    struct daemon *d = poll->data;
    (void)status;
    (void)events;
    d->knock = true;
}

/* Only there to end a sleep. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

static void set_timer(struct daemon *d, uint64_t ms)
{
    if (ms == UINT64_MAX) {
        uv_timer_stop(&d->timer);
    } else {
        uv_update_time(&d->cli->line.loop);
        uv_timer_start(&d->timer, on_timer, ms, 0);
    }
}

/* Moves what can be moved, and sees to it that the loop wakes when there is more. */
static bool move_all(struct daemon *d)
{
    bool moved = let_in(d);
    uint64_t next_ms = UINT64_MAX;
    for (struct guest *g = d->guests; g; g = g->next) {
        moved = guest_move(g) || moved;
    }
    moved = show_out_the_gone(d) || moved;
    for (struct guest *g = d->guests; g; g = g->next) {
        uint64_t ms = guest_watch(g);
        next_ms = ms < next_ms ? ms : next_ms;
    }
    set_timer(d, moved ? 0 : next_ms);
    return moved;
}

/* --- commands for the real module --------------------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

static void note(struct daemon *d, int kind, const char *line, size_t len)
{
    struct heard *heard = malloc(sizeof(*heard) + len + 1);
    if (!heard) {
        abort();
    }
    heard->next = NULL;
    heard->kind = kind;
    heard->len = len;
    memcpy(heard->text, line, len);
    heard->text[len] = '\0';
    *d->heard_end = heard;
    d->heard_end = &heard->next;
}

static void on_answer(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    note(ctx, (int)kind, line, len);
}

static void on_event(void *ctx, const char *line, size_t len)
{
    note(ctx, EVENT, line, len);
}

static void tell_final(struct daemon *d, const char *final)
{
    struct guest *guest = d->asking;
    if (strcmp(final, "OK") == 0 &&
        (starts_with(guest->command, "AT+QPING=") || starts_with(guest->command, "AT+QNTP="))) {
        d->waits_for_event = guest;
    }
    guest_answer(guest, final);
    d->asking = NULL;
}

static void tell_guest(struct daemon *d, const struct heard *heard)
{
    struct guest *guest = heard->kind == EVENT ? d->waits_for_event : d->asking;
    if (!guest) { /* it has left */
        return;
    }
    modemsim_run(guest->sim, guest_now_us(guest));
    if (heard->kind == EVENT) {
        modemsim_tell(guest->sim, heard->text);
    } else if (heard->kind == USOCKET_LINE_FINAL) {
        tell_final(d, heard->text);
    } else {
        guest_answer_line(guest, heard->text, heard->len, heard->kind == USOCKET_LINE);
    }
}

static bool tell_guests(struct daemon *d)
{
    bool any = d->heard != NULL;
    while (d->heard) {
        struct heard *heard = d->heard;
        d->heard = heard->next;
        d->heard_end = d->heard ? d->heard_end : &d->heard;
        tell_guest(d, heard);
        free(heard);
    }
    return any;
}

/* The next that asks, NULL: nobody does. The last one served comes to the end of the list. */
static struct guest *next_to_ask(struct daemon *d)
{
    struct guest **at = &d->guests;
    while (*at && !(*at)->asks) {
        at = &(*at)->next;
    }
    struct guest *guest = *at;
    if (guest) {
        *at = guest->next;
        while (*at) {
            at = &(*at)->next;
        }
        *at = guest;
        guest->next = NULL;
    }
    return guest;
}

/* One command of one client at a time. True if anything was done. */
static bool pass_on(struct daemon *d)
{
    bool told = tell_guests(d);
    if (module_is_asked(d)) {
        return told;
    }
    if (d->asking) { /* no final result: time-out, a module that restarted, a prompt */
        note(d, USOCKET_LINE_FINAL, "ERROR", 5);
        return tell_guests(d);
    }
    d->asking = next_to_ask(d);
    if (!d->asking) {
        return told;
    }
    snprintf(d->command, sizeof(d->command), "%s", d->asking->command); /* it may ask on before this has ended */
    int32_t limit_ms = strcasecmp(d->command, "AT+COPS=?") == 0 ? SCAN_MS : ANSWER_MS;
    int error = usocket_at_start(&d->cli->modem, &d->at, d->command, on_answer, d, limit_ms);
    if (error) {
        d->at.result = error;
    }
    return true;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum cli_step step(void *ctx)
{
    struct daemon *d = ctx;
    d->error = look_at_network(d);
    if (d->error) {
        return CLI_DONE;
    }
    bool moved = move_all(d);
    return pass_on(d) || moved ? CLI_MORE : CLI_WAIT;
}

static void begin(struct daemon *d)
{
    static const char *const events[EVENTS] = {"+QPING", "+QNTP"};
    uv_loop_t *loop = &d->cli->line.loop;
    d->heard_end = &d->heard;
    uv_timer_init(loop, &d->timer);
    uv_poll_init(loop, &d->listener, d->door);
    d->listener.data = d;
    uv_poll_start(&d->listener, UV_READABLE, on_knock);
    for (size_t i = 0; i < EVENTS; i++) {
        usocket_on_urc(&d->cli->modem, &d->urcs[i], events[i], on_event, d);
    }
    d->cli->dialled = true; /* the module is left clean in any case */
}

static void end(struct daemon *d)
{
    for (struct guest *g = d->guests, *next; g; g = next) {
        next = g->next;
        show_out(d, g);
    }
    tell_guests(d); /* nobody is there: it is forgotten */
    uv_close((uv_handle_t *)&d->timer, NULL);
    uv_close((uv_handle_t *)&d->listener, NULL);
    uv_run(&d->cli->line.loop, UV_RUN_NOWAIT); /* the descriptors may be closed behind it */
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    static struct daemon d = {.stage = -1};
    char path[DOOR_PATH];
    d.cli = cli;
    d.pool.modem = &cli->modem;
    d.door = door_open(cli->options.port, cli_option(cli, "socket"), path);
    if (d.door < 0) {
        return CLI_FAILED;
    }
    begin(&d);
    fprintf(stderr, "serving %s\n", path);
    int error = cli_until(cli, step, &d, UINT64_MAX);
    end(&d);
    door_close(d.door, path);
    error = error ? error : d.error;
    return error == -EINTR ? CLI_OK : cli_fail(cli, "the daemon ends", error);
}

static const struct cli_option options[] = {
    {"socket", 0, "PATH", "the UNIX socket ($XDG_RUNTIME_DIR/usocket/NAME.sock)"},
    {NULL, 0, NULL, NULL},
};

const struct cli_command usk_cmd_daemon = {
    .name = "daemon",
    .args = "",
    .summary = "own the port, and serve several commands at once",
    .help = "Owns the modem's port, keeps the network up, and serves the other commands over\n"
            "a UNIX socket that only its owner may open: --port unix:PATH. Each client gets\n"
            "a virtual AT port with connection ids 0 to 11 of its own, whose sockets are the\n"
            "modem's, 12 for all together. Facts (AT+CSQ, AT+CGSN ...) are the modem's; what\n"
            "would disturb the others (AT+CFUN, AT+QPOWD, AT+IPR) stays the client's own.\n"
            "Any AT program may use it. The access point name is the daemon's: --apn.\n"
            "\n"
            "It stays in the foreground and says \"serving PATH\" on standard error. SIGTERM\n"
            "ends it, with the module left clean and exit code 0.\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 --apn internet daemon --socket /tmp/modem &\n"
            "  usocket --port unix:/tmp/modem get http://example.com/\n",
    .options = options,
    .run = run,
};
