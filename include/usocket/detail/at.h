/*
 * Layout of the AT layer's objects: they are members of struct usocket_modem, so its size must be known. Private: what
 * the members mean is src/at's business and changes without notice.
 */
#ifndef USOCKET_DETAIL_AT_H
#define USOCKET_DETAIL_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usocket/config.h"

struct usk_lexer {
    bool after_cr;      /* the last byte was a CR: an LF belongs to it */
    bool after_prompt;  /* a blank belongs to the prompt */
    uint8_t after_data; /* bytes of the line end that must follow a payload: 2 CR and LF, 1 LF */
    bool torn;          /* they did not: bytes were lost or added in the payload */
    bool overlong;      /* the line began in a token before */
    bool want_prompt;   /* '>' at the start of a line is a prompt */
    uint16_t data_left; /* payload bytes still to come */
    uint16_t gap;       /* bytes since the last line, or since the payload, that are part of no line */
    uint16_t len;       /* bytes of the unfinished line in line[] */
    char line[USOCKET_LINE_SIZE];
};

struct usk_command;
struct usk_urc;
struct usk_hooks;

struct usk_channel {
    uint8_t state;      /* enum in channel.c */
    uint8_t probes;     /* probes sent in this resync */
    bool probe_named;   /* the probe's own information response was seen */
    bool answered;      /* a probe was answered; the answers to those before it are dropped */
    bool echo;          /* set by the owner: the module echoes commands */
    bool echo_due;      /* the echo of the command in flight may still come */
    bool echo_returned; /* set here: a command came back although echo is off */
    bool silent;        /* set here: the module answered no probe */
    bool owed;          /* a command was aborted that may still be answered */
    bool probe_lost;    /* set here: a probe of the last command's resync was not answered */
    bool filling;       /* the missing bytes of a payload are being made up for */
    bool prompted;      /* the payload of the last command was asked for */
    uint8_t gaps;       /* how many payloads in a row were followed by ... */
    bool data_mine;     /* the payload belongs to the command in flight */
    bool data_seen;     /* a payload was announced, and no line has come since */
    bool data_urc;      /* ... or to an unsolicited result code, and is not known to be whole yet */
    uint16_t gap;       /* ... so many bytes before the next line */
    uint16_t out_len;
    uint16_t payload_len;
    int16_t result;    /* what to report when the resync is over, or instead of OK */
    int16_t cme;       /* code of the last +CME ERROR or +CMS ERROR, -1: a plain ERROR */
    uint32_t now_ms;   /* when the owner called last */
    uint32_t since_ms; /* begin and length of the present wait */
    uint32_t wait_ms;
    uint32_t data_ms;                  /* when the last payload byte came */
    const struct usk_command *command; /* in flight, or being resynchronised after; NULL: idle */
    void *command_ctx;
    const struct usk_urc *urcs;
    void *urc_ctx;
    const struct usk_hooks *hooks; /* NULL: none */
    void (*observe)(void *ctx, int kind, const char *text, size_t len);
    void *observe_ctx;
    const char *out;     /* bytes to be written next */
    const char *payload; /* to send after the prompt */
    uint16_t text_len;   /* length of text[] with its CR */
    struct usk_counters {
        uint32_t commands, urcs, unknown, overlong, late, timeouts, resyncs, discarded;
    } count;
    struct usk_lexer lexer;
    char text[USOCKET_COMMAND_SIZE];
};

#endif
