/*
 * The command line: one table of options, read before or after the command's name, and the help made from the tables.
 */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum option_id { FLOW = 256, BAUD, DIALECT, APN, TIMEOUT, TRACE, RECORD, JSON, EVENTS, VERSION };

static const struct {
    const char *name;
    int id; /* also the letter, if it is one */
    const char *arg;
    const char *help;
    const char *only; /* the command that knows it; NULL: all */
} options[] = {
    {"port", 'p', "P", "device, pty, unix:PATH, tcp:HOST:PORT, or sim: simulated", NULL},
    {"baud", BAUD, "N", "rate of the serial line (115200)", NULL},
    {"flow", FLOW, "MODE", "flow control of the line: none or rtscts (none)", NULL},
    {"dialect", DIALECT, "NAME", "module family (auto: asks the module)", NULL},
    {"apn", APN, "A", "access point: NAME or NAME,USER,PASSWORD", NULL},
    {"timeout", TIMEOUT, "S", "seconds for the network, and for each operation (60)", NULL},
    {"trace", TRACE, NULL, "show the AT lines on standard error", NULL},
    {"record", RECORD, "FILE", "write the AT conversation as a transcript", NULL},
    {"json", JSON, NULL, "print facts as JSON", NULL},
    {"output", 'o', "FILE", "", "get"},
    {"events", EVENTS, NULL, "", "replay"},
    {"help", 'h', NULL, "this text, or after a command its own", NULL},
    {"version", VERSION, NULL, "the version", NULL},
};

/* --- help --------------------------------------------------------------------------------------------------------- */

static void print_help(FILE *out)
{
    fputs("usage: usocket [options] COMMAND [arguments]\n", out);
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char call[32];
        snprintf(call, sizeof(call), "%s %s", c->name, c->args);
        fprintf(out, "  %-23s %s\n", call, c->summary);
    }
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!options[i].only) {
            char call[32], letter[8] = "";
            if (options[i].id < 256) {
                snprintf(letter, sizeof(letter), "-%c, ", options[i].id);
            }
            snprintf(call, sizeof(call), "%s--%s %s", letter, options[i].name, options[i].arg ? options[i].arg : "");
            fprintf(out, "%s  %-18s %s\n", i == 0 ? "options:\n" : "", call, options[i].help);
        }
    }
    fputs("USOCKET_PORT and USOCKET_APN stand for --port and --apn.\n"
          "Example: usocket --port /dev/ttyUSB2 --apn internet get http://example.com/\n",
          out);
}

static void print_command_help(const struct cli_command *command)
{
    printf("usage: usocket [options] %s%s%s\n\n%s\nThe options: usocket --help\n", command->name,
           command->args[0] ? " " : "", command->args, command->help);
}

/* --- reading values ----------------------------------------------------------------------------------------------- */

static bool read_number(const char *text, unsigned long min, unsigned long max, unsigned long *value)
{
    char *end;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value >= min && *value <= max;
}

bool cli_read_tcp_port(const char *text, uint16_t *port)
{
    unsigned long value;
    if (!read_number(text, 1, 65535, &value)) {
        cli_complain("'%s' is not a port of 1 to 65535", text);
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

static bool set_baud(struct cli_options *o, const char *text)
{
    unsigned long value;
    if (!read_number(text, 300, 10000000, &value)) {
        cli_complain("--baud wants a number of bits a second, not '%s'", text);
        return false;
    }
    o->baud = (unsigned)value;
    o->baud_text = text;
    return true;
}

static bool set_flow(struct cli_options *o, const char *text)
{
    if (strcmp(text, "none") != 0 && strcmp(text, "rtscts") != 0) {
        cli_complain("--flow wants none or rtscts, not '%s'", text);
        return false;
    }
    o->flow = text[0] == 'r' ? USOCKET_FLOW_RTSCTS : USOCKET_FLOW_NONE;
    return true;
}

static bool set_dialect(struct cli_options *o, const char *text)
{
    const char *name = "auto";
    for (size_t i = 0; name && strcmp(name, text) != 0; i++) {
        name = usocket_dialects(i);
    }
    if (!name) {
        fprintf(stderr, "usocket: no dialect '%s'; there are: auto", text);
        for (size_t i = 0; (name = usocket_dialects(i)); i++) {
            fprintf(stderr, " %s", name);
        }
        fputc('\n', stderr);
        return false;
    }
    o->dialect = text;
    return true;
}

static bool set_apn(struct cli_options *o, const char *text)
{
    free(o->apn);
    o->apn = strdup(text);
    o->user = o->password = NULL;
    char *comma = o->apn ? strchr(o->apn, ',') : NULL;
    if (comma) {
        *comma = '\0';
        o->user = comma + 1;
        comma = strchr(comma + 1, ',');
        if (!comma) {
            cli_complain("--apn wants NAME or NAME,USER,PASSWORD");
            return false;
        }
        *comma = '\0';
        o->password = comma + 1;
    }
    return o->apn != NULL;
}

static bool set_timeout(struct cli_options *o, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0.001 && seconds <= 86400)) {
        cli_complain("--timeout wants seconds, 0.001 to 86400, not '%s'", text);
        return false;
    }
    o->timeout_ms = (int32_t)(seconds * 1000);
    return true;
}

static bool set_option(struct cli_options *o, int id, const char *value)
{
    switch (id) {
    case 'p':
        o->port = value;
        return true;
    case BAUD:
        return set_baud(o, value);
    case FLOW:
        return set_flow(o, value);
    case DIALECT:
        return set_dialect(o, value);
    case APN:
        return set_apn(o, value);
    case TIMEOUT:
        return set_timeout(o, value);
    case TRACE:
        return o->trace = true;
    case RECORD:
        o->record = value;
        return true;
    case JSON:
        return o->json = true;
    case 'o':
        o->output = value;
        return true;
    case EVENTS:
        return o->events = true;
    default:
        return o->help = true;
    }
}

/* --- the whole line ----------------------------------------------------------------------------------------------- */

static const struct cli_command *find_command(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    cli_complain("no command '%s'; see usocket --help", name);
    return NULL;
}

/* getopt_long()'s two views of the table. */
static void make_getopt(struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < COUNT(options); i++) {
        longs[i] =
            (struct option){options[i].name, options[i].arg ? required_argument : no_argument, NULL, options[i].id};
        if (options[i].id < 256) {
            *shorts++ = (char)options[i].id;
            if (options[i].arg) {
                *shorts++ = ':';
            }
        }
    }
    longs[COUNT(options)] = (struct option){NULL, 0, NULL, 0};
    *shorts = '\0';
}

/* Reads all options. Returns -1 to go on; @p special gets a bit for each option that belongs to one command. */
static int read_options(struct cli_options *o, int argc, char **argv, unsigned *special)
{
    struct option longs[COUNT(options) + 1];
    char shorts[2 * COUNT(options) + 2];
    make_getopt(longs, shorts);
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (id == '?' || id == ':') {
            cli_complain(id == ':' ? "option '%s' wants a value" : "there is no option '%s'; see usocket --help",
                         argv[optind - 1]);
            return CLI_USAGE;
        }
        if (id == VERSION) {
            puts("usocket " USOCKET_VERSION);
            return cli_flush_output(CLI_OK);
        }
        if (!set_option(o, id, optarg)) {
            return CLI_USAGE;
        }
        for (size_t i = 0; i < COUNT(options); i++) {
            *special |= options[i].id == id && options[i].only ? 1u << i : 0;
        }
    }
    return -1;
}

static int read_environment(struct cli_options *o)
{
    const char *apn = getenv("USOCKET_APN");
    const char *port = getenv("USOCKET_PORT");
    o->port = o->port || !port || !port[0] ? o->port : port;
    return o->apn || !apn || !apn[0] || set_apn(o, apn) ? -1 : CLI_USAGE;
}

/* A command's name is there: does the rest of the line suit it? */
static int check_command(struct cli *cli, int args, unsigned special)
{
    const struct cli_command *c = cli->command;
    if (cli->options.help) {
        print_command_help(c);
        return cli_flush_output(CLI_OK);
    }
    for (size_t i = 0; i < COUNT(options); i++) {
        if ((special & 1u << i) && strcmp(options[i].only, c->name) != 0) {
            cli_complain("--%s is an option of usocket %s", options[i].name, options[i].only);
            return CLI_USAGE;
        }
    }
    if (args < c->min_args || args > c->max_args) {
        cli_complain("usage: usocket %s%s%s (see usocket %s --help)", c->name, c->args[0] ? " " : "", c->args, c->name);
        return CLI_USAGE;
    }
    if (!c->offline && !cli->options.port) {
        cli_complain("no port given: use --port /dev/ttyUSB2 (the modem's AT port), --port sim, or set USOCKET_PORT");
        return CLI_USAGE;
    }
    return -1;
}

int cli_options_read(struct cli *cli, int *argc, char ***argv)
{
    unsigned special = 0;
    int code = read_options(&cli->options, *argc, *argv, &special);
    code = code < 0 ? read_environment(&cli->options) : code;
    if (code >= 0) {
        return code;
    }
    *argc -= optind;
    *argv += optind;
    if (*argc == 0) {
        print_help(cli->options.help ? stdout : stderr);
        return cli->options.help ? cli_flush_output(CLI_OK) : CLI_USAGE;
    }
    cli->command = find_command((*argv)[0]);
    *argc -= 1;
    *argv += 1;
    return cli->command ? check_command(cli, *argc, special) : CLI_USAGE;
}
