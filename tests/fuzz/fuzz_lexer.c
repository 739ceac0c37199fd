/*
 * The lexer: any split of the input gives the same tokens.
 *
 * Input: one byte that chooses the splits, then the module's bytes. A line "+NAME: N" announces N bytes of payload, a
 * line that begins with "AT" wants a prompt. The bytes go through once whole, and once in pieces, payload past the
 * lexer where it allows that.
 */
#include "at/lexer.h"
#include "fuzz.h"

#include <string.h>

enum { LOG_SIZE = 1 << 16 };

struct log {
    char text[LOG_SIZE];
    size_t len;
};

static void note(struct log *log, const char *text, size_t len)
{
    size_t n = len < LOG_SIZE - log->len ? len : LOG_SIZE - log->len;

    if (n > 0) {
        memcpy(log->text + log->len, text, n);
        log->len += n;
    }
}

/* The number at the end of the line, 0: none. */
static uint16_t announced(const char *text, size_t len)
{
    unsigned number = 0;
    unsigned factor = 1;

    while (len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9' && factor < 10000) {
        number += factor * (unsigned)(text[--len] - '0');
        factor *= 10;
    }
    return (uint16_t)number;
}

static void take_token(struct usk_lexer *lexer, const struct usk_token *token, struct log *log)
{
    static const char *const marks[] = {"", "[line]", "[prompt]", "", "[piece]"};

    if (token->kind == USK_TOKEN_NONE) {
        return; /* the rest of the token means nothing */
    }
    REQUIRE(token->kind <= USK_TOKEN_OVERLONG);
    note(log, marks[token->kind], strlen(marks[token->kind]));
    note(log, token->text, token->len);
    if (token->kind == USK_TOKEN_DATA && token->last) {
        note(log, "[end of data]", 13);
    }
    if (token->kind == USK_TOKEN_LINE) {
        REQUIRE(token->len > 0 && token->len <= USOCKET_LINE_SIZE && token->last);
        REQUIRE(memchr(token->text, '\r', token->len) == NULL && memchr(token->text, '\n', token->len) == NULL);
        lexer->want_prompt = lexer->want_prompt || (token->len > 1 && memcmp(token->text, "AT", 2) == 0);
        if (token->text[0] == '+') {
            usk_lexer_expect_data(lexer, announced(token->text, token->len));
        }
    }
}

static void lex_piece(struct usk_lexer *lexer, struct input in, struct log *log)
{
    char *copy = input_copy(in);
    size_t at = 0;

    while (at < in.left) {
        struct usk_token token;
        size_t n = usk_lex(lexer, copy + at, in.left - at, &token);

        REQUIRE(n <= in.left - at);
        REQUIRE(n > 0 || token.kind == USK_TOKEN_OVERLONG);
        REQUIRE(token.kind != USK_TOKEN_NONE || n == in.left - at);
        REQUIRE(lexer->len <= USOCKET_LINE_SIZE);
        take_token(lexer, &token, log);
        at += n;
    }
    free(copy);
}

/* As the driver does: payload is read to where it belongs, in pieces of @p most. */
static void take_direct(struct usk_lexer *lexer, struct input *in, size_t most, struct log *log)
{
    size_t direct;

    while (in->left > 0 && (direct = usk_lexer_data_direct(lexer)) > 0) {
        struct input piece = input_piece(in, direct < most ? direct : most);

        note(log, (const char *)piece.at, piece.left);
        usk_lexer_data_taken(lexer, piece.left);
        if (lexer->data_left == 0) {
            note(log, "[end of data]", 13);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log whole, split;
    struct usk_lexer lexer[2];
    struct input in = {data, size};
    unsigned seed = input_byte(&in);

    whole.len = split.len = 0;
    usk_lexer_init(&lexer[0]);
    usk_lexer_init(&lexer[1]);
    lex_piece(&lexer[0], in, &whole);
    while (in.left > 0) {
        seed = seed * 1103515245u + 12345u;
        if (seed & 0x10000u) {
            take_direct(&lexer[1], &in, 1 + (seed >> 20) % 600, &split);
        }
        lex_piece(&lexer[1], input_piece(&in, 1 + (seed >> 20) % ((seed & 0x20000u) ? 300 : 3)), &split);
    }
    REQUIRE(whole.len == split.len && memcmp(whole.text, split.text, whole.len) == 0);
    REQUIRE(lexer[0].data_left == lexer[1].data_left && lexer[0].torn == lexer[1].torn);
    return 0;
}
