/*
 * Codes of the modem in words, and what to do about them.
 */
#include "words.h"

#include "usocket/usocket.h"

#include <limits.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Stands for every sub-code of the stage that has no row of its own before it. */
#define ANY INT_MIN

static const char *const stage_names[] = {
    [USOCKET_STAGE_MODULE] = "module",
    [USOCKET_STAGE_SIM] = "SIM",
    [USOCKET_STAGE_REGISTRATION] = "registration",
    [USOCKET_STAGE_DATA] = "data call",
};

static const char pin_advice[] = "give it by --pin or, unseen by others, by USOCKET_PIN";
static const char puk_advice[] = "the PIN was wrong three times: usocket at 'AT+CPIN=\"PUK\",\"NEW PIN\"'";

/* A table reads by its rows. */
/* clang-format off */
static const struct {
    int stage;
    int sub;
    struct cli_words words;
} stages[] = {
    {USOCKET_STAGE_MODULE, 0, {"the module does not answer",
        "is it powered, is this its AT port, is the rate right? see --port and --baud"}},
    {USOCKET_STAGE_MODULE, ANY, {"the module answers, its set-up goes on", "try again with a longer --timeout"}},

    {USOCKET_STAGE_SIM, USOCKET_SIM_ABSENT, {"no SIM card",
        "insert one and restart the module: usocket at AT+CFUN=1,1"}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_READY, {"SIM ready", ""}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_PIN, {"the SIM card wants its PIN", pin_advice}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_PUK, {"the SIM card wants its PUK", puk_advice}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_PIN2, {"the SIM card wants its PIN2", "give it: usocket at 'AT+CPIN=\"PIN2\"'"}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_PUK2, {"the SIM card wants its PUK2", puk_advice}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_BUSY, {"the SIM card is busy", "try again in a few seconds"}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_BLOCKED, {"the SIM card is blocked", "it needs its operator"}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_INVALID, {"the SIM card is invalid", "try another card"}},
    {USOCKET_STAGE_SIM, USOCKET_SIM_UNKNOWN, {"the state of the SIM card is unknown", "try again in a few seconds"}},
    {USOCKET_STAGE_SIM, ANY, {"the SIM card is locked to another device or network", "it needs its operator"}},

    {USOCKET_STAGE_REGISTRATION, -1, {"registration not known yet", "try again with a longer --timeout"}},
    {USOCKET_STAGE_REGISTRATION, 0, {"not registered and not searching",
        "is the radio on? usocket at AT+CFUN? must say 1"}},
    {USOCKET_STAGE_REGISTRATION, 1, {"registered, home network", ""}},
    {USOCKET_STAGE_REGISTRATION, 2, {"not registered, searching for a network",
        "check the antenna and the signal (usocket info); a first search takes minutes"}},
    {USOCKET_STAGE_REGISTRATION, 3, {"the network refuses to register the SIM card",
        "is it activated, does it allow roaming? its operator knows"}},
    {USOCKET_STAGE_REGISTRATION, 4, {"no coverage", "check the antenna"}},
    {USOCKET_STAGE_REGISTRATION, 5, {"registered, roaming", ""}},
    {USOCKET_STAGE_REGISTRATION, ANY, {"registered for something other than data", "is the SIM card made for data?"}},

    {USOCKET_STAGE_DATA, 0, {"the data call is not up",
        "give the access point of the card's operator, see its web pages: --apn NAME or USOCKET_APN"}},
    {USOCKET_STAGE_DATA, ANY, {"the data call is up", ""}},
};
/* clang-format on */

const char *cli_stage_name(int stage)
{
    return stage >= 0 && (size_t)stage < COUNT(stage_names) ? stage_names[stage] : "unknown";
}

struct cli_words cli_stage_words(int stage, int sub)
{
    for (size_t i = 0; i < COUNT(stages); i++) {
        if (stages[i].stage == stage && (stages[i].sub == sub || stages[i].sub == ANY)) {
            return stages[i].words;
        }
    }
    return (struct cli_words){"unknown", ""};
}

/* clang-format off */
static const struct {
    int error;
    struct cli_words words;
} open_errors[] = {
    {-ENOENT, {"no such port", "is the modem plugged in? usocket ports lists what is there"}},
    {-EACCES, {"permission denied",
        "join the group of the port: sudo usermod -aG dialout $USER, then log in again"}},
    {-EBUSY, {"device busy",
        "another program holds it; if it is ModemManager: sudo systemctl stop ModemManager"}},
    {-EINVAL, {"the port can't be set up so", "a wrong name, or a rate it does not know; see --baud"}},
    {-ENODEV, {"no such device", "is the modem plugged in?"}},
    {-ENXIO, {"no such device", "is the modem plugged in?"}},
    {-ECONNREFUSED, {"connection refused", "nobody listens there"}},
    {-ENOTTY, {"not a terminal", "a serial device, a pty, unix:PATH or tcp:HOST:PORT is wanted"}},
    {-EISDIR, {"it is a directory", "a serial device, a pty, unix:PATH or tcp:HOST:PORT is wanted"}},
};
/* clang-format on */

struct cli_words cli_open_words(int error)
{
    for (size_t i = 0; i < COUNT(open_errors); i++) {
        if (open_errors[i].error == error) {
            return open_errors[i].words;
        }
    }
    return (struct cli_words){NULL, ""};
}

const char *cli_holder_advice(const char *program)
{
    /* It may also keep all other modems and let go of this one. */
    return strcmp(program, "ModemManager") == 0 ? "sudo systemctl stop ModemManager, or see usocket ports --help"
                                                : "end it first";
}

const char *cli_connection_state(int state)
{
    static const char *const names[] = {"initial", "opening", "connected", "listening", "closing"};
    return state >= 0 && (size_t)state < COUNT(names) ? names[state] : "unknown";
}

const char *cli_access_mode(int mode)
{
    static const char *const names[] = {"buffer", "direct push", "transparent"};
    return mode >= 0 && (size_t)mode < COUNT(names) ? names[mode] : "unknown";
}
