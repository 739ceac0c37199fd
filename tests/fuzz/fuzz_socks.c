/*
 * The proxy's protocol: any client, one byte after the other, and any datagram.
 *
 * Input: a byte with switches (1 a user is asked for, 2 it is a datagram), then what the client sends.
 */
#include "fuzz.h"
#include "net/socks.h"

#include <string.h>

/* What a request may ask for is one text, of a command that there is. */
static void look_at_target(const struct socks_target *target)
{
    REQUIRE(memchr(target->host, '\0', sizeof(target->host)) != NULL && target->host[0] != '\0');
}

/* What was understood, written again, is the same. */
static void look_at_datagram(const uint8_t *datagram, size_t len)
{
    struct socks_target target, again;
    struct usocket_sockaddr from;
    uint8_t header[SOCKS_REPLY_MAX];
    int head = socks_udp_read(datagram, len, &target);

    REQUIRE(head == -EINVAL || head == -EOPNOTSUPP || (head >= 8 && (size_t)head <= len));
    REQUIRE(head <= SOCKS_UDP_HEADER_MAX);
    if (head < 0) {
        return;
    }
    look_at_target(&target);
    if (usocket_sockaddr_set(&from, target.host, target.port) == 0) {
        size_t size = socks_udp_write(header, &from);

        REQUIRE(size <= sizeof(header) && socks_udp_read(header, size, &again) == (int)size);
        REQUIRE(again.port == target.port);
    }
}

static void reply(struct socks *socks, unsigned code)
{
    struct usocket_sockaddr bound = {.family = code & 1 ? USOCKET_AF_INET6 : USOCKET_AF_INET, .port = 1};

    REQUIRE(socks->command >= SOCKS_CONNECT && socks->command <= SOCKS_ASSOCIATE);
    look_at_target(&socks->target);
    socks_reply(socks, (enum socks_code)(code % 9), code & 16 ? &bound : NULL);
    REQUIRE(socks->out_len >= 10 && socks->out_len <= SOCKS_REPLY_MAX);
    REQUIRE(socks->state == (code % 9 ? SOCKS_FAILED : SOCKS_REQUESTED));
}

static void play(struct input in, bool asks)
{
    struct socks socks;
    size_t said = 0;
    bool let_in = !asks;

    socks_init(&socks, asks ? "user" : NULL, asks ? "word" : NULL);
    while (socks.state == SOCKS_READING && in.left > 0) {
        socks_byte(&socks, (uint8_t)input_byte(&in));
        REQUIRE(socks.out_len <= sizeof(socks.out));
        let_in = let_in || (socks.out_len == 2 && socks.out[0] == 1 && socks.out[1] == 0);
        said += socks.out_len;
        if (socks.state == SOCKS_READING) {
            socks.out_len = 0;
        }
    }
    REQUIRE(socks.state != SOCKS_FAILED || socks.why != NULL);
    REQUIRE(said <= 2 + 2 + SOCKS_OUT_MAX);
    if (socks.state == SOCKS_REQUESTED) {
        REQUIRE(let_in && socks.out_len == 0);
        reply(&socks, input_byte(&in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned switches = input_byte(&in);

    if (switches & 2) {
        look_at_datagram(in.at, in.left);
    } else {
        play(in, switches & 1);
    }
    return 0;
}
