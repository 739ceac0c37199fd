/*
 * The program's own AT command, between those of the driver, and the unsolicited lines that it asks for.
 */
#include <string.h>

#include "sock/internal.h"

/* How a call (ATD) may end besides OK and ERROR: ITU-T V.250 6.3. */
static const struct usk_final finals[] = {
    {"NO CARRIER", -EIO}, {"NO DIALTONE", -EIO}, {"NO ANSWER", -EIO}, {"BUSY", -EIO}, {NULL, 0},
};

static int on_line(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    const struct usk_own_command *own = &((struct usocket_modem *)ctx)->own;

    if (own->sent && own->on_line != NULL) {
        own->on_line(own->ctx, line.at, line.len, fields != NULL ? USOCKET_LINE : USOCKET_LINE_PIECE);
    }
    return 0;
}

static void on_final(void *ctx, struct usk_text line)
{
    const struct usk_own_command *own = &((struct usocket_modem *)ctx)->own;

    if (own->sent && own->on_line != NULL) {
        own->on_line(own->ctx, line.at, line.len, USOCKET_LINE_FINAL);
    }
}

static void on_done(void *ctx, int result)
{
    struct usk_own_command *own = &((struct usocket_modem *)ctx)->own;

    if (own->sent) { /* else its caller has given it up */
        own->result = result;
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
    struct usk_own_command *own = &modem->own;
    struct usk_line line;

    if (own->text == NULL || own->sent || !usk_net_ready(modem)) {
        return false;
    }
    own->sent = true;
    line = usk_channel_line(&modem->channel);
    usk_put(&line, own->text);
    own->result = -EINPROGRESS;
    usk_start(modem, &line, &own_command, modem);
    if (own->timeout_ms > 0) {
        usk_channel_limit(&modem->channel, own->timeout_ms);
    }
    return true;
}

static bool own_ended(const void *arg)
{
    const struct usk_own_command *own = &((const struct usocket_modem *)arg)->own;

    return own->sent && own->result != -EINPROGRESS;
}

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

int usocket_at_command(struct usocket_modem *modem, const char *command, usocket_line_fn line_fn, void *ctx,
                       int32_t timeout_ms)
{
    int result = USOCKET_OWN_COMMANDS ? check(command) : -EOPNOTSUPP;

    if (result != 0) {
        return result;
    }
    usk_lock(modem);
    if (modem->own.text != NULL) {
        result = -EBUSY;
    } else if (modem->busy) {
        result = -EAGAIN;
    } else {
        modem->own = (struct usk_own_command){
            .text = command, .on_line = line_fn, .ctx = ctx, .timeout_ms = timeout_ms > 0 ? (uint32_t)timeout_ms : 0};
        usk_net_want(modem, USK_GOAL_MODULE);
        result = usk_wait(modem, modem->now_ms, timeout_ms, own_ended, modem);
        result = result == 0 ? modem->own.result : result == -EAGAIN ? -ETIMEDOUT : result;
        modem->own.text = NULL;
        modem->own.sent = false;
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
