/*
 * The table of the commands: names, arguments and the text of --help, which fits a screen of 24 lines with its frame.
 */
#include "cli.h"

const struct cli_command cli_commands[] = {
    {
        .name = "get",
        .args = "URL [-o FILE]",
        .summary = "fetch a page by HTTP",
        .help = "Fetches URL by HTTP/1.1 over a socket of the modem and writes the body to\n"
                "standard output, or to FILE with -o. Only http: is known; https: is refused.\n"
                "\n"
                "A status of 400 or more is a failure, and its body is not written (as with\n"
                "curl -f). A redirect (3xx) is not followed: it is told on standard error and\n"
                "its own body is written. A body that ends too early is a failure; what came of\n"
                "it has been written. On a terminal a bar shows the progress.\n"
                "\n"
                "With -o and --json a summary is printed on standard output: status, bytes,\n"
                "seconds, type.\n"
                "\n"
                "Example:\n"
                "  usocket -p /dev/ttyUSB2 --apn internet get http://example.com/ -o page.html\n",
        .min_args = 1,
        .max_args = 1,
        .run = usk_cmd_get,
    },
    {
        .name = "connect",
        .args = "HOST PORT",
        .summary = "connect standard input and output to a TCP port",
        .help = "Sends standard input to HOST PORT and writes what comes back to standard\n"
                "output, like nc. Any byte may pass. It ends when the peer closes. After the\n"
                "end of standard input it goes on receiving until then; the module can't close\n"
                "one direction alone, so the peer does not see that end: a protocol that waits\n"
                "for it needs ctrl-C (exit code 130).\n"
                "\n"
                "--timeout limits the network's coming up and the connecting, not the silence\n"
                "afterwards.\n"
                "\n"
                "Examples:\n"
                "  usocket -p /dev/ttyUSB2 connect example.com 7\n"
                "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | usocket -p sim connect 127.0.0.1 80\n"
                "  ssh -o ProxyCommand='usocket -p /dev/ttyUSB2 connect %h %p' me@example.com\n",
        .min_args = 2,
        .max_args = 2,
        .run = usk_cmd_connect,
    },
    {
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
        .run = usk_cmd_resolve,
    },
    {
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
        .run = usk_cmd_net,
    },
    {
        .name = "info",
        .args = "",
        .summary = "print facts about the module",
        .help = "Prints maker, model, revision, IMEI, SIM, signal, operator, and the dialect by\n"
                "which the module is driven. No network is needed; what the module does not\n"
                "tell is shown as a dash (null in JSON).\n"
                "\n"
                "Example:\n"
                "  usocket --port /dev/ttyUSB2 --json info\n",
        .run = usk_cmd_info,
    },
    {
        .name = "at",
        .args = "COMMAND",
        .summary = "send one AT command and print the answer",
        .help = "Sends COMMAND between those of the driver and prints the lines of the answer.\n"
                "The final result is printed only when it is not OK; the exit code is 1 then. A\n"
                "command that asks for data with a prompt is cancelled.\n"
                "\n"
                "Example:\n"
                "  usocket --port /dev/ttyUSB2 at AT+CSQ\n",
        .min_args = 1,
        .max_args = 1,
        .run = usk_cmd_at,
    },
    {
        .name = "state",
        .args = "",
        .summary = "list the sockets that the module holds",
        .help = "Prints the module's sockets as AT+QISTATE? lists them: id, service, state,\n"
                "peer, local port, PDP context, id of the server it came from, and access mode.\n"
                "Also those that another program left behind; the other commands close them.\n"
                "\n"
                "Example:\n"
                "  usocket --port /dev/ttyUSB2 state\n",
        .run = usk_cmd_state,
    },
    {
        .name = "replay",
        .args = "FILE --events",
        .summary = "show a transcript as the events of the driver",
        .help = "Runs the transcript FILE (.atlog, see --record) through the driver's reading\n"
                "of the line and prints one event a line:\n"
                "\n"
                "  > COMMAND   echo   response TEXT   final TEXT   prompt   data N\n"
                "  urc TEXT    unknown TEXT\n"
                "\n"
                "No modem is needed.\n"
                "\n"
                "Example:\n"
                "  usocket replay session.atlog --events\n",
        .min_args = 1,
        .max_args = 1,
        .offline = true,
        .run = usk_cmd_replay,
    },
    {0},
};
