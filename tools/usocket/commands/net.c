/*
 * usocket net: brings the network up and says how far it came.
 */
#include "session.h"
#include "words.h"

#include <stdio.h>

static void print_code(struct cli *cli, const char *key, int value, const char *label, const char *words)
{
    char text[100];
    snprintf(text, sizeof(text), "%d (%s)", value, words);
    cli_fact(cli, key, json_integer(value), label, text);
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int stage, sub;
    int error = cli_network_wait(cli, &stage, &sub);
    struct cli_words words = cli_stage_words(stage, sub);
    print_code(cli, "stage", stage, "stage", cli_stage_name(stage));
    print_code(cli, "sub", sub, "sub-code", words.text);
    if (cli->options.json) {
        cli_fact(cli, "meaning", json_string(words.text), "", "");
        cli_fact(cli, "up", json_boolean(error == 0), "", "");
    }
    struct usocket_info info;
    usocket_get_info(&cli->modem, &info);
    cli_fact(cli, "address", info.address[0] ? json_string(info.address) : json_null(), "address",
             info.address[0] ? info.address : "-");
    return error ? cli_network_fail(cli, stage, sub, error) : CLI_OK;
}

const struct cli_command usk_cmd_net = {
    .name = "net",
    .args = "",
    .summary = "bring the network up and say where it stands",
    .help = "Waits for module, SIM card, registration and data call, at most --timeout\n"
            "seconds, and prints the stage (0 module, 1 SIM, 2 registration, 3 data call),\n"
            "its sub-code and the address. It ends at once with what waiting can't mend,\n"
            "such as a missing SIM card. A module that stays silent is given up after 20 s.\n"
            "\n"
            "Exit code: 0 up, 1 not up, 3 no answer from the module.\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 --apn internet --timeout 120 net\n",
    .run = run,
};
