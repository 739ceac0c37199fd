/*
 * UDP ASSOCIATE of SOCKS5. Towards the module one datagram at a time is kept, and the system's buffer holds the next;
 * what is lost is lost as on any network, and counted.
 */
#include "net/associate.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 65536, FROM_MODULE_MAX = 1500 };

/* --- addresses of the two kinds ----------------------------------------------------------------------------------- */

static void to_usocket(const struct sockaddr_storage *from, struct usocket_sockaddr *to)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
    *to = (struct usocket_sockaddr){.family = USOCKET_AF_INET};
    if (from->ss_family == AF_INET6) {
        to->family = USOCKET_AF_INET6;
        to->port = ntohs(six->sin6_port);
        memcpy(to->addr, &six->sin6_addr, 16);
    } else {
        to->port = ntohs(four->sin_port);
        memcpy(to->addr, &four->sin_addr, 4);
    }
}

static void set_port(struct sockaddr_storage *at, uint16_t port)
{
    /* The port stands in the same place in both. */
    ((struct sockaddr_in *)at)->sin_port = htons(port);
}

static bool is_client(struct associate *a, const struct sockaddr *from)
{
    struct usocket_sockaddr is, client;
    struct sockaddr_storage whole = {0};
    memcpy(&whole, from, from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    to_usocket(&whole, &is);
    to_usocket(&a->client, &client);
    if (is.family != client.family || memcmp(is.addr, client.addr, sizeof(is.addr)) != 0) {
        return false;
    }
    if (client.port == 0) {
        set_port(&a->client, is.port);
    }
    return client.port == 0 || client.port == is.port;
}

/* --- from the client ---------------------------------------------------------------------------------------------- */

static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char longest[LONGEST]; /* used up before the next one is asked for */
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(longest, sizeof(longest));
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct associate *a = udp->data;
    if (!from) {
        return; /* nothing more to read now */
    }
    int header = a->full || n < 0 || !is_client(a, from)
                     ? -EINVAL
                     : socks_udp_read((const uint8_t *)buf->base, (size_t)n, &a->target);
    if (header < 0 || (flags & UV_UDP_PARTIAL) || (size_t)(n - header) > sizeof(a->datagram)) {
        a->dropped++;
        return;
    }
    a->full = true;
    a->len = (size_t)(n - header);
    memcpy(a->datagram, buf->base + header, a->len);
    uv_udp_recv_stop(udp);
}

static bool same_target(const struct socks_target *a, const struct socks_target *b)
{
    return strcmp(a->host, b->host) == 0;
}

/* The address of the datagram's target: 0, -EINPROGRESS, or why there is none. */
static int find_address(struct associate *a)
{
    if (a->to.family && same_target(&a->last, &a->target)) {
        return 0;
    }
    if (!a->asking) {
        int error = usocket_resolve(&a->cli->modem, &a->query, a->target.host);
        if (error) {
            return error;
        }
        a->asking = true;
    }
    if (a->query.result == -EINPROGRESS) {
        return -EINPROGRESS;
    }
    a->asking = false;
    if (a->query.result < 0) {
        return a->query.result;
    }
    a->to = a->query.addr[0];
    a->last = a->target;
    return 0;
}

static int open_socket(struct associate *a, int family)
{
    static const struct usocket_sockaddr any;
    a->s = usocket_socket(&a->cli->modem, family, USOCKET_SOCK_DGRAM, 0);
    if (!a->s) {
        return usocket_last_error(&a->cli->modem);
    }
    a->cli->dialled = true;
    usocket_setblocking(a->s, false);
    int error = usocket_bind(a->s, &any);
    a->opening = error == -EINPROGRESS;
    return a->opening ? 0 : error;
}

/* A socket of the module is of one family; which one is needed the first datagram shows. */
static int send_datagram(struct associate *a)
{
    int error = find_address(a);
    if (error) {
        return error;
    }
    a->to.port = a->target.port;
    ssize_t n = a->s ? usocket_sendto(a->s, a->datagram, a->len, &a->to) : -EAFNOSUPPORT;
    if (n == -EAFNOSUPPORT && !a->used) {
        usocket_close(a->s);
        error = open_socket(a, a->to.family);
        return error ? error : -EAGAIN;
    }
    a->used = a->used || n >= 0;
    return n < 0 ? (int)n : 0;
}

static bool step_up(struct associate *a)
{
    if (!a->full) {
        return false;
    }
    int error = send_datagram(a);
    if (error == -EINPROGRESS || error == -EAGAIN) {
        return false;
    }
    if (error) {
        a->dropped++;
    } else {
        a->sent += a->len;
    }
    a->full = false;
    uv_udp_recv_start(&a->udp, alloc, on_datagram);
    return true;
}

/* --- from the module ---------------------------------------------------------------------------------------------- */

static bool step_down(struct associate *a)
{
    uint8_t block[SOCKS_REPLY_MAX + FROM_MODULE_MAX], *payload = block + SOCKS_REPLY_MAX;
    uint8_t header[SOCKS_REPLY_MAX];
    struct usocket_sockaddr from;
    unsigned flags = 0;
    ssize_t n = usocket_recvfrom(a->s, payload, FROM_MODULE_MAX, &from, &flags);
    if (n < 0) {
        return n != -EAGAIN && n != -ENOTCONN && n != -EBADF; /* an error is told once, and the socket opens again */
    }
    size_t head = socks_udp_write(header, &from);
    memcpy(payload - head, header, head);
    uv_buf_t buf = uv_buf_init((char *)payload - head, (unsigned)(head + (size_t)n));
    bool known = ((const struct sockaddr_in *)&a->client)->sin_port != 0;
    if (flags || !known || uv_udp_try_send(&a->udp, &buf, 1, (const struct sockaddr *)&a->client) < 0) {
        a->dropped++;
    } else {
        a->received += (size_t)n;
    }
    return true;
}

bool associate_step(struct associate *a)
{
    bool up = step_up(a);
    bool down = a->s && step_down(a);
    return up || down;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

/* The port from which the client will send, if it says so: any other is refused from the start. */
static void note_client(struct associate *a, const uv_tcp_t *tcp, const struct socks_target *wanted)
{
    int len = sizeof(a->client);
    struct usocket_sockaddr said = {0}, is;
    uv_tcp_getpeername(tcp, (struct sockaddr *)&a->client, &len);
    to_usocket(&a->client, &is);
    set_port(&a->client, 0);
    if (usocket_sockaddr_set(&said, wanted->host, 0) == 0 && said.family == is.family &&
        memcmp(said.addr, is.addr, sizeof(is.addr)) == 0) {
        set_port(&a->client, wanted->port);
    }
}

static int open_local(struct associate *a, const uv_tcp_t *tcp)
{
    struct sockaddr_storage at = {0};
    int len = sizeof(at);
    uv_tcp_getsockname(tcp, (struct sockaddr *)&at, &len);
    set_port(&at, 0);
    int error = uv_udp_bind(&a->udp, (const struct sockaddr *)&at, 0);
    return error ? error : uv_udp_recv_start(&a->udp, alloc, on_datagram);
}

struct associate *associate_open(struct cli *cli, const uv_tcp_t *tcp, const struct socks_target *wanted, int *error)
{
    struct associate *a = calloc(1, sizeof(*a));
    if (!a) {
        *error = -ENOMEM;
        return NULL;
    }
    a->cli = cli;
    uv_udp_init(&cli->line.loop, &a->udp);
    a->udp.data = a;
    note_client(a, tcp, wanted);
    *error = open_socket(a, USOCKET_AF_INET);
    *error = *error ? *error : open_local(a, tcp);
    if (*error) {
        associate_close(a);
        return NULL;
    }
    return a;
}

int associate_ready(struct associate *a, struct usocket_sockaddr *at)
{
    struct usocket_pollfd room = {.s = a->s, .events = USOCKET_POLLOUT};
    struct sockaddr_storage is = {0};
    int len = sizeof(is), error = 0;
    size_t size = sizeof(error);
    if (a->opening && usocket_poll(&room, 1, 0) == 0) {
        return -EINPROGRESS;
    }
    usocket_getsockopt(a->s, USOCKET_SOL_SOCKET, USOCKET_SO_ERROR, &error, &size);
    uv_udp_getsockname(&a->udp, (struct sockaddr *)&is, &len);
    to_usocket(&is, at);
    return -error;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void associate_close(struct associate *a)
{
    if (a->asking) {
        usocket_resolve_cancel(&a->cli->modem, &a->query);
    }
    if (a->s) {
        usocket_close(a->s);
    }
    uv_close((uv_handle_t *)&a->udp, on_closed);
}
