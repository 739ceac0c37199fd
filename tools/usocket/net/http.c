/*
 * HTTP by libhttp_parser: it knows chunks, lengths and bodies that end with the connection.
 */
#include "net/http.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- the URL ------------------------------------------------------------------------------------------------------ */

static bool has_field(const struct http_parser_url *u, enum http_parser_url_fields field)
{
    return u->field_set & (1u << field);
}

/* The request line is made of it: whatever could end that line, or is no URL, goes no further. */
static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool refuse(const char *text, const char *why)
{
    cli_complain("'%s': %s", text, why);
    return false;
}

bool cli_url_read(struct cli_url *url, const char *text)
{
    static const char scheme[] = "http://";
    static char full[2048];
    bool bare = !strstr(text, "://");
    if ((size_t)snprintf(full, sizeof(full), "%s%s", bare ? scheme : "", text) >= sizeof(full)) {
        return refuse(text, "the URL is too long");
    }
    if (strncasecmp(full, "https:", 6) == 0) {
        return refuse(text, "https is not supported: only http is");
    }
    struct http_parser_url u;
    http_parser_url_init(&u);
    if (!is_plain(full) || http_parser_parse_url(full, strlen(full), 0, &u) || !has_field(&u, UF_HOST)) {
        return refuse(text, "not a URL like http://example.com/path");
    }
    if (strncasecmp(full, scheme, sizeof(scheme) - 1) != 0) {
        return refuse(text, "only http: URLs can be fetched");
    }
    if (has_field(&u, UF_USERINFO)) {
        return refuse(text, "a user name in a URL is not supported");
    }
    if (u.field_data[UF_HOST].len >= sizeof(url->host)) {
        return refuse(text, "the host name is too long");
    }
    const char *host = full + u.field_data[UF_HOST].off;
    snprintf(url->host, sizeof(url->host), "%.*s", u.field_data[UF_HOST].len, host);
    url->ipv6 = host[-1] == '[';
    url->port = has_field(&u, UF_PORT) ? u.port : 80;
    /* Path and query are one text; the fragment is not the server's business. */
    url->path = has_field(&u, UF_PATH) ? full + u.field_data[UF_PATH].off : "";
    if (has_field(&u, UF_QUERY) && !*url->path) {
        url->path = full + u.field_data[UF_QUERY].off - 1;
    }
    url->path_len = strcspn(url->path, "#");
    return true;
}

size_t cli_http_request(const struct cli_url *url, char *buf, size_t size)
{
    char port[8] = "";
    if (url->port != 80) {
        snprintf(port, sizeof(port), ":%u", url->port);
    }
    int len = snprintf(buf, size,
                       "GET %s%.*s HTTP/1.1\r\n"
                       "Host: %s%s%s%s\r\n"
                       "User-Agent: usocket/" USOCKET_VERSION "\r\n"
                       "Accept: */*\r\n"
                       "Connection: close\r\n\r\n",
                       url->path_len && url->path[0] == '/' ? "" : "/", (int)url->path_len, url->path,
                       url->ipv6 ? "[" : "", url->host, url->ipv6 ? "]" : "", port);
    return (size_t)len < size ? (size_t)len : 0;
}

/* --- the response ------------------------------------------------------------------------------------------------- */

/* Pieces of a text come one after the other; what has no room is dropped. */
static void append(char *to, size_t size, const char *data, size_t len)
{
    size_t have = strlen(to);
    len = len < size - have - 1 ? len : size - have - 1;
    memcpy(to + have, data, len);
    to[have + len] = '\0';
}

static int on_begin(http_parser *parser)
{
    struct cli_response *r = parser->data;
    r->reason[0] = r->location[0] = r->type[0] = r->field[0] = '\0';
    r->header = NULL;
    return 0;
}

static int on_status(http_parser *parser, const char *data, size_t len)
{
    struct cli_response *r = parser->data;
    append(r->reason, sizeof(r->reason), data, len);
    return 0;
}

static int on_field(http_parser *parser, const char *data, size_t len)
{
    struct cli_response *r = parser->data;
    if (r->header) { /* the value before is complete: a new name begins */
        r->header = NULL;
        r->field[0] = '\0';
    }
    append(r->field, sizeof(r->field), data, len);
    return 0;
}

static int on_value(http_parser *parser, const char *data, size_t len)
{
    struct cli_response *r = parser->data;
    static char other[2];
    if (!r->header) {
        bool location = strcasecmp(r->field, "Location") == 0;
        bool type = strcasecmp(r->field, "Content-Type") == 0;
        r->header = location ? r->location : type ? r->type : other;
        r->header_size = location ? sizeof(r->location) : type ? sizeof(r->type) : 1;
        r->header[0] = '\0';
    }
    append(r->header, r->header_size, data, len);
    return 0;
}

static int on_head(http_parser *parser)
{
    struct cli_response *r = parser->data;
    if (parser->status_code < 100) {
        return -1; /* neither a response nor a forerunner of one */
    }
    if (parser->status_code < 200) {
        return 1; /* to http_parser: it has no body */
    }
    r->status = parser->status_code;
    r->length = (parser->flags & F_CHUNKED) ? UINT64_MAX : parser->content_length;
    return 0;
}

static int on_body(http_parser *parser, const char *data, size_t len)
{
    struct cli_response *r = parser->data;
    r->received += len;
    return r->on_body(r->ctx, r, data, len) ? 0 : 1;
}

static int on_complete(http_parser *parser)
{
    struct cli_response *r = parser->data;
    r->complete = r->status != 0; /* a 1xx is only the forerunner of the response */
    if (r->complete) {
        http_parser_pause(parser, 1);
    }
    return 0;
}

void cli_response_init(struct cli_response *r)
{
    *r = (struct cli_response){.length = UINT64_MAX};
    http_parser_init(&r->parser, HTTP_RESPONSE);
    r->parser.data = r;
}

const char *cli_response_feed(struct cli_response *r, const char *data, size_t len)
{
    static const http_parser_settings settings = {
        .on_message_begin = on_begin,
        .on_status = on_status,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
        .on_body = on_body,
        .on_message_complete = on_complete,
    };
    http_parser_execute(&r->parser, &settings, data, len);
    enum http_errno error = HTTP_PARSER_ERRNO(&r->parser);
    if (r->complete || error == HPE_CB_body) {
        return NULL;
    }
    if (len == 0) {
        return r->status ? "the connection ended before the body did" : "the connection ended before the response";
    }
    return error == HPE_OK ? NULL : "the answer is not HTTP";
}
