/*
 * The commands of the bring-up that are the same for all families (3GPP TS 27.007, ITU-T V.250), and what their answers
 * say; those that differ are the dialect's.
 */
#include <string.h>

#include "sock/network.h"

enum {
    SYNC_MS = 500,
    COMMAND_MS = 5 * 1000, /* 300 ms in the manuals; a module that is just starting is slower */
    REGISTRATION_MS = 5 * 1000,
    RESET_MS = 15 * 1000, /* CFUN: EC2x AT manual */
};

static void put_reset(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+CFUN=1,1");
}

static void put_sync(const struct usocket_modem *modem, struct usk_line *line)
{
    usk_put(line, modem->net.tries % 2 == 0 ? "AT" : "ATV1"); /* after ATV0 no answer can be read */
}

static void put_echo_off(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "ATE0");
}

static void put_numbers(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+CMEE=1");
}

static void put_identify(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "ATI");
}

static void put_setting(const struct usocket_modem *modem, struct usk_line *line)
{
    usk_put(line, modem->net.dialect->settings[modem->net.setting]);
}

static void put_flow(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+IFC=2,2");
}

static void put_sim(const struct usocket_modem *modem, struct usk_line *line)
{
    (void)modem;
    usk_put(line, "AT+CPIN?");
}

static void put_registration(const struct usocket_modem *modem, struct usk_line *line)
{
    static const char *const names[] = {"AT+CEREG?", "AT+CGREG?", "AT+CREG?"};

    usk_put(line, names[modem->net.state - CEREG]);
}

/* ATI: "Quectel", the model, "Revision: ..." (transcript 041 has the model as "Quectel_MC60"). */
static int on_identity(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    struct usocket_modem *modem = ctx;
    struct usk_network *net = &modem->net;
    const struct usk_dialect *dialect = usk_dialect_of_model(line);

    (void)fields;
    if (usk_text_starts(line, "Quectel") || usk_text_starts(line, "Revision")) {
        return 0;
    }
    if (net->model[0] == '\0' || dialect != NULL) {
        size_t len = line.len < sizeof(net->model) ? line.len : sizeof(net->model) - 1;

        memcpy(net->model, line.at, len);
        net->model[len] = '\0';
    }
    if (dialect != NULL && net->dialect == NULL) {
        net->dialect = dialect;
    }
    return 0;
}

static int on_sim(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    static const struct {
        const char *code;
        enum usocket_sim sim;
    } codes[] = {
        {"READY", USOCKET_SIM_READY},         {"SIM PIN", USOCKET_SIM_PIN},   {"SIM PUK", USOCKET_SIM_PUK},
        {"SIM PIN2", USOCKET_SIM_PIN2},       {"SIM PUK2", USOCKET_SIM_PUK2}, {"NOT READY", USOCKET_SIM_BUSY},
        {"NOT INSERTED", USOCKET_SIM_ABSENT},
    };
    struct usocket_modem *modem = ctx;
    struct usk_text code;

    (void)text;
    modem->net.sub = USOCKET_SIM_UNKNOWN;
    if (!usk_field_text(fields, &code)) {
        return 0;
    }
    modem->net.sub = USOCKET_SIM_LOCKED; /* PH-SIM PIN, PH-NET PIN and so on */
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (usk_text_equal(code, codes[i].code)) {
            modem->net.sub = (int16_t)codes[i].sim;
        }
    }
    modem->net.line_ok = modem->net.sub == USOCKET_SIM_READY;
    return 0;
}

/* The answer is "<n>,<stat>[,...]", the unsolicited code "<stat>[,"tac",...]": the second field tells them apart. */
static int on_registration(void *ctx, struct usk_text text, struct usk_fields *fields)
{
    struct usocket_modem *modem = ctx;
    uint32_t n;
    uint32_t stat;

    (void)text;
    if (!usk_field_uint(fields, 5, &n) || !usk_field_uint(fields, INT8_MAX, &stat)) {
        return USK_NOT_MINE;
    }
    modem->net.line_ok = stat == 1 || stat == 5;
    if (modem->net.line_ok || modem->net.state == CEREG || modem->net.sub <= 0 || modem->net.sub == 4) {
        modem->net.sub = (int16_t)stat;
    }
    return 0;
}

#define STEP(put, its_prefix, ms, its_flags, line)                                                                     \
    {                                                                                                                  \
        put,                                                                                                           \
        {                                                                                                              \
            .prefix = its_prefix, .timeout_ms = ms, .flags = its_flags, .on_line = line, .on_done = usk_net_step_done  \
        }                                                                                                              \
    }

static const struct usk_step common_steps[] = {
    [RESET] = STEP(put_reset, NULL, RESET_MS, 0, NULL),
    [SYNC] = STEP(put_sync, NULL, SYNC_MS, 0, NULL),
    [ECHO_OFF] = STEP(put_echo_off, NULL, COMMAND_MS, 0, NULL),
    [NUMBERS] = STEP(put_numbers, NULL, COMMAND_MS, 0, NULL),
    [IDENTIFY] = STEP(put_identify, NULL, COMMAND_MS, USK_ANY_LINE, on_identity),
    [SETTINGS] = STEP(put_setting, NULL, COMMAND_MS, 0, NULL),
    [FLOW] = STEP(put_flow, NULL, COMMAND_MS, 0, NULL),
    [SIM] = STEP(put_sim, "+CPIN", COMMAND_MS, 0, on_sim),
    [CEREG] = STEP(put_registration, "+CEREG", REGISTRATION_MS, 0, on_registration),
    [CGREG] = STEP(put_registration, "+CGREG", REGISTRATION_MS, 0, on_registration),
    [CREG] = STEP(put_registration, "+CREG", REGISTRATION_MS, 0, on_registration),
};

const struct usk_step *usk_net_step(const struct usk_network *net)
{
    switch ((enum usk_net_state)net->state) {
    case URC_ASK:
        return net->dialect->urc_ask;
    case URC_SET:
        return net->dialect->urc_set;
    case LIST:
        return net->dialect->list;
    case APN:
        return net->dialect->apn;
    case CONTEXT_ASK:
    case CONTEXT_ADDRESS:
        return net->dialect->context_ask;
    case CONTEXT_UP:
        return net->dialect->context_up;
    case CONTEXT_DOWN:
        return net->dialect->context_down;
    default:
        return &common_steps[net->state];
    }
}
