/*
 * The module's own numbers: what they mean in words, and as which errno they are reported. PROTOCOL.md 6.
 */
#include "sock/internal.h"

#if USOCKET_ERROR_STRINGS
#define ROW(code, error, text)                                                                                         \
    {                                                                                                                  \
        code, error, text                                                                                              \
    }
#else
#define ROW(code, error, text)                                                                                         \
    {                                                                                                                  \
        code, error                                                                                                    \
    }
#endif

static const struct {
    uint16_t code;
    int16_t error;
#if USOCKET_ERROR_STRINGS
    const char *text;
#endif
} codes[] = {
    /* +QIOPEN, +QIGETERROR, "dnsgip": EC200U TCP/IP note ch. 4 */
    ROW(550, EIO, "unknown error"),
    ROW(551, EAGAIN, "operation blocked"),
    ROW(552, EINVAL, "invalid parameters"),
    ROW(553, ENOMEM, "memory not enough"),
    ROW(554, ENOBUFS, "creating the socket failed"),
    ROW(555, EOPNOTSUPP, "operation not supported"),
    ROW(556, EADDRINUSE, "bind failed"),
    ROW(557, EADDRINUSE, "listen failed"),
    ROW(558, EPIPE, "write failed"),
    ROW(559, ECONNRESET, "read failed"),
    ROW(560, ECONNABORTED, "accept failed"),
    ROW(561, ENETDOWN, "activating the PDP context failed"),
    ROW(562, ENETDOWN, "deactivating the PDP context failed"),
    ROW(563, EADDRINUSE, "connection id in use"),
    ROW(564, EAGAIN, "DNS busy"),
    ROW(565, EHOSTUNREACH, "DNS failed"),
    ROW(566, ECONNREFUSED, "connect failed"),
    ROW(567, ENOTCONN, "socket closed"),
    ROW(568, EBUSY, "operation busy"),
    ROW(569, ETIMEDOUT, "operation timed out"),
    ROW(570, ENETDOWN, "PDP context broken"),
    ROW(571, ECANCELED, "sending was cancelled"),
    ROW(572, EACCES, "operation not allowed"),
    ROW(573, ENETUNREACH, "APN not configured"),
    ROW(574, EADDRINUSE, "port busy"),
    /* +CME ERROR: 3GPP TS 27.007 9.2, EC2x AT manual table 22 */
    ROW(3, EPERM, "operation not allowed"),
    ROW(4, EOPNOTSUPP, "operation not supported"),
    ROW(10, ENODEV, "SIM not inserted"),
    ROW(11, EACCES, "SIM PIN required"),
    ROW(12, EACCES, "SIM PUK required"),
    ROW(13, EIO, "SIM failure"),
    ROW(14, EAGAIN, "SIM busy"),
    ROW(15, EIO, "SIM wrong"),
    ROW(16, EACCES, "incorrect password"),
    ROW(17, EACCES, "SIM PIN2 required"),
    ROW(18, EACCES, "SIM PUK2 required"),
    ROW(20, ENOMEM, "memory full"),
    ROW(30, ENETDOWN, "no network service"),
    ROW(31, ETIMEDOUT, "network timeout"),
    ROW(32, ENETDOWN, "network not allowed, emergency calls only"),
    ROW(40, EACCES, "network personalisation PIN required"),
    ROW(50, EINVAL, "incorrect parameters"),
    ROW(100, EAGAIN, "unknown"),
};

enum { CODES = sizeof(codes) / sizeof(codes[0]) };

static size_t find(int code)
{
    size_t i = 0;

    while (i < CODES && codes[i].code != code) {
        i++;
    }
    return i;
}

int usocket_module_errno(int code)
{
    size_t i = find(code);

    return i == CODES ? -EIO : -codes[i].error;
}

const char *usocket_module_strerror(int code)
{
#if USOCKET_ERROR_STRINGS
    size_t i = find(code);

    if (i != CODES) {
        return codes[i].text;
    }
#endif
    return code == 0 ? "no error" : "error of the module";
}

int usk_module_error(struct usocket_modem *modem, uint32_t code)
{
    if (code == 0) {
        return 0;
    }
    modem->module_error = (uint16_t)code;
    return usocket_module_errno((int)code);
}
