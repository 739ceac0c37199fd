/*
 * The PIN of the SIM card: a layer of the line that puts digits in place of stars, and the one command that has them.
 */
#include "pin.h"

#include "session.h"

#include <string.h>

/* A card that has taken its PIN may be told to want it for a moment still. */
enum { SETTLE_MS = 10000, LOOK_MS = 100 };

/* --- the layer ---------------------------------------------------------------------------------------------------- */

static ssize_t pin_read(void *ctx, void *buf, size_t len)
{
    const struct cli_pin *pin = ctx;
    return pin->inner->read(pin->inner_ctx, buf, len);
}

static ssize_t pin_write(void *ctx, const void *buf, size_t len)
{
    struct cli_pin *pin = ctx;
    if (!pin->next) {
        return pin->inner->write(pin->inner_ctx, buf, len);
    }
    char clear[64];
    const char *digit = pin->next;
    len = len < sizeof(clear) ? len : sizeof(clear);
    memcpy(clear, buf, len);
    for (size_t i = 0; i < len && *digit; i++) {
        clear[i] = clear[i] == '*' ? *digit++ : clear[i];
    }
    ssize_t taken = pin->inner->write(pin->inner_ctx, clear, len);
    for (ssize_t i = 0; i < taken && *pin->next; i++) {
        pin->next += ((const char *)buf)[i] == '*';
    }
    return taken;
}

static int pin_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    const struct cli_pin *pin = ctx;
    return pin->inner->wait(pin->inner_ctx, timeout_ms, for_write);
}

static uint32_t pin_now_ms(void *ctx)
{
    const struct cli_pin *pin = ctx;
    return pin->inner->now_ms(pin->inner_ctx);
}

static const struct usocket_port pin_port = {
    .read = pin_read,
    .write = pin_write,
    .wait = pin_wait,
    .now_ms = pin_now_ms,
};

void cli_pin_cover(struct cli_pin *pin, const char *digits, const struct usocket_port **port, void **ctx)
{
    *pin = (struct cli_pin){.inner = *port, .inner_ctx = *ctx, .digits = digits};
    *port = &pin_port;
    *ctx = pin;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum cli_step nothing(void *ctx)
{
    (void)ctx;
    return CLI_WAIT;
}

static int send_pin(struct cli *cli, struct cli_pin *pin)
{
    char command[32];
    struct cli_answer answer;
    snprintf(command, sizeof(command), "AT+CPIN=\"%.*s\"", (int)strlen(pin->digits), "********");
    pin->sent_ms = cli_now_ms();
    pin->next = pin->digits;
    int error = cli_at(cli, command, &answer);
    pin->next = NULL;
    pin->refused = error == -EIO;
    return pin->refused ? -EACCES : error ? error : -ETIMEDOUT;
}

int cli_pin_give(struct cli *cli)
{
    struct cli_pin *pin = &cli->line.pin;
    if (!pin->digits || pin->refused) {
        return -EACCES;
    }
    if (!pin->sent_ms) {
        return send_pin(cli, pin);
    }
    uint64_t now = cli_now_ms();
    return now - pin->sent_ms < SETTLE_MS ? cli_until(cli, nothing, NULL, now + LOOK_MS) : -EACCES;
}
