/*
 * SOCKS version 5, the server's side: fields read one byte at a time, each with a length known before it begins.
 */
#include "net/socks.h"

#include <string.h>

enum { VERSION = 5, VERSION_4 = 4, AUTH_VERSION = 1 };
enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff };
enum { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };

/* The fields in their order; a length stands in front of each that is not of one size. */
enum field {
    GREETING_VERSION,
    METHOD_COUNT,
    METHODS,
    PASSWORD_VERSION,
    USER_LENGTH,
    USER,
    PASSWORD_LENGTH,
    PASSWORD,
    REQUEST_VERSION,
    COMMAND,
    RESERVED,
    ADDRESS_TYPE,
    NAME_LENGTH,
    ADDRESS,
    PORT,
};

static void expect(struct socks *socks, enum field field, uint8_t len)
{
    socks->at = (int)field;
    socks->left = len;
    socks->len = 0;
}

static void say(struct socks *socks, const void *bytes, size_t len)
{
    if (len <= sizeof(socks->out) - socks->out_len) {
        memcpy(socks->out + socks->out_len, bytes, len);
        socks->out_len += len;
    }
}

static void say_two(struct socks *socks, uint8_t first, uint8_t second)
{
    const uint8_t bytes[] = {first, second};
    say(socks, bytes, sizeof(bytes));
}

static void fail(struct socks *socks, const char *why)
{
    socks->state = SOCKS_FAILED;
    socks->why = why;
}

void socks_init(struct socks *socks, const char *user, const char *password)
{
    memset(socks, 0, sizeof(*socks));
    socks->user = user;
    socks->password = password;
    expect(socks, GREETING_VERSION, 1);
}

/* --- a client that speaks something else -------------------------------------------------------------------------- */

static void greet_stranger(struct socks *socks, uint8_t first)
{
    static const uint8_t rejected[8] = {0, 91}; /* SOCKS4: request rejected */
    static const char words[] = "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
                                "This is a SOCKS5 proxy, not one for HTTP: use socks5h://HOST:PORT\r\n";
    if (first == VERSION_4) {
        say(socks, rejected, sizeof(rejected));
        fail(socks, "a SOCKS4 client; version 5 is wanted");
    } else if (first >= 'A' && first <= 'Z') {
        say(socks, words, sizeof(words) - 1);
        fail(socks, "an HTTP client; SOCKS5 is wanted");
    } else {
        fail(socks, "not a SOCKS client");
    }
}

/* --- who it is ---------------------------------------------------------------------------------------------------- */

/* Takes the same time whatever @p got is. */
static bool same_secret(const char *wanted, const uint8_t *got, size_t len)
{
    size_t wanted_len = strlen(wanted);
    unsigned differ = wanted_len != len;
    for (size_t i = 0; i < SOCKS_TEXT_MAX; i++) {
        unsigned is = i < len ? got[i] : 0;
        unsigned should = i < wanted_len ? (uint8_t)wanted[i] : 0;
        differ |= is ^ should;
    }
    return differ == 0;
}

static void answer_methods(struct socks *socks)
{
    uint8_t method = socks->user ? METHOD_PASSWORD : METHOD_NONE;
    if (!memchr(socks->text, method, socks->len)) {
        say_two(socks, VERSION, METHOD_REFUSED);
        fail(socks, socks->user ? "the client offers no user and password" : "the client insists on authentication");
        return;
    }
    say_two(socks, VERSION, method);
    expect(socks, socks->user ? PASSWORD_VERSION : REQUEST_VERSION, 1);
}

static void answer_password(struct socks *socks)
{
    bool fits = same_secret(socks->password, socks->text, socks->len);
    fits = fits & socks->user_fits;
    say_two(socks, AUTH_VERSION, !fits);
    if (fits) {
        expect(socks, REQUEST_VERSION, 1);
    } else {
        fail(socks, "wrong user or password");
    }
}

/* --- what it wants ------------------------------------------------------------------------------------------------ */

/* Reads the address and port of a request or a datagram: @p len bytes of this type, and the port. */
static bool read_target(struct socks_target *target, uint8_t type, const uint8_t *address, size_t len)
{
    if (type == TYPE_NAME) {
        /* Only what can be one text is a name; whether it is a good one the resolver says. */
        memcpy(target->host, address, len);
        target->host[len] = '\0';
        return len > 0 && strlen(target->host) == len;
    }
    struct usocket_sockaddr sa = {.family = type == TYPE_IPV4 ? USOCKET_AF_INET : USOCKET_AF_INET6};
    memcpy(sa.addr, address, len);
    usocket_sockaddr_text(&sa, target->host);
    return true;
}

/* How long an address of this type is; 0: it has its length in front, -1: there is no such type. */
static int address_size(uint8_t type)
{
    return type == TYPE_IPV4 ? 4 : type == TYPE_IPV6 ? 16 : type == TYPE_NAME ? 0 : -1;
}

static void take_type(struct socks *socks, uint8_t type)
{
    int size = address_size(type);
    socks->type = type;
    if (size < 0) {
        socks_reply(socks, SOCKS_ADDRESS_UNKNOWN, NULL);
        fail(socks, "an address of an unknown type");
        return;
    }
    expect(socks, size > 0 ? ADDRESS : NAME_LENGTH, size > 0 ? (uint8_t)size : 1);
}

static void take_address(struct socks *socks)
{
    if (!read_target(&socks->target, socks->type, socks->text, socks->len)) {
        socks_reply(socks, SOCKS_FAILURE, NULL);
        fail(socks, "a name that can't be one");
        return;
    }
    expect(socks, PORT, 2);
}

static void take_request(struct socks *socks)
{
    socks->target.port = (uint16_t)(socks->text[0] << 8 | socks->text[1]);
    if (socks->command < SOCKS_CONNECT || socks->command > SOCKS_ASSOCIATE) {
        socks_reply(socks, SOCKS_COMMAND_UNKNOWN, NULL);
        fail(socks, "an unknown command");
        return;
    }
    socks->state = SOCKS_REQUESTED;
}

/* --- the fields --------------------------------------------------------------------------------------------------- */

static void check(struct socks *socks, uint8_t byte, uint8_t wanted, enum field next)
{
    if (byte == wanted) {
        expect(socks, next, 1);
    } else {
        fail(socks, "not the SOCKS protocol");
    }
}

/* The field is whole; its last byte is @p byte. */
static void take(struct socks *socks, uint8_t byte)
{
    switch ((enum field)socks->at) {
    case GREETING_VERSION:
        if (byte != VERSION) {
            greet_stranger(socks, byte);
            return;
        }
        expect(socks, METHOD_COUNT, 1);
        return;
    case METHOD_COUNT:
        expect(socks, METHODS, byte);
        return;
    case METHODS:
        answer_methods(socks);
        return;
    case PASSWORD_VERSION:
        check(socks, byte, AUTH_VERSION, USER_LENGTH);
        return;
    case USER_LENGTH:
        expect(socks, USER, byte);
        return;
    case USER:
        socks->user_fits = same_secret(socks->user, socks->text, socks->len);
        expect(socks, PASSWORD_LENGTH, 1);
        return;
    case PASSWORD_LENGTH:
        expect(socks, PASSWORD, byte);
        return;
    case PASSWORD:
        answer_password(socks);
        return;
    case REQUEST_VERSION:
        check(socks, byte, VERSION, COMMAND);
        return;
    case COMMAND:
        socks->command = (enum socks_command)byte;
        expect(socks, RESERVED, 1);
        return;
    case RESERVED:
        expect(socks, ADDRESS_TYPE, 1);
        return;
    case ADDRESS_TYPE:
        take_type(socks, byte);
        return;
    case NAME_LENGTH:
        expect(socks, ADDRESS, byte);
        return;
    case ADDRESS:
        take_address(socks);
        return;
    case PORT:
        take_request(socks);
        return;
    }
}

void socks_byte(struct socks *socks, uint8_t byte)
{
    socks->text[socks->len++] = byte;
    socks->left--;
    while (socks->left == 0 && socks->state == SOCKS_READING) { /* again for a field of length 0 */
        take(socks, byte);
    }
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

/* Type, address and port, as requests, replies and datagrams have them. */
static size_t write_address(uint8_t *at, const struct usocket_sockaddr *address)
{
    bool six = address && address->family == USOCKET_AF_INET6;
    size_t size = six ? 16 : 4;
    memset(at, 0, 1 + size + 2);
    at[0] = six ? TYPE_IPV6 : TYPE_IPV4;
    if (address) {
        memcpy(at + 1, address->addr, size);
        at[1 + size] = (uint8_t)(address->port >> 8);
        at[2 + size] = (uint8_t)address->port;
    }
    return 1 + size + 2;
}

void socks_reply(struct socks *socks, enum socks_code code, const struct usocket_sockaddr *bound)
{
    uint8_t reply[SOCKS_REPLY_MAX] = {VERSION, (uint8_t)code, 0};
    say(socks, reply, 3 + write_address(reply + 3, bound));
    if (code != SOCKS_OK) {
        socks->state = SOCKS_FAILED;
    }
}

enum socks_code socks_code_of(int error)
{
    static const struct {
        int error;
        enum socks_code code;
    } codes[] = {
        {0, SOCKS_OK},
        {-ECONNREFUSED, SOCKS_REFUSED},
        {-EHOSTUNREACH, SOCKS_HOST_UNREACHABLE},
        {-ENETUNREACH, SOCKS_NETWORK_UNREACHABLE},
        {-ENETDOWN, SOCKS_NETWORK_UNREACHABLE},
        {-ENETRESET, SOCKS_NETWORK_UNREACHABLE},
        {-ETIMEDOUT, SOCKS_TTL_EXPIRED},
        {-EOPNOTSUPP, SOCKS_COMMAND_UNKNOWN},
        {-EAFNOSUPPORT, SOCKS_ADDRESS_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].error == error) {
            return codes[i].code;
        }
    }
    return SOCKS_FAILURE;
}

/* --- datagrams ---------------------------------------------------------------------------------------------------- */

int socks_udp_read(const uint8_t *datagram, size_t len, struct socks_target *target)
{
    size_t at = 4; /* reserved, reserved, fragment, type */
    if (len < at + 1 || datagram[0] || datagram[1]) {
        return -EINVAL;
    }
    if (datagram[2]) {
        return -EOPNOTSUPP;
    }
    int size = address_size(datagram[3]);
    if (size == 0) {
        size = datagram[at++];
    }
    if (size < 0 || len < at + (size_t)size + 2 || !read_target(target, datagram[3], datagram + at, (size_t)size)) {
        return -EINVAL;
    }
    at += (size_t)size;
    target->port = (uint16_t)(datagram[at] << 8 | datagram[at + 1]);
    return (int)at + 2;
}

size_t socks_udp_write(uint8_t header[SOCKS_REPLY_MAX], const struct usocket_sockaddr *from)
{
    memset(header, 0, 3);
    return 3 + write_address(header + 3, from);
}
