/* What must hold after each run of the session, whatever happened in it. */
#include <stdio.h>
#include <string.h>

#include "session.h"

enum { ECHO_PORT = 8, STEP_MS = 30000, CLOSING_MS = 90000 };

static uint64_t now_ms(const struct session *s)
{
    return s->world.now_us / 1000;
}

static int connected(struct session *s, struct usocket *sock)
{
    struct usocket_sockaddr to;

    usocket_sockaddr_set(&to, ECHO, ECHO_PORT);
    usocket_settimeout(sock, STEP_MS);
    return (int)TIMED(&s->world, STEP_MS, usocket_connect(sock, &to));
}

static bool echoes(struct session *s)
{
    static const char word[] = "still there?";
    char back[sizeof(word)];
    struct usocket *sock = usocket_socket(&s->world.modem, 0, 0, 0);
    bool good;

    if (sock == NULL) {
        return false;
    }
    good = connected(s, sock) == 0 && TIMED(&s->world, STEP_MS, usocket_sendall(sock, word, sizeof(word))) == 0 &&
           TIMED(&s->world, STEP_MS, usocket_read(sock, back, sizeof(back))) == (ssize_t)sizeof(back) &&
           memcmp(back, word, sizeof(word)) == 0;
    usocket_close(sock);
    return good;
}

/* The driver is used as a program would that tries again. */
static bool recovers(struct session *s, uint64_t limit_ms)
{
    uint64_t since = now_ms(s);

    while (now_ms(s) - since < limit_ms) {
        if (TIMED(&s->world, STEP_MS, usocket_wait_network(&s->world.modem, STEP_MS, NULL, NULL)) == 0 && echoes(s)) {
            s->recovered_ms = now_ms(s) - s->world.struck_us / 1000;
            return true;
        }
        world_run(&s->world, 1000);
    }
    return false;
}

/* Those of before may still be closing. */
static struct usocket *any_socket(struct session *s)
{
    uint64_t since = now_ms(s);
    struct usocket *sock;

    while ((sock = usocket_socket(&s->world.modem, 0, 0, 0)) == NULL && now_ms(s) - since < CLOSING_MS) {
        world_run(&s->world, 1000);
    }
    return sock;
}

static void opens_all(struct session *s)
{
    struct usocket *all[USOCKET_MAX_SOCKETS];

    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        int result;

        all[i] = any_socket(s);
        if (all[i] == NULL) {
            snprintf(s->ids, sizeof(s->ids), "afterwards no socket is to be had");
            return;
        }
        result = connected(s, all[i]);
        if (result != 0) {
            snprintf(s->ids, sizeof(s->ids), "afterwards not all 12 can connect: %s", usocket_strerror(result));
            return;
        }
    }
    for (int i = 0; i < USOCKET_MAX_SOCKETS; i++) {
        usocket_close(all[i]);
    }
}

static void leaves_nothing(struct session *s)
{
    ssize_t result = TIMED(&s->world, STEP_MS, usocket_shutdown(&s->world.modem, STEP_MS));
    int left;

    if (result != 0) {
        snprintf(s->ids, sizeof(s->ids), "the last shutdown fails: %s", usocket_strerror((int)result));
        return;
    }
    left = world_connections(&s->world);
    if (left != 0) {
        snprintf(s->ids, sizeof(s->ids), left < 0 ? "the module does not answer in the end" : "connections are left");
    }
}

void session_check(struct session *s, uint64_t limit_ms)
{
    if (!recovers(s, limit_ms)) {
        session_fail(s, "no echo afterwards");
    } else {
        opens_all(s);
        if (s->ids[0] == '\0') {
            leaves_nothing(s);
        }
    }
    if (s->ids[0] != '\0') {
        session_fail(s, s->ids);
    }
    if (s->world.late[0] != '\0') {
        session_fail(s, s->world.late);
    }
}
