/*
 * usocket signal: the signal (AT+CSQ, AT+QCSQ) as a line, on a terminal again each second with a bar.
 */
#include "module/radio.h"
#include "net/stream.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PERIOD_MS = 1000, BAR_WIDTH = 20, TEXT_MAX = 200 };

/* A module that does not know one of the commands tells the other. False: *code is the exit code to end with. */
static bool measure(struct cli *cli, struct radio *radio, int *code)
{
    static const char *const commands[] = {"AT+CSQ", "AT+QCSQ"};
    struct cli_answer answer[2];
    for (int i = 0; i < 2; i++) {
        int error = cli_at(cli, commands[i], &answer[i]);
        if (error && error != -EIO) {
            *code = cli_at_fail(cli, commands[i], error);
            return false;
        }
    }
    radio_read(radio, cli_answer_find(&answer[0], "+CSQ:"), cli_answer_find(&answer[1], "+QCSQ:"));
    *code = CLI_OK;
    return true;
}

/* --- one line ----------------------------------------------------------------------------------------------------- */

static void add_value(char text[TEXT_MAX], const struct radio *radio, enum radio_value value)
{
    size_t len = strlen(text);
    if (radio->value[value] == RADIO_UNKNOWN || value == RADIO_RSSI) { /* the line begins with the power */
        return;
    }
    if (value == RADIO_SINR) {
        snprintf(text + len, TEXT_MAX - len, "  %s %.1f %s", radio_name(value), radio->value[value] / 10.0,
                 radio_unit(value));
    } else {
        snprintf(text + len, TEXT_MAX - len, "  %s %d %s", radio_name(value), radio->value[value], radio_unit(value));
    }
}

/* "-65 dBm  good  LTE  RSRP -95 dBm  RSRQ -10 dB  SINR 10.0 dB" */
static void describe(char text[TEXT_MAX], const struct radio *radio)
{
    char power[20] = "no signal";
    if (radio->csq_dbm != RADIO_UNKNOWN) {
        snprintf(power, sizeof(power), "%d dBm", radio->csq_dbm);
    }
    snprintf(text, TEXT_MAX, "%s  %s%s%s", power, radio_word(radio), radio->technology[0] ? "  " : "",
             radio->technology);
    for (int i = 0; i < RADIO_VALUES; i++) {
        add_value(text, radio, (enum radio_value)i);
    }
}

static json_t *number(int value, int divisor)
{
    return value == RADIO_UNKNOWN ? json_null()
           : divisor == 1         ? json_integer(value)
                                  : json_real((double)value / divisor);
}

static void print_json(struct cli *cli, const struct radio *radio)
{
    cli_fact(cli, "signal_dbm", number(radio->csq_dbm, 1), "", "");
    cli_fact(cli, "quality", json_string(radio_word(radio)), "", "");
    cli_fact(cli, "percent", json_integer(radio_percent(radio)), "", "");
    cli_fact(cli, "technology", radio->technology[0] ? json_string(radio->technology) : json_null(), "", "");
    for (int i = 0; i < RADIO_VALUES; i++) {
        cli_fact(cli, radio_key((enum radio_value)i), number(radio->value[i], i == RADIO_SINR ? 10 : 1), "", "");
    }
}

static int print_once(struct cli *cli)
{
    struct radio radio;
    char text[TEXT_MAX];
    int code;
    if (!measure(cli, &radio, &code)) {
        return code;
    }
    if (cli->options.json) {
        print_json(cli, &radio);
    } else {
        describe(text, &radio);
        puts(text);
    }
    return CLI_OK;
}

/* --- a live line -------------------------------------------------------------------------------------------------- */

struct keyboard {
    struct cli_stdio stdio;
    bool raw;
    struct termios before;
};

/* Keys come one by one and are not shown; ctrl-C stays a signal. */
static void keyboard_open(struct keyboard *keyboard, uv_loop_t *loop)
{
    cli_stdio_open(&keyboard->stdio, loop);
    /* In the background, touching the terminal would stop us. */
    keyboard->raw = tcgetpgrp(STDIN_FILENO) == getpgrp() && tcgetattr(STDIN_FILENO, &keyboard->before) == 0;
    if (keyboard->raw) {
        struct termios keys = keyboard->before;
        keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
}

static void keyboard_close(struct keyboard *keyboard)
{
    if (keyboard->raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &keyboard->before);
    }
    cli_stdio_close(&keyboard->stdio);
}

static enum cli_step quit_step(void *ctx)
{
    struct keyboard *keyboard = ctx;
    char key;
    while (keyboard->raw && cli_stdio_read(&keyboard->stdio, &key, 1) == 1) {
        if (key == 'q' || key == 'Q') {
            return CLI_DONE;
        }
    }
    return CLI_WAIT;
}

static void draw(const struct radio *radio)
{
    char text[TEXT_MAX];
    int full = BAR_WIDTH * radio_percent(radio) / 100;
    describe(text, radio);
    printf("\r[%.*s%.*s]  %s\033[K", full, "####################", BAR_WIDTH - full, "....................", text);
    fflush(stdout);
}

static int run_live(struct cli *cli)
{
    static struct keyboard keyboard;
    int code, waited = -ETIMEDOUT;
    keyboard_open(&keyboard, &cli->line.loop);
    for (;;) {
        struct radio radio;
        uint64_t next = cli_now_ms() + PERIOD_MS;
        if (!measure(cli, &radio, &code)) {
            break;
        }
        draw(&radio);
        waited = cli_until(cli, quit_step, &keyboard, next);
        if (waited != -ETIMEDOUT) {
            break;
        }
    }
    keyboard_close(&keyboard);
    putchar('\n');
    fflush(stdout);
    return code != CLI_OK || waited == 0 ? code : cli_fail(cli, "the signal", waited);
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return isatty(STDOUT_FILENO) && !cli->options.json ? run_live(cli) : print_once(cli);
}

const struct cli_command usk_cmd_signal = {
    .name = "signal",
    .args = "",
    .summary = "print the signal; on a terminal a live bar",
    .help = "Prints the received power (AT+CSQ), a word for it, the access technology and the\n"
            "values that the module tells for it (AT+QCSQ). On a terminal it does so each\n"
            "second with a bar, until q or ctrl-C: for finding a place for the antenna.\n"
            "\n"
            "             RSRP (LTE, NB-IoT)   else the power\n"
            "  excellent  -80 dBm and above    -73 dBm and above\n"
            "  good       -90                  -83\n"
            "  fair       -100                 -93\n"
            "  poor       below                below\n"
            "\n"
            "SINR below 0 dB or RSRQ below -15 dB is interference: more power won't help.\n"
            "\n"
            "Example:\n"
            "  usocket -p /dev/ttyUSB2 --json signal\n",
    .run = run,
};
