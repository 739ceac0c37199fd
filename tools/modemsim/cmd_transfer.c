/*
 * Moving data: QISEND, QISENDEX, QIRD.
 */
#include "ip.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

static struct socket *open_socket(struct modemsim *sim, const struct args *a)
{
    long id = 0;
    if (!args_int(a, 0, 0, SOCKETS - 1, &id) || sim->socket[id].service == FREE ||
        sim->socket[id].state < STATE_CONNECTED) {
        return NULL;
    }
    return &sim->socket[id];
}

/* What a socket call on this id fails with. */
static enum final not_open(struct modemsim *sim, const struct args *a)
{
    long id = 0;
    return sim_fail(sim, args_int(a, 0, 0, SOCKETS - 1, &id) ? QI_CLOSED : QI_INVALID);
}

/* ---- QISEND ---- */

static enum final tell_sent(struct modemsim *sim, const struct socket *s)
{
    sim_line(sim, "+QISEND: %llu,%llu,%llu", (unsigned long long)s->sent, (unsigned long long)s->acked,
             (unsigned long long)(s->sent - s->acked));
    return OK;
}

/*
 * The address of a datagram: only a UDP SERVICE takes one, and it must have one, in numbers (fact sheet 3.5).
 * No fact tells what an address of the other family leads to; here it is a bad parameter.
 */
static bool peer_args(struct modemsim *sim, const struct args *a, const struct socket *s)
{
    long port = 0;
    const char *ip = args_string(a, 2);
    if (s->service != UDP_SERVICE) {
        sim->send.ip[0] = '\0';
        return a->count <= 2;
    }
    if (a->count != 4 || !ip || ip_family(ip) != s->family || !args_int(a, 3, 1, 65535, &port)) {
        return false;
    }
    snprintf(sim->send.ip, sizeof sim->send.ip, "%s", ip);
    sim->send.port = (uint16_t)port;
    return true;
}

static enum final qisend_write(struct modemsim *sim, struct args *a)
{
    struct socket *s = open_socket(sim, a);
    long len = 0;
    if (!s || s->service == TCP_LISTENER) {
        return not_open(sim, a);
    }
    if (a->count == 2 && args_int(a, 1, 0, 0, &len)) {
        return tell_sent(sim, s);
    }
    if (a->count > 1 && args_int(a, 1, MAX_SEND + 1, 1000000, &len)) {
        sim->report.send_too_long++;
        return sim_fail(sim, QI_INVALID);
    }
    if ((a->count > 1 && !args_int(a, 1, 1, MAX_SEND, &len)) || !peer_args(sim, a, s)) {
        return sim_fail(sim, QI_INVALID);
    }
    if (s->state != STATE_CONNECTED) {
        return sim_fail(sim, QI_CLOSED);
    }
    sim->report.qisend++;
    sim->send.id = sim_id(sim, s);
    sim->send.variable = a->count == 1;
    sim->send.want = (size_t)len;
    sim_open_data(sim);
    return PENDING;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static enum final qisendex_write(struct modemsim *sim, struct args *a)
{
    struct socket *s = open_socket(sim, a);
    const char *hex = args_string(a, 1);
    size_t len = hex ? strlen(hex) : 0;
    uint8_t bytes[MAX_HEX / 2];
    if (!s || s->service == TCP_LISTENER || s->service == UDP_SERVICE) {
        return not_open(sim, a);
    }
    if (len > MAX_HEX) {
        sim->report.send_too_long++;
    }
    if (!len || len > MAX_HEX || len % 2) {
        return sim_fail(sim, QI_INVALID);
    }
    for (size_t i = 0; i < len; i += 2) {
        int high = digit(hex[i]);
        int low = digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            return sim_fail(sim, QI_INVALID);
        }
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    sim->report.qisend++;
    return sim_transmit(sim, s, bytes, len / 2, "", 0);
}

/* ---- QIRD ---- */

/*
 * An empty datagram of a UDP SERVICE differs from nothing by its sender: +QIRD: 0,"ip",port (mbed relies on it). No fact
 * tells whether the line of its data, here an empty one, is there.
 */
static void give(struct modemsim *sim, struct socket *s, size_t len, const struct datagram *d)
{
    /* One line with its payload: nothing may come between them. */
    char peer[ADDRESS_MAX + 16] = "";
    if (d && s->service == UDP_SERVICE) {
        snprintf(peer, sizeof peer, ",\"%s\",%u", d->ip, d->port);
    }
    if (config_value(sim, "viewmode", 0)) {
        sim_text(sim, "+QIRD: %zu%s,", len, peer);
    } else {
        sim_line(sim, "+QIRD: %zu%s", len, peer);
    }
    sim_payload(sim, s, len, d);
    sim_put(sim, "\r\n", 2);
}

static enum final read_data(struct modemsim *sim, struct socket *s, size_t most)
{
    const struct datagram *d = s->first;
    size_t ready = d ? d->len : s->rx_len;
    size_t len = ready < most ? ready : most;
    sim->report.qird++;
    if (!ready && !d) {
        sim->report.qird_empty++;
        sim_line(sim, "+QIRD: 0");
    } else {
        give(sim, s, len, d);
    }
    if (d) {
        sim->report.datagrams_cut += len < d->len;
        sim_datagram_take(s);
    } else {
        sim_socket_take(s, len);
    }
    sim_socket_drained(sim, s);
    return OK;
}

static enum final qird_write(struct modemsim *sim, struct args *a)
{
    struct socket *s = open_socket(sim, a);
    long most = MAX_READ;
    if (!s || s->service == TCP_LISTENER) {
        return not_open(sim, a);
    }
    if (args_int(a, 1, MAX_READ + 1, 1000000, &most)) {
        sim->report.read_too_long++;
        return sim_fail(sim, QI_INVALID);
    }
    if (!args_int_or(a, 1, 0, MAX_READ, &most) || a->count > 2) {
        return sim_fail(sim, QI_INVALID);
    }
    if (!most) {
        sim_line(sim, "+QIRD: %llu,%llu,%zu", (unsigned long long)s->received, (unsigned long long)s->read, s->rx_len);
        return OK;
    }
    return s->access ? sim_fail(sim, QI_NOT_ALLOWED) : read_data(sim, s, (size_t)most);
}

const struct command transfer_commands[] = {
    {"+QISEND", NULL, NULL, qisend_write, "+QISEND: (0-11),(0-1460)"},
    {"+QISENDEX", NULL, NULL, qisendex_write, "+QISENDEX: (0-11),<hex_string>"},
    {"+QIRD", NULL, NULL, qird_write, "+QIRD: (0-11),(0-1500)"},
    {NULL, NULL, NULL, NULL, NULL},
};
