/*
 * The line to the modem: which kind of port a name means, and the one place where the tool sleeps.
 */
#include "line.h"

#include "cli.h"
#include "daemon/door.h"
#include "sim.h"
#include "trace.h"
#include "words.h"

#include <signal.h>
#include <string.h>

uint64_t cli_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* --- the port that the modem is given ----------------------------------------------------------------------------- */

/* Once the library has been told that the line is gone it asks no more, so the next wait has to tell us. */
static ssize_t note_error(struct cli_line *line, ssize_t result)
{
    if (result < 0) {
        line->error = (int)result;
    }
    return result;
}

static ssize_t line_read(void *ctx, void *buf, size_t len)
{
    struct cli_line *line = ctx;
    return note_error(line, line->inner->read(line->inner_ctx, buf, len));
}

static ssize_t line_write(void *ctx, const void *buf, size_t len)
{
    struct cli_line *line = ctx;
    return note_error(line, line->inner->write(line->inner_ctx, buf, len));
}

static uint32_t line_now_ms(void *ctx)
{
    struct cli_line *line = ctx;
    return line->inner->now_ms(line->inner_ctx);
}

/* Only there to end the sleep: what has happened is looked at by who sleeps. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_poll_stop(poll);
}

static int line_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct cli_line *line = ctx;
    /* The second signal is for a user who does not want to wait for the shutdown either. */
    if (line->signal_count > 1 || (line->signal && line->abort_on_signal)) {
        return -EINTR;
    }
    if (line->error) {
        return line->error;
    }
    if (line->sim) {
        uint32_t next = cli_sim_next_ms(line->sim);
        timeout_ms = timeout_ms < next ? timeout_ms : next;
    }
    if (line->polled) {
        uv_poll_start(&line->poll, UV_READABLE | UV_DISCONNECT | (for_write ? UV_WRITABLE : 0), on_ready);
    }
    if (timeout_ms != UINT32_MAX) {
        uv_update_time(&line->loop);
        uv_timer_start(&line->timer, on_timer, timeout_ms, 0);
    }
    uv_run(&line->loop, timeout_ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_timer_stop(&line->timer);
    /* Its own wait() knows what a hangup looks like. */
    return line->polled ? line->inner->wait(line->inner_ctx, 0, 0) : 0;
}

static void line_log(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    struct cli_line *line = ctx;
    if (line->trace) {
        cli_trace(cli_now_ms() - line->start_ms, line->colour, what, text, len);
    }
}

static const struct usocket_port line_port = {
    .read = line_read,
    .write = line_write,
    .wait = line_wait,
    .now_ms = line_now_ms,
    .log = line_log,
};

/* --- signals ------------------------------------------------------------------------------------------------------ */

static void on_signal(uv_signal_t *handle, int number)
{
    struct cli_line *line = handle->data;
    if (!line->signal) {
        line->signal = number;
    }
    line->signal_count++;
}

static void watch_signals(struct cli_line *line)
{
    static const int numbers[CLI_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < CLI_SIGNALS; i++) {
        uv_signal_init(&line->loop, &line->signals[i]);
        line->signals[i].data = line;
        uv_signal_start(&line->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&line->signals[i]);
    }
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int use_fd(struct cli_line *line, const char *name)
{
    int error = usocket_fd_open(&line->fd, name);
    if (!error) {
        line->inner = line->fd.port;
        line->inner_ctx = &line->fd;
        error = uv_poll_init(&line->loop, &line->poll, line->fd.fd);
        line->polled = !error;
    }
    return error;
}

static int use_device(struct cli_line *line, const struct cli_options *options)
{
    const char *name = options->port;
    if (strncmp(name, "unix:", 5) == 0 || strncmp(name, "tcp:", 4) == 0) {
        return use_fd(line, name);
    }
    int error = usocket_serial_open(&line->serial, name, options->baud, options->flow);
    /* A pty has no modem lines, which libserialport insists on; and a library may be built without libserialport. */
    if (error == -ENOTTY || error == -ENOSYS) {
        return use_fd(line, name);
    }
    if (!error) {
        line->inner = line->serial.port;
        line->inner_ctx = &line->serial;
        error = uv_poll_init(&line->loop, &line->poll, line->serial.fd);
        line->polled = !error;
    }
    return error;
}

static int use_sim(struct cli_line *line, const struct cli_options *options)
{
    const char *module = options->port[3] ? options->port + 4 : "";
    /* Its wire is only as slow as a real one when a rate is asked for. */
    line->sim = cli_sim_open(&line->loop, module, options->baud_text ? options->baud : 0, &line->inner);
    line->inner_ctx = line->sim;
    return line->sim ? 0 : -EINVAL;
}

static bool is_sim(const char *port)
{
    return strcmp(port, "sim") == 0 || strncmp(port, "sim:", 4) == 0;
}

/* "held by usocket daemon (pid 123): use --port unix:/run/..." */
static bool tell_holder(const char *name)
{
    struct door_holder holder;
    if (!door_find_holder(name, &holder)) {
        return false;
    }
    if (holder.path[0]) {
        cli_complain("cannot open %s: held by usocket daemon (pid %d): use --port unix:%s", name, (int)holder.pid,
                     holder.path);
    } else {
        cli_complain("cannot open %s: held by %s (pid %d): %s", name, holder.name, (int)holder.pid,
                     cli_holder_advice(holder.name));
    }
    return true;
}

static int open_failure(const char *name, int error)
{
    if (error == -EBUSY && tell_holder(name)) {
        return CLI_NO_MODEM;
    }
    struct cli_words words = cli_open_words(error);
    const char *text = words.text ? words.text : strerror(-error);
    if (words.text && words.advice[0]) {
        cli_complain("cannot open %s: %s (%s)", name, text, words.advice);
    } else {
        cli_complain("cannot open %s: %s", name, text);
    }
    return CLI_NO_MODEM;
}

static int start_recording(struct cli_line *line, const char *path)
{
    int error = usocket_record_open(&line->record, line->inner, line->inner_ctx, path, NULL);
    if (error) {
        cli_complain("cannot write the recording %s: %s", path, strerror(-error));
        return CLI_FAILED;
    }
    line->inner = line->record.port;
    line->inner_ctx = &line->record;
    line->recording = true;
    return CLI_OK;
}

int cli_line_open(struct cli_line *line, const struct cli_options *options)
{
    line->port = &line_port;
    line->start_ms = cli_now_ms();
    line->trace = options->trace;
    line->colour = cli_trace_colour();
    uv_loop_init(&line->loop);
    uv_timer_init(&line->loop, &line->timer);
    watch_signals(line);
    int error = is_sim(options->port) ? use_sim(line, options) : use_device(line, options);
    if (error == -EINVAL && is_sim(options->port)) {
        cli_complain("there is no simulated module '%s' (BG96, BG95, EC25)", options->port + 4);
        return CLI_USAGE;
    }
    if (error) {
        return open_failure(options->port, error);
    }
    if (options->pin[0]) {
        cli_pin_cover(&line->pin, options->pin, &line->inner, &line->inner_ctx);
    }
    return options->record ? start_recording(line, options->record) : CLI_OK;
}

static void close_handles(struct cli_line *line)
{
    uv_close((uv_handle_t *)&line->timer, NULL);
    for (int i = 0; i < CLI_SIGNALS; i++) {
        uv_close((uv_handle_t *)&line->signals[i], NULL);
    }
    if (line->polled) {
        uv_close((uv_handle_t *)&line->poll, NULL);
    }
}

int cli_line_close(struct cli_line *line)
{
    if (!line->port) {
        return 0;
    }
    int error = line->recording ? usocket_record_close(&line->record) : 0;
    if (line->sim) {
        cli_sim_close(line->sim);
    }
    close_handles(line);
    uv_run(&line->loop, UV_RUN_DEFAULT);
    uv_loop_close(&line->loop);
    /* After the loop: libuv wants a descriptor open until it has let go of it. */
    if (line->serial.port) {
        usocket_serial_close(&line->serial);
    }
    if (line->fd.port) {
        usocket_fd_close(&line->fd);
    }
    line->port = NULL;
    return error;
}
