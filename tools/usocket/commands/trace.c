/*
 * usocket trace: a transcript as a picture in the browser, or in Wireshark. (--trace is in trace.c.)
 */
#include "story/trace_file.h"

#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Returns an exit code, having said what is wrong. */
static int write_file(const struct story *story, const char *from, const char *path, bool html)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        cli_complain("cannot write %s: %s", path, strerror(errno));
        return CLI_FAILED;
    }
    errno = 0;
    if (html) {
        trace_html(out, story, from);
    } else {
        trace_pcapng(out, story);
    }
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    if (failed) {
        cli_complain("%s is not complete: %s", path, strerror(errno ? errno : EIO));
    }
    return failed ? CLI_FAILED : CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    static struct story story;
    const char *html = cli_option(cli, "html");
    const char *pcapng = cli_option(cli, "pcapng");
    (void)argc;
    if (!html && !pcapng) {
        cli_complain("trace: say what to write: --html FILE or --pcapng FILE");
        return CLI_USAGE;
    }
    int code = story_load(&story, argv[0]);
    if (code == CLI_OK && html) {
        code = write_file(&story, argv[0], html, true);
    }
    if (code == CLI_OK && pcapng) {
        code = write_file(&story, argv[0], pcapng, false);
    }
    story_free(&story);
    return code;
}

static const struct cli_option options[] = {
    {"html", 0, "OUT", "one page for a browser; needs no network"},
    {"pcapng", 0, "OUT", "a capture for Wireshark and tshark"},
    {0},
};

const struct cli_command usk_cmd_trace = {
    .name = "trace",
    .args = "FILE",
    .summary = "draw a transcript as a web page or a Wireshark capture",
    .help = "Reads the transcript FILE (.atlog, see record). The page shows host, module and\n"
            "the state of each connection over time, with the bytes they carried; silences\n"
            "and faults are marked, and it can be filtered by connection.\n"
            "\n"
            "The capture has a packet a line, for the dissector \"at\", and one a payload, for\n"
            "\"data\"; directions are set, meanings are comments (frame.comment), and faults\n"
            "begin with FAULT. Its time starts at 0.\n"
            "\n"
            "Example:\n"
            "  usocket trace session.atlog --html session.html --pcapng session.pcapng\n",
    .min_args = 1,
    .max_args = 1,
    .offline = true,
    .options = options,
    .run = run,
};
