/*
 * URLs of `usocket get`: the request that comes of any text is one request, with one host.
 *
 * Input: two bytes with the room for the request, then the text.
 */
#include "fuzz.h"
#include "net/http.h"

#include <stdarg.h>
#include <string.h>

void cli_complain(const char *format, ...)
{
    (void)format;
}

/* One request line, and each header on a line of its own; nothing behind the empty line. */
static void look_at(const char *request, size_t len)
{
    unsigned lines = 0;

    REQUIRE(strlen(request) == len && len > 4 && memcmp(request, "GET /", 5) == 0);
    for (const char *at = request; (at = strstr(at, "\r\n")) != NULL; at += 2) {
        lines++;
    }
    REQUIRE(lines == 6 && memcmp(request + len - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < len; i++) {
        REQUIRE(request[i] != '\n' || request[i - 1] == '\r');
        REQUIRE(request[i] != '\r' || request[i + 1] == '\n');
    }
    REQUIRE(strcspn(request, " ") == 3 && strcspn(request + 4, " \r") == strcspn(request + 4, " "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    size_t room = 1 + input_byte(&in) + 16 * input_byte(&in);
    char *text = malloc(in.left + 1);
    char *request = malloc(room);
    struct cli_url url;

    REQUIRE(text != NULL && request != NULL);
    memcpy(text, in.at, in.left);
    text[in.left] = '\0';
    if (cli_url_read(&url, text)) {
        size_t len;

        REQUIRE(memchr(url.host, '\0', sizeof(url.host)) != NULL && url.host[0] != '\0');
        REQUIRE(strpbrk(url.host, "\r\n /") == NULL);
        len = cli_http_request(&url, request, room);
        REQUIRE(len < room);
        if (len > 0) {
            look_at(request, len);
        }
    }
    free(request);
    free(text);
    return 0;
}
