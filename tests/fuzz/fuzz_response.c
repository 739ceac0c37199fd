/*
 * Responses that `usocket get` reads: any split of the stream gives the same status and body, and no body is longer
 * than what came. (A folded header line is the library's own affair: its blanks depend on the split.)
 *
 * Input: one byte that chooses the splits, then the stream.
 */
#include "fuzz.h"
#include "net/http.h"

#include <string.h>

void cli_complain(const char *format, ...)
{
    (void)format;
}

struct result {
    struct cli_response response;
    const char *wrong;
    uint32_t sum; /* of the body, in its order */
    size_t body;
};

static bool take_body(void *ctx, const struct cli_response *response, const char *data, size_t len)
{
    struct result *r = ctx;

    REQUIRE(response->status != 0);
    for (size_t i = 0; i < len; i++) {
        r->sum = r->sum * 31 + (unsigned char)data[i];
    }
    r->body += len;
    return true;
}

static void begin(struct result *r)
{
    memset(r, 0, sizeof(*r));
    cli_response_init(&r->response);
    r->response.on_body = take_body;
    r->response.ctx = r;
}

static void feed(struct result *r, struct input in)
{
    char *copy = input_copy(in);

    if (r->wrong == NULL && !r->response.complete) {
        r->wrong = cli_response_feed(&r->response, copy, in.left);
    }
    REQUIRE(memchr(r->response.reason, '\0', sizeof(r->response.reason)) != NULL);
    REQUIRE(memchr(r->response.location, '\0', sizeof(r->response.location)) != NULL);
    REQUIRE(memchr(r->response.type, '\0', sizeof(r->response.type)) != NULL);
    REQUIRE(memchr(r->response.field, '\0', sizeof(r->response.field)) != NULL);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole, split;
    struct input in = {data, size};
    unsigned seed = input_byte(&in);
    size_t total = in.left;

    begin(&whole);
    begin(&split);
    if (in.left > 0) {
        feed(&whole, in);
    }
    while (in.left > 0) {
        seed = seed * 1103515245u + 12345u;
        feed(&split, input_piece(&in, 1 + (seed >> 20) % ((seed & 0x20000u) ? 300 : 3)));
    }
    feed(&whole, in);
    feed(&split, in);
    REQUIRE(whole.body <= total && whole.body == whole.response.received);
    REQUIRE(whole.response.complete == split.response.complete && whole.response.status == split.response.status);
    REQUIRE((whole.wrong == NULL) == (split.wrong == NULL));
    REQUIRE(whole.sum == split.sum && whole.body == split.body);
    return 0;
}
