/*
 * The ladder of recovery. A step is tried when the one below it did not help: the line is synchronised again (channel),
 * the id of a failed connection closed (conn.c), the context made anew, the module reset; the last with pauses that grow.
 * DESIGN.md has the conditions as a table.
 */
#include "sock/network.h"

enum {
    OPENS_MAX = 5,  /* failed opens in a row until the context is made anew (EC200U note, figure 1) */
    CLOSES_MAX = 3, /* QICLOSE without an answer */
    DOWNS_MAX = 3,  /* failed QIDEACT in a row until the module is reset (same figure) */
    CYCLES_MAX = 2, /* contexts made anew for failed opens that did not help either */
    PAUSES = 3,
};

static const uint16_t pauses_s[PAUSES] = {10 * 60, 30 * 60, 60 * 60}; /* same figure, note 3 */

void usk_recovery_tell(struct usocket_modem *modem, enum usocket_recovery what)
{
    if (modem->config.on_recovery != NULL) {
        modem->config.on_recovery(modem->config.recovery_ctx, what);
    }
}

/* --- reset -------------------------------------------------------------------------------------------------------- */

static uint32_t pause_ms(const struct usocket_modem *modem, unsigned nth)
{
    const uint16_t *own = modem->config.reset_pause_s;

    return 1000u * (own[0] != 0 || own[1] != 0 || own[2] != 0 ? own : pauses_s)[nth];
}

/* A network that has been up for as long as the first pause was worth the resets before it. */
static bool has_helped(const struct usocket_modem *modem)
{
    return usk_net_up(modem) && usk_left(modem->now_ms, modem->recovery.up_ms, pause_ms(modem, 0)) == 0;
}

void usk_recovery_left_up(struct usocket_modem *modem)
{
    if (has_helped(modem)) {
        modem->recovery.resets = 0;
    }
}

uint32_t usk_recovery_reset(struct usocket_modem *modem)
{
    struct usk_recovery *recovery = &modem->recovery;
    uint32_t left = 0;

    if (modem->config.no_reset) {
        return UINT32_MAX;
    }
    usk_recovery_left_up(modem);
    if (recovery->resets > 0) {
        left = usk_left(modem->now_ms, recovery->reset_ms, pause_ms(modem, recovery->resets - 1u));
    }
    if (left > 0) {
        return left;
    }
    recovery->resets = recovery->resets < PAUSES ? (uint8_t)(recovery->resets + 1) : PAUSES;
    recovery->reset_ms = modem->now_ms;
    recovery->opens = recovery->closes = recovery->downs = recovery->cycles = 0;
    modem->resets++;
    usk_log(modem, "the module is reset");
    usk_recovery_tell(modem, USOCKET_RECOVERY_RESET);
    usk_net_reset(modem);
    return 0;
}

/* --- what has failed ---------------------------------------------------------------------------------------------- */

/* Errors of the module or of nobody; a peer that refuses and a name that does not exist say nothing against it. */
static bool is_suspicious(int error)
{
    switch (error) {
    case -EAGAIN:
    case -EBUSY:
    case -EINVAL:
    case -EIO:
    case -ENOBUFS:
    case -ENOMEM:
    case -ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

static bool any_open(const struct usocket_modem *modem)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].state == USK_CONN_OPEN) {
            return true;
        }
    }
    return false;
}

void usk_recovery_opened(struct usocket_modem *modem, int error)
{
    struct usk_recovery *recovery = &modem->recovery;

    if (error == 0) {
        recovery->opens = recovery->cycles = 0;
    } else if (is_suspicious(error) && !any_open(modem) && ++recovery->opens >= OPENS_MAX) {
        recovery->opens = 0;
        if (++recovery->cycles <= CYCLES_MAX || usk_recovery_reset(modem) > 0) {
            usk_net_context_broken(modem);
        }
    }
}

void usk_recovery_closed(struct usocket_modem *modem, int result)
{
    struct usk_recovery *recovery = &modem->recovery;

    if (result == 0 || result == -EIO) {
        recovery->closes = 0;
    } else if (result != -ENETRESET && ++recovery->closes >= CLOSES_MAX) {
        recovery->closes = 0;
        usk_net_context_broken(modem);
    }
}

bool usk_recovery_down(struct usocket_modem *modem, int result)
{
    struct usk_recovery *recovery = &modem->recovery;

    recovery->downs = result == 0 ? 0 : (uint8_t)(recovery->downs + 1);
    if (recovery->downs < DOWNS_MAX) {
        return false;
    }
    recovery->downs = 0;
    return usk_recovery_reset(modem) == 0;
}
