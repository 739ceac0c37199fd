/* A story, recorded or replayed; see stage.h. */
#include "stage.h"

#include "uart/atlog.h"

enum { NETWORK_MS = 120 * 1000, END_MS = 200 * 1000 };

static void note_command(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct stage *t = ctx;

    if (what == USOCKET_LOG_TX) {
        snprintf(t->sent, sizeof(t->sent), "%.*s", (int)len, text);
    }
}

/* --- the port of a recording: the rig's, on whole milliseconds --------------------------------------------------- */

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    const struct stage *t = ctx;

    return rig_port.read(t->rig, buf, len);
}

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    const struct stage *t = ctx;

    return rig_port.write(t->rig, buf, len);
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    const struct stage *t = ctx;
    int result = rig_port.wait(t->rig, timeout_ms, for_write);

    t->rig->now_us = (t->rig->now_us + 999) / 1000 * 1000;
    return result;
}

static uint32_t port_now(void *ctx)
{
    const struct stage *t = ctx;

    return rig_now_ms(t->rig);
}

static const struct usocket_port recorded_port = {
    .read = port_read, .write = port_write, .wait = port_wait, .now_ms = port_now, .log = note_command};

/* --- beginning and end -------------------------------------------------------------------------------------------- */

static struct stage *stage_new(const struct story *story, const char *folder)
{
    struct stage *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->story = story;
    snprintf(t->path, sizeof(t->path), "%s/%s.atlog", folder, story->name);
    return t;
}

static void begin(struct stage *t, const struct usocket_port *port, void *line)
{
    t->port = port;
    t->line = line;
    assert_int_equal(usocket_init(&t->modem, port, line, &t->story->config), 0);
}

struct stage *stage_record(const struct story *story, const char *folder)
{
    struct stage *t = stage_new(story, folder);

    t->rig = rig_new(&story->module, &story->config);
    assert_int_equal(usocket_record_open(&t->record, &recorded_port, t, t->path, story->title), 0);
    begin(t, t->record.port, &t->record);
    return t;
}

struct stage *stage_replay(const struct story *story, const char *folder)
{
    struct stage *t = stage_new(story, folder);

    if (usocket_replay_open(&t->replay, t->path) != 0) {
        fprintf(stderr, "%s\n", t->replay.mismatch);
        free(t);
        return NULL;
    }
    t->replay.log = note_command;
    t->replay.log_ctx = t;
    begin(t, t->replay.port, &t->replay);
    return t;
}

void stage_play(struct stage *t)
{
    assert_int_equal(usocket_wait_network(&t->modem, NETWORK_MS, NULL, NULL), 0);
    t->story->play(t);
    assert_int_equal(usocket_shutdown(&t->modem, END_MS), 0);
    if (t->rig == NULL) {
        assert_int_equal(t->replay.mismatch[0], 0);
        assert_true(usocket_replay_done(&t->replay));
    } else {
        assert_int_equal(usocket_record_close(&t->record), 0);
        assert_true(t->story->rough || rig_wrong_use(t->rig) == 0);
    }
}

/* The difference as one reads it: the line of the file, and the driver's command. */
static void tell(const struct stage *t)
{
    const char *colon = strstr(t->replay.mismatch, ".atlog:");
    unsigned long wanted = colon != NULL ? strtoul(colon + strlen(".atlog:"), NULL, 10) : 0;
    FILE *in = fopen(t->path, "r");
    char line[4096];

    fprintf(stderr, "%s\n", t->replay.mismatch);
    for (unsigned long n = 1; in != NULL && fgets(line, sizeof(line), in) != NULL; n++) {
        if (n == wanted) {
            fprintf(stderr, "    in the file:            %.200s", line);
        }
    }
    if (in != NULL) {
        fclose(in);
    }
    fprintf(stderr, "    the driver's last line: > %.200s\n", t->sent);
    fprintf(stderr, "    Is the change meant? tests/replay/update BUILD records the sessions anew.\n");
}

void stage_free(struct stage *t)
{
    if (t->replay.mismatch[0] != '\0') {
        tell(t);
    }
    if (t->rig != NULL) {
        usocket_record_close(&t->record);
        rig_free(t->rig);
    }
    usocket_replay_close(&t->replay);
    free(t);
}

void stage_run(struct stage *t, uint32_t ms)
{
    uint32_t until = t->port->now_ms(t->line) + ms;
    uint32_t left = ms;

    while (left > 0) {
        uint32_t wake = usocket_process(&t->modem);

        assert_int_equal(t->port->wait(t->line, wake < left ? wake : left, usocket_wants_write(&t->modem)), 0);
        left = until - t->port->now_ms(t->line);
        left = left <= ms ? left : 0;
    }
    usocket_process(&t->modem);
}

/* --- the world ---------------------------------------------------------------------------------------------------- */

void world_peer(struct stage *t, const struct memnet_peer *peer)
{
    if (t->rig != NULL) {
        memnet_add(t->rig->net, peer);
    }
}

void world_fault(struct stage *t, const char *spec)
{
    if (t->rig != NULL) {
        rig_fault(t->rig, spec);
    }
}

void world_says(struct stage *t, uint16_t port, const char *text)
{
    if (t->rig != NULL) {
        rig_peer_says(t->rig, port, text, strlen(text));
    }
}

void world_closes(struct stage *t, uint16_t port)
{
    if (t->rig != NULL) {
        rig_peer_closes(t->rig, port);
    }
}

void world_datagram(struct stage *t, uint16_t socket, const char *text, const char *host, uint16_t port)
{
    if (t->rig != NULL) {
        rig_datagram(t->rig, socket, text, strlen(text), host, port);
    }
}

void world_client(struct stage *t, size_t n, uint16_t lport, uint16_t port)
{
    if (t->rig != NULL) {
        t->clients[n] = rig_client(t->rig, lport, "192.0.2.55", port);
        assert_int_not_equal(t->clients[n], 0);
    }
}

void world_client_says(struct stage *t, size_t n, const char *text)
{
    if (t->rig != NULL) {
        modemsim_run(t->rig->sim, t->rig->now_us);
        memnet_send(t->rig->net, t->clients[n], text, strlen(text));
    }
}

void world_client_closes(struct stage *t, size_t n)
{
    if (t->rig != NULL) {
        modemsim_run(t->rig->sim, t->rig->now_us);
        memnet_close(t->rig->net, t->clients[n]);
    }
}

void world_got(const struct stage *t, const void *bytes, size_t len)
{
    if (t->rig != NULL) {
        assert_int_equal(memnet_sunk(t->rig->net), len);
        assert_true(memnet_hash(t->rig->net) == memnet_hash_bytes(MEMNET_HASH_START, bytes, len));
    }
}
