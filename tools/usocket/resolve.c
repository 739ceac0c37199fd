/*
 * usocket resolve: the addresses of a host, one a line.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

int usk_cmd_resolve(struct cli *cli, int argc, char **argv)
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
