/*
 * Opening, closing and listing sockets: QIOPEN, QICLOSE, QISTATE.
 */
#include "ip.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OPEN_TIMEOUT_MS = 150 * 1000, CLOSE_TIMEOUT_S = 10 };

static const struct service_name {
    const char *name;
    enum service service;
    enum modemsim_net_kind kind;
    bool waits; /* for peers, instead of going to one */
} services[] = {
    {"TCP", TCP, MODEMSIM_TCP, false},
    {"UDP", UDP, MODEMSIM_UDP, false},
    {"TCP LISTENER", TCP_LISTENER, MODEMSIM_TCP, true},
    {"UDP SERVICE", UDP_SERVICE, MODEMSIM_UDP, true},
    {"TCP INCOMING", TCP_INCOMING, MODEMSIM_TCP, false},
};

enum { OPENABLE = 4 }; /* the last one only the module itself makes */

/* ---- QIOPEN ---- */

struct open_args {
    long cid, id, rport, lport, access;
    const char *host;
    const struct service_name *service;
};

static int parse_open(const struct args *a, struct open_args *o)
{
    const char *name = args_string(a, 2);
    o->host = args_string(a, 3);
    o->lport = o->access = 0;
    if (!args_int(a, 0, 1, CONTEXTS, &o->cid) || !args_int(a, 1, 0, SOCKETS - 1, &o->id) || !name || !o->host ||
        !args_int(a, 4, 0, 65535, &o->rport) || !args_int_or(a, 5, 0, 65535, &o->lport) ||
        !args_int_or(a, 6, 0, 2, &o->access) || a->count > 7) {
        return QI_INVALID;
    }
    o->service = NULL;
    for (size_t i = 0; i < OPENABLE; i++) {
        if (strcasecmp(name, services[i].name) == 0) {
            o->service = &services[i];
        }
    }
    if (!o->service || !o->host[0] || strlen(o->host) >= NAME_MAX_CHARS ||
        (o->service->waits ? !o->lport : !o->rport)) {
        return QI_INVALID;
    }
    return o->access == 2 ? QI_UNSUPPORTED : QI_OK;
}

static void open_timeout(void *ctx, uint64_t handle)
{
    struct modemsim *sim = ctx;
    struct socket *s = sim_by_handle(sim, (uint32_t)handle);
    if (s && s->state == STATE_OPENING) {
        sim->net->drop(sim->net_ctx, s->handle);
        sim_socket_opened(sim, s, QI_CONNECT);
    }
}

/*
 * Why an open fails before the network is asked. An address of a family which the context doesn't have: no fact tells
 * what modules say, 566 is what an address that can't be reached gives.
 */
static int refusal(struct modemsim *sim, const struct open_args *o, unsigned family)
{
    const struct context *c = &sim->context[o->cid];
    int error = (int)fault_number(sim, F_OPEN_ERROR, QI_OK);
    if (fault_strikes(sim, F_OPEN_ERROR)) {
        return error;
    }
    if (!c->active || c->stale) {
        return c->stale ? QI_PDP_BROKEN : QI_PDP_OPEN;
    }
    return family && !(family & c->families) ? QI_CONNECT : QI_OK;
}

/*
 * The address of a listener or service chooses its family: "127.0.0.1", or "0:0:0:0:0:0:0:1" as mbed writes for IPv6.
 * A name is taken too (transcript 035); no fact tells its family: IPv4 where the context has it.
 */
static unsigned waiting_family(const struct modemsim *sim, const struct open_args *o)
{
    unsigned family = ip_family(o->host);
    return family ? family : sim->context[o->cid].families & MODEMSIM_IPV4 ? MODEMSIM_IPV4 : MODEMSIM_IPV6;
}

static void begin_open(struct modemsim *sim, const struct open_args *o)
{
    struct socket *s = &sim->socket[o->id];
    bool waits = o->service->waits;
    unsigned family = waits ? waiting_family(sim, o) : ip_family(o->host);
    *s = (struct socket){
        .service = o->service->service,
        .state = STATE_OPENING,
        .cid = (int)o->cid,
        .access = (int)o->access,
        .server = (int)o->id,
        .family = family,
        .handle = sim_new_handle(sim),
        .rport = (uint16_t)o->rport,
        .lport = (uint16_t)o->lport,
        .rx_cap = sim_recv_buffer(sim),
    };
    s->rx = malloc(s->rx_cap);
    if (!s->rx) {
        abort();
    }
    snprintf(s->host, sizeof s->host, "%s", waits ? sim_address(sim, family) : o->host);
    if (waits) {
        s->rport = 0;
    }
    if (!s->lport) {
        s->lport = (uint16_t)(1024 + sim_random(sim) % 64000);
    }
    int error = refusal(sim, o, family);
    if (error) {
        sim_socket_opened(sim, s, error);
        return;
    }
    sim_after(sim, OPEN_TIMEOUT_MS, open_timeout, s->handle);
    if (waits) {
        sim->net->listen(sim->net_ctx, s->handle, o->service->kind, family, s->lport);
    } else {
        sim->net->open(sim->net_ctx, s->handle, o->service->kind, sim->context[o->cid].families, o->host, s->rport,
                       (uint16_t)o->lport);
    }
}

static enum final qiopen_write(struct modemsim *sim, struct args *a)
{
    struct open_args o;
    int error = parse_open(a, &o);
    if (error) {
        return sim_fail(sim, error);
    }
    if (sim->socket[o.id].service == FREE) {
        sim_finish(sim, OK);
        begin_open(sim, &o);
        return PENDING;
    }
    sim->last_error = QI_ID_USED;
    if (strcmp(fault_text(sim, F_BUSY_ID, "563"), "error") == 0) {
        return ERROR;
    }
    sim_finish(sim, OK);
    sim_urc(sim, "+QIOPEN: %ld,%d", o.id, QI_ID_USED);
    return PENDING;
}

static enum final qiopen_read(struct modemsim *sim)
{
    (void)sim;
    return OK; /* transcript 007 */
}

/* ---- QICLOSE ---- */

static void close_timeout(void *ctx, uint64_t handle)
{
    struct modemsim *sim = ctx;
    struct socket *s = sim_by_handle(sim, (uint32_t)handle);
    if (s && sim->closing == sim_id(sim, s)) {
        sim->net->drop(sim->net_ctx, s->handle);
        sim_socket_clear(sim, s);
        sim->closing = -1;
        sim_finish(sim, OK);
    }
}

/* Waits for the peer's FIN; the AT channel is blocked meanwhile (transcript 002: ten seconds). */
static enum final qiclose_write(struct modemsim *sim, struct args *a)
{
    long id = 0;
    long seconds = CLOSE_TIMEOUT_S;
    if (!args_int(a, 0, 0, SOCKETS - 1, &id) || !args_int_or(a, 1, 0, 65535, &seconds) || a->count > 2) {
        return sim_fail(sim, QI_INVALID);
    }
    struct socket *s = &sim->socket[id];
    bool stream = s->service == TCP || s->service == TCP_INCOMING;
    if (s->service == FREE || !s->handle) {
        sim_socket_clear(sim, s);
        return OK;
    }
    if (!stream || s->state == STATE_OPENING) {
        sim->net->drop(sim->net_ctx, s->handle);
        sim_socket_clear(sim, s);
        return OK;
    }
    sim->net->close(sim->net_ctx, s->handle);
    if (s->peer_closed || !seconds) {
        sim_socket_clear(sim, s);
        return OK;
    }
    sim->closing = (int)id;
    sim_after(sim, (uint64_t)seconds * 1000, close_timeout, s->handle);
    return PENDING;
}

/* ---- QISTATE ---- */

static const char *service_name(enum service service)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        if (services[i].service == service) {
            return services[i].name;
        }
    }
    return "";
}

static void tell_state(struct modemsim *sim, int id)
{
    const struct socket *s = &sim->socket[id];
    if (s->service == FREE || s->state == STATE_INITIAL) {
        return;
    }
    int state = s->state;
    if (state == STATE_CONNECTED && s->service == TCP) {
        state = (int)fault_number(sim, F_QISTATE_CLIENT_STATE, STATE_CONNECTED);
    }
    sim_line(sim, "+QISTATE: %d,\"%s\",\"%s\",%u,%u,%d,%d,%d,%d,\"uart1\"", id, service_name(s->service), s->host,
             s->rport, s->lport, state, s->cid, s->server, s->access);
}

static enum final qistate_all(struct modemsim *sim)
{
    for (int id = 0; id < SOCKETS; id++) {
        tell_state(sim, id);
    }
    return OK;
}

static enum final qistate_write(struct modemsim *sim, struct args *a)
{
    long by = 0;
    long which = 0;
    if (!args_int(a, 0, 0, 1, &by) || a->count != 2 ||
        !args_int(a, 1, by ? 0 : 1, by ? SOCKETS - 1 : CONTEXTS, &which)) {
        return sim_fail(sim, QI_INVALID);
    }
    for (int id = 0; id < SOCKETS; id++) {
        if (by ? id == which : sim->socket[id].cid == which) {
            tell_state(sim, id);
        }
    }
    return OK;
}

const struct command socket_commands[] = {
    {"+QIOPEN", NULL, qiopen_read, qiopen_write,
     "+QIOPEN: (1-16),(0-11),\"TCP/UDP/TCP LISTENER/UDP SERVICE\",\"<IP_address>/<domain_name>\",<remote_port>,"
     "<local_port>,(0-2)"},
    {"+QICLOSE", NULL, NULL, qiclose_write, "+QICLOSE: (0-11),(0-65535)"},
    {"+QISTATE", qistate_all, qistate_all, qistate_write, ""},
    {NULL, NULL, NULL, NULL, NULL},
};
