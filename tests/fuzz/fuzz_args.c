/*
 * The command line of `usocket`. Input: the words, each ended by a line feed.
 */
#include "cli.h"
#include "config.h"
#include "fuzz.h"

#include <getopt.h>
#include <string.h>

enum { WORDS = 16, LONGEST = 4096 };

static int run(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argc;
    (void)argv;
    return CLI_OK;
}

static const struct cli_option output[] = {{"output", 'o', "FILE", ""}, {0}};
static const struct cli_option events[] = {{"events", 0, NULL, ""}, {0}};

/* The kinds of commands there are. */
static const struct cli_command kinds[] = {
    {.name = "get",
     .args = "URL",
     .summary = "",
     .help = "",
     .options = output,
     .min_args = 1,
     .max_args = 1,
     .run = run},
    {.name = "connect", .args = "HOST PORT", .summary = "", .help = "", .min_args = 2, .max_args = 2, .run = run},
    {.name = "net", .args = "", .summary = "", .help = "", .run = run},
    {.name = "at", .args = "COMMAND...", .summary = "", .help = "", .max_args = 64, .run = run},
    {.name = "replay",
     .args = "FILE",
     .summary = "",
     .help = "",
     .options = events,
     .min_args = 1,
     .max_args = 1,
     .offline = true,
     .run = run},
};
const struct cli_command *const cli_commands[] = {&kinds[0], &kinds[1], &kinds[2], &kinds[3], &kinds[4], NULL};

/* The user has no configuration. */
bool cli_config_read(cli_config_fn set, void *ctx)
{
    (void)set;
    (void)ctx;
    return true;
}

void cli_complain(const char *format, ...)
{
    (void)format;
}

int cli_flush_output(int code)
{
    return code;
}

/* What was understood is within what the help says. */
static void look_at(const struct cli *cli, int argc, char **argv)
{
    const struct cli_options *o = &cli->options;
    uint16_t port;

    REQUIRE(cli->command != NULL && argc >= cli->command->min_args && argc <= cli->command->max_args);
    REQUIRE(cli->command->offline || o->port != NULL);
    REQUIRE(o->baud == 115200 || (o->baud >= 300 && o->baud <= 10000000));
    REQUIRE(o->timeout_ms >= 1 && o->timeout_ms <= 86400 * 1000);
    REQUIRE(o->password == NULL || o->user != NULL);
    REQUIRE(cli_option(cli, "output") == NULL || strcmp(cli->command->name, "get") == 0);
    REQUIRE(cli_option(cli, "events") == NULL || strcmp(cli->command->name, "replay") == 0);
    for (int i = 0; i < argc; i++) {
        REQUIRE(argv[i] != NULL);
        if (cli_read_tcp_port(argv[i], &port)) {
            REQUIRE(port > 0 && (unsigned long)port == strtoul(argv[i], NULL, 10));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "usocket";
    char *words[WORDS + 2] = {name};
    char **argv = words;
    int argc = 1;
    struct cli cli;
    char *text;

    if (size > LONGEST) {
        return 0;
    }
    text = malloc(size + 1);
    REQUIRE(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = strtok(text, "\n"); word != NULL && argc <= WORDS; word = strtok(NULL, "\n")) {
        words[argc++] = word;
    }
    memset(&cli, 0, sizeof(cli));
    cli.options.baud = 115200;
    cli.options.timeout_ms = 60000;
    cli.options.dialect = "auto";
    optind = 0; /* glibc's way to begin anew */
    if (cli_options_read(&cli, &argc, &argv) < 0) {
        look_at(&cli, argc, argv);
    }
    free(cli.options.apn);
    free(text);
    return 0;
}
