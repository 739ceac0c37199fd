/*
 * The lexer. A line ends at CR or LF and empty lines are no tokens, so that "\r\n", "\r\r\n" and a lone "\r" (echo) are
 * the same to it; only the start of a payload depends on the exact line end: header CR LF payload.
 */
#include "at/lexer.h"

#include <string.h>

void usk_lexer_init(struct usk_lexer *lexer)
{
    memset(lexer, 0, offsetof(struct usk_lexer, line));
}

void usk_lexer_reset(struct usk_lexer *lexer)
{
    usk_lexer_init(lexer);
}

void usk_lexer_expect_data(struct usk_lexer *lexer, uint16_t len)
{
    lexer->data_left = len;
}

size_t usk_lexer_data_direct(const struct usk_lexer *lexer)
{
    return lexer->after_cr ? 0 : lexer->data_left;
}

void usk_lexer_data_taken(struct usk_lexer *lexer, size_t len)
{
    lexer->data_left = (uint16_t)(lexer->data_left - len);
    if (lexer->data_left == 0) {
        lexer->after_data = 2;
        lexer->gap = 0;
    }
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* Bytes between two lines that are part of none: line ends, noise below the blank, the blank behind a prompt. */
static size_t skip_gap(struct usk_lexer *lexer, const char *in, size_t len)
{
    size_t i;

    for (i = 0; i < len && lexer->after_data > 0; i++) {
        bool right = in[i] == (lexer->after_data == 2 ? '\r' : '\n');

        lexer->torn = lexer->torn || !right;
        lexer->after_data = right ? (uint8_t)(lexer->after_data - 1) : 0;
    }
    for (i = 0; i < len && ((unsigned char)in[i] < ' ' || (in[i] == ' ' && lexer->after_prompt)); i++) {
    }
    lexer->gap = (uint16_t)(lexer->gap + i);
    return i;
}

static void emit(struct usk_lexer *lexer, struct usk_token *token, const char *text, size_t len, bool last)
{
    bool overlong = lexer->overlong || !last;

    token->kind = overlong ? USK_TOKEN_OVERLONG : USK_TOKEN_LINE;
    token->text = text;
    token->len = len;
    token->last = last;
    token->gap = lexer->gap;
    lexer->gap = 0;
    lexer->overlong = !last;
    lexer->len = 0;
    lexer->after_prompt = false;
}

static size_t lex_data(struct usk_lexer *lexer, const char *in, size_t len, struct usk_token *token)
{
    size_t n = len < lexer->data_left ? len : lexer->data_left;

    token->kind = USK_TOKEN_DATA;
    token->text = in;
    token->len = n;
    usk_lexer_data_taken(lexer, n);
    token->last = lexer->data_left == 0;
    return n;
}

/* Collects a line; one that is whole in the input is not copied. */
static size_t lex_line(struct usk_lexer *lexer, const char *in, size_t len, struct usk_token *token)
{
    size_t room = USOCKET_LINE_SIZE - lexer->len;
    size_t most = len < room ? len : room;
    size_t n = 0;

    while (n < most && ((unsigned char)in[n] > '\r' || !is_line_end(in[n]))) { /* the first test decides for text */
        n++;
    }
    if (n < len && is_line_end(in[n])) {
        const char *text = in;
        size_t text_len = n;

        if (lexer->len > 0) {
            memcpy(lexer->line + lexer->len, in, n);
            text = lexer->line;
            text_len += lexer->len;
        }
        lexer->after_cr = in[n] == '\r';
        emit(lexer, token, text, text_len, true);
        return n + 1;
    }
    memcpy(lexer->line + lexer->len, in, n);
    lexer->len = (uint16_t)(lexer->len + n);
    if (n < len) { /* the buffer is full and the line goes on */
        emit(lexer, token, lexer->line, USOCKET_LINE_SIZE, false);
    }
    return n;
}

size_t usk_lex(struct usk_lexer *lexer, const char *in, size_t len, struct usk_token *token)
{
    size_t n = 0;

    token->kind = USK_TOKEN_NONE;
    if (lexer->data_left > 0) {
        if (lexer->after_cr && len > 0) {
            lexer->after_cr = false;
            n = in[0] == '\n';
        }
        return n < len ? n + lex_data(lexer, in + n, len - n, token) : n;
    }
    if (lexer->len == 0 && !lexer->overlong) {
        n = skip_gap(lexer, in, len);
        if (n < len && in[n] == '>' && lexer->want_prompt) {
            lexer->want_prompt = false;
            lexer->after_prompt = true;
            token->kind = USK_TOKEN_PROMPT;
            token->text = ">";
            token->len = 1;
            token->last = true;
            return n + 1;
        }
    }
    return n < len ? n + lex_line(lexer, in + n, len - n, token) : n;
}
