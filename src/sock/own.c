/*
 * The program's own AT command, between those of the driver, and the unsolicited lines that it asks for.
 */
#include <string.h>

#include "sock/internal.h"

/* How a call (ATD) may end besides OK and ERROR: ITU-T V.250 6.3. */
static const struct usk_final finals[] = {
    {"NO CARRIER", -EIO}, {"NO DIALTONE", -EIO}, {"NO ANSWER", -EIO}, {"BUSY", -EIO}, {NULL, 0},
};

/* NULL: there is none, or it is not on the line yet; what is, its caller has given up. */
static struct usocket_at *on_the_line(void *ctx)
{
    struct usocket_at *at = ((struct usocket_modem *)ctx)->own;

    return at != NULL && at->sent ? at : NULL;
}

static void tell(void *ctx, struct usk_text line, enum usocket_line kind)
{
    const struct usocket_at *at = on_the_line(ctx);

    if (at != NULL && at->on_line != NULL) {
        at->on_line(at->ctx, line.at, line.len, kind);
    }
}

static int on_line(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    tell(ctx, line, fields != NULL ? USOCKET_LINE : USOCKET_LINE_PIECE);
    return 0;
}

static void on_final(void *ctx, struct usk_text line)
{
    tell(ctx, line, USOCKET_LINE_FINAL);
}

static void on_done(void *ctx, int result)
{
    if (on_the_line(ctx) != NULL) {
        usk_own_end(ctx, result);
    }
}

/* The limit is the caller's. Without one it is that of the slowest command, AT+COPS=? (PROTOCOL.md 4.2). */
static const struct usk_command own_command = {
    .finals = finals,
    .timeout_ms = 180 * 1000,
    .flags = USK_ANY_LINE | USK_FOREIGN,
    .on_line = on_line,
    .on_final = on_final,
    .on_done = on_done,
};

bool usk_own_next(struct usocket_modem *modem)
{
    struct usocket_at *at = modem->own;
    struct usk_line line;

    if (at == NULL || at->sent || !usk_net_ready(modem)) {
        return false;
    }
    at->sent = true;
    line = usk_channel_line(&modem->channel);
    usk_put(&line, at->command);
    usk_start(modem, &line, &own_command, modem);
    if (at->timeout_ms > 0) {
        usk_channel_limit(&modem->channel, (uint32_t)at->timeout_ms);
    }
    return true;
}

void usk_own_end(struct usocket_modem *modem, int result)
{
    if (modem->own != NULL) {
        modem->own->result = result;
        modem->own = NULL;
    }
}

void usk_own_look_at_clock(struct usocket_modem *modem, uint32_t *wake_ms)
{
    const struct usocket_at *at = modem->own;
    uint32_t left;

    if (at == NULL || at->timeout_ms < 0) {
        return;
    }
    left = usk_left(modem->now_ms, at->since_ms, (uint32_t)at->timeout_ms);
    if (left > 0) {
        usk_lower(wake_ms, left);
    } else {
        usk_own_end(modem, -ETIMEDOUT);
    }
}

/* --- API ---------------------------------------------------------------------------------------------------------- */

static int check(const char *command)
{
    for (const char *c = command; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return -EINVAL;
        }
    }
    if ((command[0] != 'A' && command[0] != 'a') || (command[1] != 'T' && command[1] != 't')) {
        return -EINVAL;
    }
    return strlen(command) < USOCKET_COMMAND_SIZE ? 0 : -EMSGSIZE;
}

static int refusal(const struct usocket_modem *modem, const char *command)
{
    int result = check(command);

    return result == 0 && modem->own != NULL ? -EBUSY : result;
}

static void start(struct usocket_modem *modem, struct usocket_at *at, const char *command, usocket_line_fn line_fn,
                  void *ctx, int32_t timeout_ms)
{
    *at = (struct usocket_at){
        .result = -EINPROGRESS,
        .command = command,
        .on_line = line_fn,
        .ctx = ctx,
        .timeout_ms = timeout_ms,
        .since_ms = modem->now_ms,
    };
    modem->own = at;
    usk_net_want(modem, USK_GOAL_MODULE);
}

static void cancel(struct usocket_modem *modem, const struct usocket_at *at)
{
    if (modem->own == at) {
        modem->own = NULL;
    }
}

int usocket_at_start(struct usocket_modem *modem, struct usocket_at *at, const char *command, usocket_line_fn line_fn,
                     void *ctx, int32_t timeout_ms)
{
    int result;

    if (!USOCKET_OWN_COMMANDS) {
        return -EOPNOTSUPP;
    }
    usk_lock(modem);
    result = refusal(modem, command);
    if (result == 0) {
        start(modem, at, command, line_fn, ctx, timeout_ms);
    }
    usk_unlock(modem);
    return result;
}

void usocket_at_cancel(struct usocket_modem *modem, struct usocket_at *at)
{
    usk_lock(modem);
    cancel(modem, at);
    usk_unlock(modem);
}

static bool own_ended(const void *arg)
{
    return ((const struct usocket_at *)arg)->result != -EINPROGRESS;
}

int usocket_at_command(struct usocket_modem *modem, const char *command, usocket_line_fn line_fn, void *ctx,
                       int32_t timeout_ms)
{
    struct usocket_at at;
    int result;

    if (!USOCKET_OWN_COMMANDS) {
        return -EOPNOTSUPP;
    }
    usk_lock(modem);
    result = refusal(modem, command);
    if (result == 0 && modem->busy) {
        result = -EAGAIN;
    } else if (result == 0) {
        start(modem, &at, command, line_fn, ctx, timeout_ms);
        result = usk_wait(modem, modem->now_ms, -1, own_ended, &at); /* its own clock ends it */
        result = result == 0 ? at.result : result;
        cancel(modem, &at);
    }
    usk_unlock(modem);
    return result;
}

/* --- unsolicited lines -------------------------------------------------------------------------------------------- */

bool usk_own_urc(void *ctx, struct usk_text line)
{
    struct usocket_modem *modem = ctx;
    struct usk_fields fields;
    bool known = false;

    for (struct usocket_urc *urc = modem->urcs; urc != NULL; urc = modem->urc_next) {
        modem->urc_next = urc->next; /* a callback may take any of them out */
        if (usk_fields_of(&fields, line, urc->name)) {
            known = true;
            urc->fn(urc->ctx, line.at, line.len);
        }
    }
    return known;
}

static void take_out(struct usocket_modem *modem, const struct usocket_urc *urc)
{
    struct usocket_urc **at = &modem->urcs;

    while (*at != NULL && *at != urc) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = urc->next;
        modem->urc_next = modem->urc_next == urc ? urc->next : modem->urc_next;
    }
}

int usocket_on_urc(struct usocket_modem *modem, struct usocket_urc *urc, const char *name, usocket_urc_fn fn, void *ctx)
{
    if (!USOCKET_OWN_COMMANDS || name == NULL || name[0] == '\0') {
        return USOCKET_OWN_COMMANDS ? -EINVAL : -EOPNOTSUPP;
    }
    usk_lock(modem);
    take_out(modem, urc);
    if (fn != NULL) {
        *urc = (struct usocket_urc){name, fn, ctx, modem->urcs};
        modem->urcs = urc;
    }
    usk_unlock(modem);
    return 0;
}
