/*
 * The little of HTTP/1.1 that `get` needs: a URL taken apart, a request, and a response read as it comes.
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_url {
    char host[256]; /* without the brackets of an IPv6 address */
    bool ipv6;
    uint16_t port;
    const char *path; /* with the query; points into the URL's text, not terminated */
    size_t path_len;
};

/* Reads @p text; without a scheme it is http. Says what is wrong and returns false for what can't be fetched. */
bool cli_url_read(struct cli_url *url, const char *text);

/* Writes the request. Returns its length, or 0 when it does not fit. */
size_t cli_http_request(const struct cli_url *url, char *buf, size_t size);

struct cli_response {
    http_parser parser;
    unsigned status; /* of the final response; 0 until its head has come */
    char reason[64];
    char location[512];
    char type[100];
    uint64_t length; /* of the body, UINT64_MAX: not known */
    uint64_t received;
    bool complete;
    /* Takes the body; false ends the reading. Called only after the head. */
    bool (*on_body)(void *ctx, const struct cli_response *response, const char *data, size_t len);
    void *ctx;
    char *header; /* where the header that is being read goes; private */
    size_t header_size;
    char field[20];
};

void cli_response_init(struct cli_response *r);

/*
 * Takes what was received; a @p len of 0 is the end of the stream. Returns NULL, or what is wrong with it.
 */
const char *cli_response_feed(struct cli_response *r, const char *data, size_t len);

#endif
