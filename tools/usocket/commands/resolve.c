/*
 * usocket resolve: the addresses of a host, one a line.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    const char *host = argv[0];
    struct usocket_sockaddr list[USOCKET_MAX_ADDRESSES];
    int count = 0;
    int code = cli_resolve(cli, host, list, &count);
    if (code != CLI_OK) {
        return code;
    }
    json_t *addresses = json_array();
    for (int i = 0; i < count; i++) {
        char text[USOCKET_ADDRSTRLEN];
        usocket_sockaddr_text(&list[i], text);
        json_array_append_new(addresses, json_string(text));
        if (!cli->options.json) {
            puts(text);
        }
    }
    if (cli->options.json) {
        cli_print_json(json_pack("{s:o, s:O}", "host", cli_json_text(host, strlen(host)), "addresses", addresses));
    }
    json_decref(addresses);
    return CLI_OK;
}

const struct cli_command usk_cmd_resolve = {
    .name = "resolve",
    .args = "HOST",
    .summary = "print a host's addresses",
    .help = "Asks the module for the addresses of HOST and prints one a line. A numeric\n"
            "address is printed as it is; the module is not asked.\n"
            "\n"
            "Example:\n"
            "  usocket --port /dev/ttyUSB2 resolve example.com\n",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
