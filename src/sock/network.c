/*
 * The network: from a module that may be off or in any state to a data call with an address, and back there after a
 * reset of the module or the loss of the context. DESIGN.md has the drawing.
 */
#include <string.h>

#include "sock/network.h"

enum {
    POLL_MS = 1000, /* SIM and registration */
    ACTIVATE_PAUSE_MS = 5 * 1000,
    BOOT_MS = 5 * 1000,    /* after a reset nothing is heard before (PROTOCOL.md 7.1) */
    SILENT_MS = 60 * 1000, /* no answer for so long: reset (EC200U note, figure 1) */
    LIST_TRIES = 3,
    SIM_TRIES = 5, /* a SIM is "not inserted" for a moment at start (PROTOCOL.md 6.2, code 10) */
};

static void enter(struct usocket_modem *modem, enum usk_net_state state)
{
    if (modem->net.state == UP) {
        usk_recovery_left_up(modem);
    }
    modem->net.state = (uint8_t)state;
    modem->net.line_ok = false;
    modem->net.pause_ms = 0;
    modem->net.listed = 0;
}

static void enter_later(struct usocket_modem *modem, enum usk_net_state state, uint16_t pause_ms)
{
    enter(modem, state);
    modem->net.since_ms = modem->now_ms;
    modem->net.pause_ms = pause_ms;
}

static void set_stage(struct usocket_modem *modem, enum usocket_stage stage, int sub)
{
    modem->net.stage = (uint8_t)stage;
    modem->net.sub = (int16_t)sub;
}

/* --- transitions -------------------------------------------------------------------------------------------------- */

static void sim_done(struct usocket_modem *modem, int result)
{
    struct usk_network *net = &modem->net;
    static const struct {
        int16_t cme;
        int16_t sim;
    } errors[] = {
        {10, USOCKET_SIM_ABSENT}, {11, USOCKET_SIM_PIN},     {12, USOCKET_SIM_PUK},  {13, USOCKET_SIM_INVALID},
        {14, USOCKET_SIM_BUSY},   {15, USOCKET_SIM_INVALID}, {17, USOCKET_SIM_PIN2}, {18, USOCKET_SIM_PUK2},
    };

    if (result == -EIO) {
        net->sub = USOCKET_SIM_UNKNOWN;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
            if (errors[i].cme == modem->channel.cme) {
                net->sub = errors[i].sim;
            }
        }
    }
    if (net->tries < UINT8_MAX) {
        net->tries++;
    }
    if (net->line_ok) {
        set_stage(modem, USOCKET_STAGE_REGISTRATION, -1);
        enter(modem, CEREG);
        return;
    }
    if (net->sub == USOCKET_SIM_ABSENT) {
        net->hard = net->tries >= SIM_TRIES ? -ENOMEDIUM : 0;
    } else {
        net->hard = net->sub >= USOCKET_SIM_PIN && net->sub <= USOCKET_SIM_PUK2 ? -EACCES : 0;
    }
    enter_later(modem, SIM, POLL_MS);
}

static void registration_done(struct usocket_modem *modem)
{
    struct usk_network *net = &modem->net;

    if (net->line_ok) {
        set_stage(modem, USOCKET_STAGE_DATA, 0);
        enter(modem, modem->config.apn != NULL ? APN : CONTEXT_ASK);
    } else if (net->state != CREG) {
        enter(modem, (enum usk_net_state)(net->state + 1));
    } else {
        enter_later(modem, CEREG, POLL_MS);
    }
}

static bool is_missing(const struct usocket *s)
{
    return s->id >= 0 && (s->modem->net.listed & 1u << s->id) == 0;
}

static bool missing(const struct usocket_modem *modem)
{
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (is_missing(&modem->sock[i])) {
            return true;
        }
    }
    return false;
}

static void list_done(struct usocket_modem *modem, int result)
{
    bool lost = false;

    if (result != 0) { /* knows nothing: a connection is not given up for that */
        modem->net.tries++;
        if (modem->net.tries < LIST_TRIES) {
            enter_later(modem, LIST, POLL_MS);
        } else {
            enter(modem, CLEAN);
        }
        return;
    }
    if (missing(modem) && !modem->net.again) { /* a line that lost a byte is not proof: ask once more */
        enter(modem, LIST);
        modem->net.again = true;
        return;
    }
    modem->net.again = false;
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        struct usocket *s = &modem->sock[i];

        if (is_missing(s)) {
            usk_conn_end(s, -ENETRESET);
            lost = true;
        }
    }
    modem->module_resets += lost;
    for (uint32_t id = 0; id < modem->net.dialect->ids; id++) {
        if ((modem->net.listed & 1u << id) != 0 && usk_conn_of_id(modem, id) == NULL) {
            usk_conn_close_id(modem, id, (uint8_t)modem->config.close_s);
        }
    }
    enter(modem, CLEAN);
}

/* After the dialect's settings: what depends on how the module is wired. */
static void enter_wiring(struct usocket_modem *modem)
{
    if (modem->net.state == SETTINGS && modem->config.rtscts) {
        enter(modem, FLOW);
    } else {
        enter(modem, modem->config.urc_port[0] != '\0' ? URC_ASK : READY);
    }
}

/* Set-up of the module. A setting that it refuses is none of it: not every firmware knows every command. */
static void set_up_done(struct usocket_modem *modem, bool ok)
{
    struct usk_network *net = &modem->net;

    switch ((enum usk_net_state)net->state) {
    case RESET:
        enter_later(modem, SYNC, BOOT_MS);
        net->sync_ms = modem->now_ms;
        break;
    case SYNC:
        net->tries++;
        if (ok) {
            set_stage(modem, USOCKET_STAGE_MODULE, 1);
            enter(modem, ECHO_OFF);
        }
        break;
    case ECHO_OFF:
        modem->channel.echo = !ok;
        enter(modem, NUMBERS);
        break;
    case NUMBERS:
        enter(modem, IDENTIFY);
        break;
    case IDENTIFY:
        if (net->model[0] == '\0' && !net->doubted) { /* an OK owed to somebody before us? (transcript 053) */
            net->doubted = true;
            modem->channel.owed = true;
            enter(modem, SYNC);
            break;
        }
        net->dialect = net->dialect != NULL ? net->dialect : usk_dialect_at(0);
        net->setting = 0;
        enter(modem, SETTINGS);
        break;
    case SETTINGS:
        if (net->dialect->settings[++net->setting] == NULL) {
            enter_wiring(modem);
        }
        break;
    case FLOW:
        enter_wiring(modem);
        break;
    case URC_ASK:
        enter(modem, net->line_ok ? READY : URC_SET);
        break;
    default:
        enter(modem, READY);
        break;
    }
}

/* From the SIM to the data call. */
static void bring_up_done(struct usocket_modem *modem, int result)
{
    struct usk_network *net = &modem->net;

    switch ((enum usk_net_state)net->state) {
    case LIST:
        list_done(modem, result);
        break;
    case SIM:
        sim_done(modem, result);
        break;
    case CEREG:
    case CGREG:
    case CREG:
        registration_done(modem);
        break;
    case CONTEXT_ASK:
        enter(modem, net->line_ok ? UP : CONTEXT_UP);
        break;
    case CONTEXT_UP:
        if (result == 0) {
            enter(modem, CONTEXT_ADDRESS);
        } else if (result != -ETIMEDOUT || usk_recovery_reset(modem) > 0) { /* no answer is worse than a no */
            enter_later(modem, CONTEXT_DOWN, ACTIVATE_PAUSE_MS);
        }
        break;
    case CONTEXT_ADDRESS: /* active, even when the module does not list it (transcript 059) */
        enter(modem, UP);
        break;
    case CONTEXT_DOWN:
        if (!usk_recovery_down(modem, result)) {
            enter(modem, CONTEXT_ASK);
        }
        break;
    default: /* APN */
        enter(modem, CONTEXT_ASK);
        break;
    }
    if (net->state == UP) {
        modem->recovery.up_ms = modem->now_ms;
        set_stage(modem, USOCKET_STAGE_DATA, 1);
        usk_recovery_tell(modem, USOCKET_RECOVERY_UP);
    }
}

void usk_net_step_done(void *ctx, int result)
{
    struct usocket_modem *modem = ctx;

    if (result == -ENETRESET) { /* aborted by start_over(), which has decided how it goes on */
        return;
    }
    if (modem->net.state == SYNC && result == -ETIMEDOUT && !modem->channel.silent) {
        result = 0; /* a probe was answered: it is only slow */
    }
    if (modem->net.state < READY) {
        set_up_done(modem, result == 0);
    } else {
        bring_up_done(modem, result);
    }
}

/* Leaves the states that wait for something else than an answer. */
static void pass_by(struct usocket_modem *modem)
{
    struct usk_network *net = &modem->net;

    if (net->state == READY && net->goal == USK_GOAL_NETWORK) {
        net->tries = 0;
        enter(modem, LIST);
    }
    if (net->state == CLEAN && modem->close_ids == 0) {
        set_stage(modem, USOCKET_STAGE_SIM, USOCKET_SIM_UNKNOWN);
        net->tries = 0;
        enter(modem, SIM);
    }
}

/* A module that has been silent for long is reset, if that may be done now. */
static void look_at_silence(struct usocket_modem *modem)
{
    struct usk_network *net = &modem->net;

    if (net->state == SYNC && net->pause_ms == 0 && usk_left(modem->now_ms, net->sync_ms, SILENT_MS) == 0) {
        usk_recovery_reset(modem);
    }
}

bool usk_net_next(struct usocket_modem *modem, uint32_t *wake_ms)
{
    struct usk_network *net = &modem->net;
    struct usk_line line;
    const struct usk_step *step;

    pass_by(modem);
    if (net->goal != USK_GOAL_NONE && !net->asleep) {
        look_at_silence(modem);
    }
    if (net->goal == USK_GOAL_NONE || net->asleep || net->state == READY || net->state == CLEAN || net->state == UP) {
        return false;
    }
    if (net->pause_ms > 0) {
        uint32_t left = usk_left(modem->now_ms, net->since_ms, net->pause_ms);

        if (left > 0) {
            usk_lower(wake_ms, left);
            return false;
        }
        net->pause_ms = 0;
    }
    step = usk_net_step(net);
    line = usk_channel_line(&modem->channel);
    step->put(modem, &line);
    usk_start(modem, &line, &step->command, modem);
    return true;
}

/* --- what the others ask and tell --------------------------------------------------------------------------------- */

void usk_net_init(struct usocket_modem *modem, const struct usk_dialect *dialect)
{
    modem->net.dialect = dialect;
    enter(modem, SYNC);
}

void usk_net_want(struct usocket_modem *modem, enum usk_goal goal)
{
    if (modem->net.goal == USK_GOAL_NONE || modem->net.asleep) {
        modem->net.sync_ms = modem->now_ms;
        modem->net.asleep = false;
    }
    if (goal > modem->net.goal) {
        modem->net.goal = (uint8_t)goal;
    }
}

bool usk_net_ready(const struct usocket_modem *modem)
{
    return modem->net.state >= READY;
}

bool usk_net_up(const struct usocket_modem *modem)
{
    return modem->net.state == UP;
}

static void start_over(struct usocket_modem *modem)
{
    set_stage(modem, USOCKET_STAGE_MODULE, 0);
    modem->net.hard = 0;
    modem->net.tries = 0;
    modem->keepalive = 0; /* as the settings will have it */
    modem->channel.echo = true;
    modem->net.sync_ms = modem->now_ms;
    modem->net.asleep = false;
    enter(modem, SYNC);
}

/* All that the module knew of us is gone. */
static void lose_all(struct usocket_modem *modem)
{
    start_over(modem);
    usk_conn_end_all(modem, -ENETRESET);
    usk_resolver_end_all(modem, -ENETRESET);
    usk_channel_abort(&modem->channel, -ENETRESET);
}

void usk_net_module_reset(struct usocket_modem *modem)
{
    if (modem->net.state <= SYNC) { /* it has started, and is being waited for */
        modem->net.sync_ms = modem->now_ms;
        return;
    }
    usk_log(modem, "the module has started anew");
    modem->module_resets++;
    lose_all(modem);
    usk_recovery_tell(modem, USOCKET_RECOVERY_RESTARTED);
}

void usk_net_module_asleep(struct usocket_modem *modem)
{
    if (modem->net.state > SYNC) {
        usk_log(modem, "the module goes to sleep");
        lose_all(modem);
        modem->net.asleep = true;
    }
}

void usk_net_reset(struct usocket_modem *modem)
{
    lose_all(modem);
    if (modem->port->reset == NULL) {
        enter(modem, RESET);
    } else if (modem->port->reset(modem->port_ctx) == 0) {
        enter_later(modem, SYNC, BOOT_MS);
    } else {
        usk_log(modem, "the port could not reset the module");
    }
}

void usk_net_module_suspect(struct usocket_modem *modem, const char *why)
{
    if (modem->net.state < READY) { /* it did not obey ATE0 */
        modem->channel.echo = true;
    } else {
        usk_log(modem, why);
        usk_log(modem, "has the module started anew?");
        start_over(modem);
    }
}

void usk_net_module_silent(struct usocket_modem *modem)
{
    if (modem->net.state > SYNC) {
        usk_log(modem, "the module does not answer");
        start_over(modem);
    } else {
        set_stage(modem, USOCKET_STAGE_MODULE, 0);
    }
}

void usk_net_context_broken(struct usocket_modem *modem)
{
    if (modem->net.state != UP) {
        return;
    }
    modem->context_losses++;
    usk_recovery_tell(modem, USOCKET_RECOVERY_CONTEXT);
    for (size_t i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        if (modem->sock[i].id >= 0) { /* QIDEACT ends them all; those that only wait for an id go on waiting */
            usk_conn_end(&modem->sock[i], -ENETDOWN);
        }
    }
    set_stage(modem, USOCKET_STAGE_DATA, 0);
    enter(modem, CONTEXT_DOWN);
}

void usk_net_context_lost(struct usocket_modem *modem, uint32_t cid)
{
    if (cid != modem->config.cid || modem->net.state < CONTEXT_ASK) {
        return;
    }
    usk_log(modem, "the network has taken the data call away");
    usk_resolver_end_all(modem, -ENETDOWN);
    usk_net_context_broken(modem);
}

void usk_net_line_ok(struct usocket_modem *modem)
{
    modem->net.line_ok = true;
}

void usk_net_address(struct usocket_modem *modem, struct usk_text address)
{
    struct usocket_sockaddr sa;

    if (usk_address_of(address, 0, &sa)) {
        *(usk_is_ipv6(&sa) ? &modem->net.address6 : &modem->net.address) = sa;
    }
}

void usk_net_listed(struct usocket_modem *modem, uint32_t id)
{
    if (id < modem->net.dialect->ids) {
        modem->net.listed = (uint16_t)(modem->net.listed | 1u << id);
    }
}

static bool decided(const void *arg)
{
    const struct usocket_modem *modem = arg;

    return modem->net.state == UP || modem->net.hard != 0;
}

int usocket_wait_network(struct usocket_modem *modem, int32_t timeout_ms, int *stage, int *sub)
{
    int result;

    usk_lock(modem);
    if (timeout_ms != 0) { /* look again, the SIM may have been seen to since */
        modem->net.hard = 0;
    }
    usk_net_want(modem, USK_GOAL_NETWORK);
    result = usk_wait(modem, modem->now_ms, timeout_ms, decided, modem);
    if (result == 0) {
        result = modem->net.hard;
    } else if (result == -EAGAIN && !modem->busy) {
        result = -ETIMEDOUT;
    }
    if (stage != NULL) {
        *stage = modem->net.stage;
    }
    if (sub != NULL) {
        *sub = modem->net.sub;
    }
    usk_unlock(modem);
    return result;
}

void usocket_get_info(struct usocket_modem *modem, struct usocket_info *info)
{
    usk_lock(modem);
    memset(info, 0, sizeof(*info));
    memcpy(info->model, modem->net.model, sizeof(modem->net.model));
    info->dialect = modem->net.dialect != NULL ? modem->net.dialect->name : "";
    if (modem->net.address.family != 0) {
        usocket_sockaddr_text(&modem->net.address, info->address);
    }
    if (modem->net.address6.family != 0) {
        usocket_sockaddr_text(&modem->net.address6, info->address6);
    }
    usk_unlock(modem);
}
