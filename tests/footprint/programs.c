/*
 * What a program of each kind calls, for the linker to keep. PROGRAM counts up: TCP client, UDP, listeners, all; each with
 * those before it. Never run.
 */
#include "usocket/usocket.h"

#define CALL(name) ((void (*)(void))(name))

static void (*const calls[])(void) = {
    CALL(usocket_init_sized),
    CALL(usocket_wait_network),
    CALL(usocket_process),
    CALL(usocket_wants_write),
    CALL(usocket_shutdown),
    CALL(usocket_getaddrinfo),
    CALL(usocket_socket),
    CALL(usocket_settimeout),
    CALL(usocket_connect),
    CALL(usocket_send),
    CALL(usocket_recv),
    CALL(usocket_close),
#if PROGRAM >= 1
    CALL(usocket_bind),
    CALL(usocket_sendto),
    CALL(usocket_recvfrom),
#endif
#if PROGRAM >= 2
    CALL(usocket_listen),
    CALL(usocket_accept),
#endif
#if PROGRAM >= 3
    CALL(usocket_sockaddr_set),
    CALL(usocket_sockaddr_text),
    CALL(usocket_resolve),
    CALL(usocket_resolve_cancel),
    CALL(usocket_last_error),
    CALL(usocket_sendall),
    CALL(usocket_readinto),
    CALL(usocket_read),
    CALL(usocket_readall),
    CALL(usocket_readline),
    CALL(usocket_write),
    CALL(usocket_setblocking),
    CALL(usocket_getsocketsta),
    CALL(usocket_getsockname),
    CALL(usocket_getpeername),
    CALL(usocket_setsockopt),
    CALL(usocket_getsockopt),
    CALL(usocket_poll),
    CALL(usocket_on_event),
    CALL(usocket_file_open),
    CALL(usocket_file_read),
    CALL(usocket_file_readline),
    CALL(usocket_file_write),
    CALL(usocket_at_command),
    CALL(usocket_at_start),
    CALL(usocket_at_cancel),
    CALL(usocket_on_urc),
    CALL(usocket_get_stats),
    CALL(usocket_get_info),
    CALL(usocket_dialects),
    CALL(usocket_strerror),
    CALL(usocket_last_module_error),
    CALL(usocket_module_strerror),
    CALL(usocket_module_errno),
#endif
};

/* Sizes for nm. */
struct usocket_modem modem;
char modem_size[offsetof(struct usocket_modem, sock)];
char socket_size[offsetof(struct usocket, rx)];

void start(void);
void start(void)
{
    void (*const volatile *at)(void) = calls;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        at[i]();
    }
}
