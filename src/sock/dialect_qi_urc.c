/*
 * What the modules of dialect_qi.c say unasked: the table of their unsolicited result codes, and who is told.
 * Sources: PROTOCOL.md 3.8, 3.12 and 7.1.
 */
#include "sock/internal.h"

/* "recv",id; pushed: "recv",id,len and for a UDP service its sender. With "recvind" the first has a length too, hence
 * the access mode decides (PROTOCOL.md 3.12). */
static int urc_data(void *ctx, struct usk_fields *fields)
{
    struct usocket_sockaddr from;
    uint32_t id;
    uint32_t len;

    if (!usk_field_uint(fields, UINT8_MAX, &id)) {
        return 0;
    }
    if (!usk_conn_pushes(ctx, id) || !usk_fields_more(fields)) {
        usk_conn_has_data(ctx, id);
        return 0;
    }
    if (!usk_field_uint(fields, UINT16_MAX, &len)) {
        return 0; /* damaged: what follows will be unknown lines, and the totals are compared */
    }
    usk_conn_pushed(ctx, id, len, usk_read_peer(fields, &from) ? &from : NULL);
    return (int)len;
}

/* "incoming",id,server,"address",port */
static int urc_incoming(void *ctx, struct usk_fields *fields)
{
    struct usocket_sockaddr peer;
    uint32_t id;
    uint32_t server;

    if (usk_field_uint(fields, UINT8_MAX, &id) && usk_field_uint(fields, UINT8_MAX, &server) &&
        usk_read_peer(fields, &peer)) {
        usk_client_came(ctx, id, server, &peer);
    }
    return 0;
}

static int urc_incoming_full(void *ctx, struct usk_fields *fields)
{
    struct usocket_modem *modem = ctx;

    (void)fields;
    modem->clients_refused++;
    return 0;
}

static int urc_closed(void *ctx, struct usk_fields *fields)
{
    uint32_t id;

    if (usk_field_uint(fields, UINT8_MAX, &id)) {
        usk_conn_peer_closed(ctx, id);
    }
    return 0;
}

static int urc_opened(void *ctx, struct usk_fields *fields)
{
    uint32_t id;
    uint32_t code;

    if (usk_field_uint(fields, UINT8_MAX, &id) && usk_field_uint(fields, UINT16_MAX, &code)) {
        usk_conn_opened(ctx, id, usk_module_error(ctx, code));
    }
    return 0;
}

/* "dnsgip",error,count,ttl, then "dnsgip","address" for each; some firmwares print only the error (PROTOCOL.md 3.8). */
static int urc_dns(void *ctx, struct usk_fields *fields)
{
    struct usk_text address;
    uint32_t code;
    uint32_t count = 0;

    if (usk_field_quoted(fields) && usk_field_text(fields, &address)) {
        usk_resolver_address(ctx, address);
    } else if (usk_field_uint(fields, UINT16_MAX, &code)) {
        usk_field_uint(fields, UINT8_MAX, &count);
        usk_resolver_header(ctx, usk_module_error(ctx, code), count);
    }
    return 0;
}

static int urc_context_lost(void *ctx, struct usk_fields *fields)
{
    uint32_t cid;

    if (usk_field_uint(fields, UINT8_MAX, &cid)) {
        usk_net_context_lost(ctx, cid);
    }
    return 0;
}

static int urc_reset(void *ctx, struct usk_fields *fields)
{
    (void)fields;
    usk_net_module_reset(ctx);
    return 0;
}

static int urc_asleep(void *ctx, struct usk_fields *fields)
{
    (void)fields;
    usk_net_module_asleep(ctx);
    return 0;
}

/* Most frequent first. Those without a function are part of every module's start or idle talk (PROTOCOL.md 7.1). */
const struct usk_urc usk_urcs[] = {
    {"+QIURC", "recv", urc_data},
    {"+QIURC", "closed", urc_closed},
    {"+QIOPEN", NULL, urc_opened},
    {"+QIURC", "dnsgip", urc_dns},
    {"+QIURC", "incoming", USOCKET_LISTENER ? urc_incoming : NULL},
    {"+QIURC", "incoming full", USOCKET_LISTENER ? urc_incoming_full : NULL},
    {"+QIURC", "pdpdeact", urc_context_lost},
    {"RDY", NULL, urc_reset},
    {"POWERED DOWN", NULL, urc_reset},
    {"NORMAL POWER DOWN", NULL, urc_reset},
    {"PSM POWER DOWN", NULL, urc_asleep},
    {"+QIURC", NULL, NULL},
    {"APP RDY", NULL, NULL},
    {"+CFUN", NULL, NULL},
    {"+CPIN", NULL, NULL},
    {"+QUSIM", NULL, NULL},
    {"+USIM", NULL, NULL},
    {"+QIND", NULL, NULL},
    {"+CREG", NULL, NULL},
    {"+CGREG", NULL, NULL},
    {"+CEREG", NULL, NULL},
    {"+CGEV", NULL, NULL},
    {"+CSCON", NULL, NULL},
    {"+CTZV", NULL, NULL},
    {"+CTZE", NULL, NULL},
    {"+CMTI", NULL, NULL},
    {"+QSIMSTAT", NULL, NULL},
    {"Call Ready", NULL, NULL},
    {"SMS Ready", NULL, NULL},
    {"RING", NULL, NULL},
    {NULL, NULL, NULL},
};
