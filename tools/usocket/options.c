/*
 * The command line: one table of options, read before or after the command's name, and the help made from the tables.
 */
#include "cli.h"
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum option_id { FLOW = 256, BAUD, DIALECT, APN, PIN, TIMEOUT, TRACE, RECORD, JSON, VERSION, OF_A_COMMAND };

/* The options that every command knows; `letter` is the id, and the letter if it is one. */
static const struct cli_option options[] = {
    {"port", 'p', "P", "device, pty, unix:PATH, tcp:HOST:PORT, or sim: simulated"},
    {"baud", BAUD, "N", "rate of the serial line (115200)"},
    {"flow", FLOW, "MODE", "flow control of the line: none or rtscts (none)"},
    {"dialect", DIALECT, "NAME", "module family (auto: asks the module)"},
    {"apn", APN, "A", "access point: NAME or NAME,USER,PASSWORD"},
    {"pin", PIN, "PIN", "PIN of the SIM card: sent once, if it is asked for"},
    {"timeout", TIMEOUT, "S", "seconds for the network, and for each operation (60)"},
    {"trace", TRACE, NULL, "show the AT lines on standard error"},
    {"record", RECORD, "FILE", "write the AT conversation as a transcript"},
    {"json", JSON, NULL, "print facts as JSON"},
    {"help", 'h', NULL, "the commands; after a command's name, its own help"},
    {"version", VERSION, NULL, "the version"},
};

/* --- help --------------------------------------------------------------------------------------------------------- */

static void print_options(FILE *out, const struct cli_option *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char call[40], letter[8] = "";
        if (list[i].letter && list[i].letter < 256) {
            snprintf(letter, sizeof(letter), "-%c, ", list[i].letter);
        }
        snprintf(call, sizeof(call), "%s--%s %s", letter, list[i].name, list[i].arg ? list[i].arg : "");
        fprintf(out, "  %-21s %s\n", call, list[i].help);
    }
}

static size_t count_options(const struct cli_command *command)
{
    size_t count = 0;
    while (command->options && command->options[count].name) {
        count++;
    }
    return count;
}

/* Two pages, so that each fits a screen. */
static void print_help(FILE *out)
{
    fputs("usage: usocket [options] COMMAND [arguments]\n", out);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        fprintf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
    }
    fputs("usocket COMMAND --help says more; the options: usocket help options\n", out);
}

static void print_help_options(void)
{
    puts("usage: usocket [options] COMMAND [arguments]\n\noptions, before or after the command:");
    print_options(stdout, options, COUNT(options));
    puts("\nUSOCKET_PORT, USOCKET_APN and USOCKET_PIN stand for --port, --apn and --pin. The\n"
         "lines KEY = VALUE of ~/.config/usocket/config give port, apn, baud, flow,\n"
         "dialect and timeout.\n\n"
         "Example:\n  usocket --port /dev/ttyUSB2 --apn internet get http://example.com/");
}

static void print_command_help(const struct cli_command *command)
{
    printf("usage: usocket [options] %s%s%s\n\n%s\n", command->name, command->args[0] ? " " : "", command->args,
           command->help);
    print_options(stdout, command->options, count_options(command));
    puts("The other options: usocket help options");
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

bool cli_read_count(const struct cli *cli, const char *name, long min, long max, long *value)
{
    const char *text = cli_option(cli, name);
    unsigned long number;
    if (!text) {
        return true;
    }
    if (!read_number(text, (unsigned long)min, (unsigned long)max, &number)) {
        cli_complain("--%s wants a number of %ld to %ld, not '%s'", name, min, max, text);
        return false;
    }
    *value = (long)number;
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
        char names[200] = "auto";
        for (size_t i = 0; (name = usocket_dialects(i)); i++) {
            size_t len = strlen(names);
            snprintf(names + len, sizeof(names) - len, " %s", name);
        }
        cli_complain("no dialect '%s'; there are: %s", text, names);
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

/* What is wrong with it is told without the digits, and nobody reads them in the list of processes. */
static bool set_pin(struct cli_options *o, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits < 4 || digits > 8 || text[digits]) {
        cli_complain("--pin and USOCKET_PIN want the 4 to 8 digits of the SIM card's PIN");
        return false;
    }
    memcpy(o->pin, text, digits + 1);
    return true;
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
    case PIN:
        return set_pin(o, value);
    case TIMEOUT:
        return set_timeout(o, value);
    case TRACE:
        return o->trace = true;
    case RECORD:
        o->record = value;
        return true;
    case JSON:
        return o->json = true;
    default:
        return o->help = true;
    }
}

/* The bit of an option in cli_options::chosen; nothing asks for those of a command. */
static uint32_t bit_of(int id)
{
    return id == 'p' ? 1 : id >= FLOW && id < OF_A_COMMAND ? 2U << (id - FLOW) : 0;
}

/* --- the whole line ----------------------------------------------------------------------------------------------- */

static const struct cli_command *find_command(const char *name)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        if (strcmp((*c)->name, name) == 0) {
            return *c;
        }
    }
    return NULL;
}

enum { MAX_OPTIONS = 64 };

/* All options, those of the commands too, since they may stand before the command's name; and getopt_long()'s views. */
struct grammar {
    const struct cli_option *option[MAX_OPTIONS]; /* by id - OF_A_COMMAND, those of a command */
    int count;
    struct option longs[MAX_OPTIONS + COUNT(options) + 1];
    char shorts[2 * (MAX_OPTIONS + COUNT(options)) + 2];
};

static void add_option(struct grammar *g, size_t *longs, const struct cli_option *option, int id)
{
    g->longs[(*longs)++] = (struct option){option->name, option->arg ? required_argument : no_argument, NULL, id};
    if (option->letter && option->letter < 256) {
        size_t len = strlen(g->shorts);
        snprintf(g->shorts + len, sizeof(g->shorts) - len, "%c%s", option->letter, option->arg ? ":" : "");
    }
}

static int id_of_letter(const struct grammar *g, int letter)
{
    for (int i = 0; i < g->count; i++) {
        if (g->option[i]->letter == letter) {
            return OF_A_COMMAND + i;
        }
    }
    return letter;
}

static bool known(const struct grammar *g, const char *name)
{
    for (int i = 0; i < g->count; i++) {
        if (strcmp(g->option[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void make_grammar(struct grammar *g)
{
    size_t longs = 0;
    *g = (struct grammar){.shorts = ":"};
    for (size_t i = 0; i < COUNT(options); i++) {
        add_option(g, &longs, &options[i], options[i].letter);
    }
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        for (size_t i = 0; i < count_options(*c); i++) {
            if (!known(g, (*c)->options[i].name) && g->count < MAX_OPTIONS) {
                add_option(g, &longs, &(*c)->options[i], OF_A_COMMAND + g->count);
                g->option[g->count++] = &(*c)->options[i];
            }
        }
    }
}

static bool give(struct cli *cli, const char *name, const char *value)
{
    for (int i = 0; i < CLI_MAX_GIVEN; i++) {
        struct cli_given *given = &cli->given[i];
        if (!given->name) {
            *given = (struct cli_given){name, value ? value : ""};
            return true;
        }
    }
    cli_complain("too many options");
    return false;
}

const char *cli_option_nth(const struct cli *cli, const char *name, int nth)
{
    for (int i = 0; i < CLI_MAX_GIVEN && cli->given[i].name; i++) {
        if (strcmp(cli->given[i].name, name) == 0 && nth-- == 0) {
            return cli->given[i].value;
        }
    }
    return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
    const char *last = NULL, *value;
    for (int i = 0; (value = cli_option_nth(cli, name, i)); i++) {
        last = value;
    }
    return last;
}

/* Reads all options. Returns -1 to go on. */
static int read_options(struct cli *cli, int argc, char **argv)
{
    static struct grammar g;
    make_grammar(&g);
    opterr = 0;
    optind = 0; /* from the start, and with what was kept of a line before forgotten */
    for (int id; (id = getopt_long(argc, argv, g.shorts, g.longs, NULL)) != -1;) {
        if (id == '?' || id == ':') {
            cli_complain(id == ':' ? "option '%s' wants a value" : "there is no option '%s'; see usocket help options",
                         argv[optind - 1]);
            return CLI_USAGE;
        }
        if (id == VERSION) {
            puts("usocket " USOCKET_VERSION);
            return cli_flush_output(CLI_OK);
        }
        id = id_of_letter(&g, id);
        if (id >= OF_A_COMMAND ? !give(cli, g.option[id - OF_A_COMMAND]->name, optarg)
                               : !set_option(&cli->options, id, optarg)) {
            return CLI_USAGE;
        }
        if (id == PIN) {
            memset(optarg, '*', strlen(optarg));
        }
        cli->options.chosen |= bit_of(id);
    }
    return -1;
}

/* Environment and file: they set what nobody has chosen before, and their mistakes are told in any case. */
static bool fill_in(struct cli_options *o, int id, const char *value)
{
    if (o->chosen & bit_of(id)) {
        struct cli_options unused = {0};
        bool good = set_option(&unused, id, value);
        free(unused.apn);
        return good;
    }
    o->chosen |= bit_of(id);
    return set_option(o, id, value);
}

static bool set_by_file(void *ctx, const char *key, const char *value)
{
    static const int keys[] = {'p', APN, BAUD, FLOW, DIALECT, TIMEOUT};
    for (size_t i = 0; i < COUNT(options); i++) {
        for (size_t k = 0; strcmp(options[i].name, key) == 0 && k < COUNT(keys); k++) {
            if (options[i].letter == keys[k]) {
                return fill_in(ctx, keys[k], value);
            }
        }
    }
    cli_complain("'%s' is not a key: port, apn, baud, flow, dialect and timeout are", key);
    return false;
}

/* What the command line does not say. Returns -1 to go on. */
static int read_surroundings(struct cli_options *o)
{
    static const struct {
        const char *name;
        int id;
    } variables[] = {{"USOCKET_PORT", 'p'}, {"USOCKET_APN", APN}, {"USOCKET_PIN", PIN}};
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *value = getenv(variables[i].name);
        if (value && value[0] && !fill_in(o, variables[i].id, value)) {
            return CLI_USAGE;
        }
    }
    return cli_config_read(set_by_file, o) ? -1 : CLI_USAGE;
}

static bool command_has(const struct cli_command *command, const char *name)
{
    for (size_t i = 0; i < count_options(command); i++) {
        if (strcmp(command->options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A command's name is there: does the rest of the line suit it? */
static int check_command(struct cli *cli, int args)
{
    const struct cli_command *c = cli->command;
    if (cli->options.help) {
        print_command_help(c);
        return cli_flush_output(CLI_OK);
    }
    for (int i = 0; i < CLI_MAX_GIVEN && cli->given[i].name; i++) {
        if (!command_has(c, cli->given[i].name)) {
            cli_complain("--%s is not an option of usocket %s (see usocket %s --help)", cli->given[i].name, c->name,
                         c->name);
            return CLI_USAGE;
        }
    }
    if (args < c->min_args || args > c->max_args) {
        cli_complain("usage: usocket %s%s%s (see usocket %s --help)", c->name, c->args[0] ? " " : "", c->args, c->name);
        return CLI_USAGE;
    }
    if (c->offline) {
        return -1;
    }
    int code = read_surroundings(&cli->options);
    if (code < 0 && !cli->options.port) {
        cli_complain("no port given: use --port /dev/ttyUSB2 (the modem's AT port; usocket ports lists what is there), "
                     "--port sim, or set USOCKET_PORT");
        return CLI_USAGE;
    }
    return code;
}

/* usocket help [COMMAND | options] */
static int print_help_about(const char *what)
{
    const struct cli_command *command = what ? find_command(what) : NULL;
    if (!what) {
        print_help(stdout);
    } else if (command) {
        print_command_help(command);
    } else if (strcmp(what, "options") == 0) {
        print_help_options();
    } else {
        cli_complain("no help about '%s'; see usocket --help", what);
        return CLI_USAGE;
    }
    return cli_flush_output(CLI_OK);
}

int cli_options_read(struct cli *cli, int *argc, char ***argv)
{
    int code = read_options(cli, *argc, *argv);
    if (code >= 0) {
        return code;
    }
    *argc -= optind;
    *argv += optind;
    if (*argc == 0 && !cli->options.help) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (*argc == 0 || strcmp((*argv)[0], "help") == 0) {
        return print_help_about(*argc > 1 ? (*argv)[1] : NULL);
    }
    cli->command = find_command((*argv)[0]);
    if (!cli->command) {
        cli_complain("no command '%s'; see usocket --help", (*argv)[0]);
        return CLI_USAGE;
    }
    *argc -= 1;
    *argv += 1;
    return check_command(cli, *argc);
}
