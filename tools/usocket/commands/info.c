/*
 * usocket info: facts about the module, each by the command that tells it.
 */
#include "module/radio.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

/* Makes JSON and text of the line that an answer holds; JSON null when the line can't be read. */
typedef json_t *(*reader)(const char *line, char text[100]);

static json_t *read_text(const char *line, char text[100])
{
    snprintf(text, 100, "%s", line);
    return cli_json_text(text, strlen(text));
}

static json_t *read_signal(const char *line, char text[100])
{
    struct radio radio;
    radio_read(&radio, line, NULL);
    if (radio.csq_dbm == RADIO_UNKNOWN) {
        return json_null();
    }
    snprintf(text, 100, "%d dBm", radio.csq_dbm);
    return json_integer(radio.csq_dbm);
}

/* +COPS: <mode>[,<format>,"<operator>",<act>] */
static json_t *read_operator(const char *line, char text[100])
{
    return cli_quoted(line, text, 100) ? cli_json_text(text, strlen(text)) : json_null();
}

static const struct {
    const char *key;
    const char *label;
    const char *command;
    const char *prefix; /* "": the answer is a bare line */
    reader read;
} facts[] = {
    {"maker", "maker", "AT+CGMI", "", read_text},
    {"model", "model", "AT+CGMM", "", read_text},
    {"revision", "revision", "AT+CGMR", "", read_text},
    {"imei", "IMEI", "AT+GSN", "", read_text},
    {"sim", "SIM", "AT+CPIN?", "+CPIN:", read_text},
    {"signal_dbm", "signal", "AT+CSQ", "+CSQ:", read_signal},
    {"operator", "operator", "AT+COPS?", "+COPS:", read_operator},
};

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        struct cli_answer answer;
        int error = cli_at(cli, facts[i].command, &answer);
        if (error && error != -EIO) {
            return cli_at_fail(cli, facts[i].command, error);
        }
        char text[100] = "-";
        const char *line = error ? NULL : cli_answer_find(&answer, facts[i].prefix);
        json_t *value = line ? facts[i].read(line, text) : json_null();
        cli_fact(cli, facts[i].key, value, facts[i].label, text);
    }
    struct usocket_info info;
    usocket_get_info(&cli->modem, &info);
    cli_fact(cli, "dialect", json_string(info.dialect), "dialect", info.dialect);
    return CLI_OK;
}

const struct cli_command usk_cmd_info = {
    .name = "info",
    .args = "",
    .summary = "print facts about the module",
    .help = "Prints maker, model, revision, IMEI, SIM, signal, operator, and the dialect by\n"
            "which the module is driven. No network is needed; what the module does not\n"
            "tell is shown as a dash (null in JSON).\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 --json info\n",
    .run = run,
};
