/*
 * Bytes to tokens: a line, a prompt, a piece of counted payload, a piece of a line that is too long. Any split of the
 * input gives the same tokens (a payload's pieces joined). Knows nothing of commands and does no I/O.
 */
#ifndef USK_AT_LEXER_H
#define USK_AT_LEXER_H

#include "usocket/detail/at.h"

enum usk_token_kind {
    USK_TOKEN_NONE,     /* all input was taken and nothing is complete */
    USK_TOKEN_LINE,     /* a line that is not empty, without its line end */
    USK_TOKEN_PROMPT,   /* '>' while one was wanted */
    USK_TOKEN_DATA,     /* a piece of payload */
    USK_TOKEN_OVERLONG, /* a piece of a line longer than USOCKET_LINE_SIZE */
};

struct usk_token {
    enum usk_token_kind kind;
    const char *text; /* in the input or in the lexer; valid until the next call */
    size_t len;
    bool last;    /* the end of the line or of the payload */
    uint16_t gap; /* of a line: bytes before it that are part of none */
};

void usk_lexer_init(struct usk_lexer *lexer);

/**
 * Takes bytes up to the end of the next token.
 *
 * @return bytes of @p in that were taken; less than @p len only when a token is complete
 */
size_t usk_lex(struct usk_lexer *lexer, const char *in, size_t len, struct usk_token *token);

/** The next @p len bytes after the line just given are payload. */
void usk_lexer_expect_data(struct usk_lexer *lexer, uint16_t len);

/** Takes note of @p len payload bytes that were read past the lexer; only where usk_lexer_data_direct() allows. */
void usk_lexer_data_taken(struct usk_lexer *lexer, size_t len);

/** How many payload bytes may be read past the lexer, straight to where they belong. */
size_t usk_lexer_data_direct(const struct usk_lexer *lexer);

/** Gives up what is unfinished: the rest of a payload is text again, a half line is forgotten. */
void usk_lexer_reset(struct usk_lexer *lexer);

#endif
