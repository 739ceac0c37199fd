/*
 * usocket get: a page by HTTP/1.1 over a socket of the modem.
 */
#include "bar.h"
#include "net/http.h"
#include "session.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct get {
    struct cli *cli;
    FILE *out;
    int write_error;
    uint64_t start_ms;
    bool wants_bar;
    struct cli_bar bar;
    struct cli_response response;
};

/* As curl -f: the page that tells of an error is not the page that was asked for. */
static bool is_failure(unsigned status)
{
    return status >= 400;
}

static bool write_body(void *ctx, const struct cli_response *response, const char *data, size_t len)
{
    struct get *get = ctx;
    if (is_failure(response->status)) {
        return true;
    }
    if (!get->out) {
        get->out = fopen(cli_option(get->cli, "output"), "wb");
    }
    if (!get->out || fwrite(data, 1, len, get->out) != len || fflush(get->out) != 0) {
        get->write_error = errno;
        return false;
    }
    if (get->wants_bar) {
        cli_bar_update(&get->bar, cli_now_ms(), response->received, response->length);
    }
    return true;
}

static int output_failure(const struct get *get)
{
    const char *file = cli_option(get->cli, "output");
    if (!file && get->write_error == EPIPE) {
        return 128 + SIGPIPE;
    }
    cli_complain("cannot write to %s: %s", file ? file : "standard output", strerror(get->write_error));
    return CLI_FAILED;
}

static int receive(struct get *get, struct usocket *s)
{
    char buf[4096];
    const char *wrong = NULL;
    while (!get->response.complete && !get->write_error && !wrong) {
        ssize_t n = cli_recv(get->cli, s, buf, sizeof(buf));
        if (n < 0) {
            return cli_fail(get->cli, "the page did not come to its end", (int)n);
        }
        wrong = cli_response_feed(&get->response, buf, (size_t)n);
    }
    if (get->write_error) {
        return output_failure(get);
    }
    if (wrong && get->response.status && get->response.length != UINT64_MAX) {
        cli_complain("%s: %llu of %llu bytes came", wrong, (unsigned long long)get->response.received,
                     (unsigned long long)get->response.length);
    } else if (wrong) {
        cli_complain("%s", wrong);
    }
    return wrong ? CLI_FAILED : CLI_OK;
}

/* An empty page is a page too: its file has to be there. */
static int finish_file(struct get *get)
{
    if (!get->out && !is_failure(get->response.status)) {
        get->out = fopen(cli_option(get->cli, "output"), "wb");
        get->write_error = get->out ? 0 : errno;
    }
    if (get->out && get->out != stdout && fclose(get->out) != 0) {
        get->write_error = errno;
    }
    return get->write_error ? output_failure(get) : CLI_OK;
}

static void print_summary(struct get *get)
{
    const struct cli_response *r = &get->response;
    cli_print_json(json_pack("{s:i, s:I, s:f, s:o, s:s}", "status", (int)r->status, "bytes", (json_int_t)r->received,
                             "seconds", (double)(cli_now_ms() - get->start_ms) / 1000, "type",
                             cli_json_text(r->type, strlen(r->type)), "file", cli_option(get->cli, "output")));
}

static int judge_status(const struct cli_response *r, const char *url)
{
    if (is_failure(r->status)) {
        cli_complain("%s: the server says %u %s", url, r->status, r->reason);
        return CLI_FAILED;
    }
    if (r->status >= 300 && r->location[0]) {
        cli_complain("%s: %u %s, the page is at %s (not followed)", url, r->status, r->reason, r->location);
    }
    return CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    static struct get get;
    struct cli_url url;
    char request[4096];
    if (!cli_url_read(&url, argv[0])) {
        return CLI_USAGE;
    }
    size_t request_len = cli_http_request(&url, request, sizeof(request));
    struct usocket *s;
    int code = cli_dial(cli, url.host, url.port, &s);
    if (code != CLI_OK) {
        return code;
    }
    get = (struct get){.cli = cli, .out = cli_option(cli, "output") ? NULL : stdout, .start_ms = cli_now_ms()};
    /* A bar among other lines on the terminal is only noise. */
    get.wants_bar = !cli->options.trace && (cli_option(cli, "output") || !isatty(STDOUT_FILENO));
    get.bar.start_ms = get.start_ms;
    cli_response_init(&get.response);
    get.response.on_body = write_body;
    get.response.ctx = &get;
    int error = cli_sendall(cli, s, request, request_len);
    code = error ? cli_fail(cli, "cannot send the request", error) : receive(&get, s);
    cli_bar_end(&get.bar, cli_now_ms(), get.response.received, get.response.length);
    usocket_close(s);
    int written = code == CLI_OK && get.out != stdout ? finish_file(&get) : CLI_OK;
    code = code == CLI_OK ? written : code;
    code = code == CLI_OK ? judge_status(&get.response, argv[0]) : code;
    if (cli->options.json && cli_option(cli, "output") && get.response.status) {
        print_summary(&get);
    }
    return code;
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "write the body to FILE"},
    {0},
};

const struct cli_command usk_cmd_get = {
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
    .options = options,
    .run = run,
};
