/*
 * What the errors of this library mean, in words.
 */
#include "usocket/usocket.h"

#if USOCKET_ERROR_STRINGS
static const struct {
    int error;
    const char *text;
} texts[] = {
    {0, "success"},
    {EACCES, "not allowed (by the SIM, which may want a PIN; by the network; or by the port's permissions)"},
    {EADDRINUSE, "the address or the connection id is in use"},
    {EADDRNOTAVAIL, "not an address of the data call"},
    {EAFNOSUPPORT, "not an address of the socket's family"},
    {EAGAIN, "would have to wait; try again"},
    {EALREADY, "the socket is connecting already"},
    {EBADF, "not an open socket"},
    {EBADMSG, "bytes were lost or added on the line to the module; the connection was given up"},
    {EBUSY, "busy"},
    {ECANCELED, "the module did not confirm a block; whether the peer gets it is unknown"},
    {ECONNABORTED, "the connection was aborted"},
    {ECONNREFUSED, "the connection was refused, or the host can't be reached"},
    {ECONNRESET, "the connection was reset"},
    {EDESTADDRREQ, "the datagram has no address"},
    {EHOSTUNREACH, "unknown host"},
    {EINPROGRESS, "in progress"},
    {EINTR, "interrupted by a signal"},
    {EINVAL, "an argument can't be sent to the module or makes no sense"},
    {EIO, "the module answered with an error"},
    {EISCONN, "the socket is connected already"},
    {EMFILE, "all sockets of the modem are in use"},
    {EMSGSIZE, "too long"},
    {ENETDOWN, "the data call is down"},
    {ENETRESET, "the module has started anew; its connections are gone"},
    {ENETUNREACH, "the network can't be reached (is the APN set?)"},
    {ENOBUFS, "the module has no socket left"},
    {ENODEV, "the line to the module is gone (unplugged?)"},
    {ENOMEDIUM, "no SIM"},
    {ENOMEM, "the module is out of memory"},
    {ENOPROTOOPT, "the socket has no such option"},
    {ENOTCONN, "the socket is not connected"},
    {EPERM, "not permitted"},
    {ENOENT, "no such port"},
    {ENOSYS, "not in this build"},
    {ENOTTY, "not a serial port"},
    {ENXIO, "no such device"},
    {EOPNOTSUPP, "the module can't do that"},
    {EPIPE, "the peer has closed the connection"},
    {EPROTO, "the line, or the program, does not speak this library's language"},
    {EPROTOTYPE, "the protocol does not go with the socket's type"},
    {ESOCKTNOSUPPORT, "the module has no sockets of this type"},
    {ETIMEDOUT, "timed out"},
};
#endif

const char *usocket_strerror(int error)
{
#if USOCKET_ERROR_STRINGS
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].error == error || -texts[i].error == error) {
            return texts[i].text;
        }
    }
#endif
    return error == 0 ? "success" : "error";
}
