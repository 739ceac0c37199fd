/*
 * modemsim: a simulated Quectel module (BG96, BG95, EC25) as a library on virtual time.
 *
 * It reads no clock, starts no thread and does no I/O. Bytes and the time go in, bytes come out:
 *
 *     struct modemsim *sim = modemsim_new(&(struct modemsim_options){.baud = 115200}, memnet_ops(), net);
 *     modemsim_write(sim, now_us, "AT\r", 3);                        host -> module
 *     now_us = modemsim_next_us(sim, now_us);                        sleep, or just move the clock
 *     size_t n = modemsim_read(sim, now_us, buf, sizeof buf);        module -> host
 *
 * Time is in microseconds, starts at 0 and never goes back. Every call that takes `now_us` first lets the module live
 * up to that moment, each event at its own exact time, so a caller that comes late changes nothing of what happened.
 *
 * What the module's sockets reach is given by the user as a struct modemsim_net: memnet.h is a scripted network on the
 * same virtual time, uvnet.h is the real one. Written from the published manuals and recorded sessions only.
 */
#ifndef MODEMSIM_H
#define MODEMSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct modemsim;

struct modemsim_options {
    const char *module;   /* "BG96" (also NULL), "BG95", "EC25" */
    uint32_t baud;        /* bits/s on the wire; ten bits a byte, each direction alone; 0 = unlimited */
    uint32_t latency_ms;  /* from the last byte of a command (or payload) to the first byte of its answer */
    uint64_t seed;        /* of everything random: local ports, chunk=random */
    size_t fifo;          /* bytes the host's UART holds for sending; 0 = 4096 */
    bool booted;          /* on since long: no boot URCs, registered; a host that attaches to a running module */
    const char *address;  /* the module's own IPv4 address; NULL = "10.64.0.2" */
    const char *address6; /* and its IPv6 address, in contexts that have one; NULL = "2001:db8:64::2" */
    const char *dns[2];   /* its name servers; NULL = "8.8.8.8", "8.8.4.4" */
    int64_t unix_time;    /* what QNTP tells at time 0; 0 = 2026-01-01 00:00:00 UTC */
};

/* ---- the network below the module ---- */

enum modemsim_net_error {
    MODEMSIM_NET_OK,
    MODEMSIM_NET_REFUSED, /* or unreachable, or it took too long */
    MODEMSIM_NET_NO_NAME, /* the name can't be resolved */
    MODEMSIM_NET_PORT_USED,
    MODEMSIM_NET_FULL, /* it has no more sockets */
    MODEMSIM_NET_FAILED,
};

enum modemsim_net_kind { MODEMSIM_TCP, MODEMSIM_UDP };

/* Bits of a set, and so the context types of QICSGP: 1 IPv4, 2 IPv6, 3 both. */
enum modemsim_net_family { MODEMSIM_IPV4 = 1, MODEMSIM_IPV6 = 2 };

/**
 * What the module asks of the network. A handle names one socket; the module chooses it and never uses it twice.
 * No call may answer from inside itself: answers are the modemsim_net_* functions below, at a later moment.
 */
struct modemsim_net {
    /*
     * Connect to host:port, from lport (0 = any). The host is a name, to be looked up in these families, or an address
     * of one of them. Answer: modemsim_net_opened().
     */
    void (*open)(void *net, uint32_t handle, enum modemsim_net_kind kind, unsigned families, const char *host,
                 uint16_t port, uint16_t lport);
    /* Wait for clients (TCP) or datagrams (UDP) of this one family on lport. Answer: modemsim_net_opened(). */
    void (*listen)(void *net, uint32_t handle, enum modemsim_net_kind kind, unsigned family, uint16_t lport);
    /* Take a copy and send it; ip and port only for a UDP socket made by listen. TCP answer: modemsim_net_acked(). */
    void (*send)(void *net, uint32_t handle, const void *data, size_t len, const char *ip, uint16_t port);
    /* Flush and send FIN; modemsim_net_closed() when the peer's FIN is there. */
    void (*close)(void *net, uint32_t handle);
    /* Forget the socket now; nothing more is said about it. */
    void (*drop)(void *net, uint32_t handle);
    /* The receive buffer has room again after modemsim_net_received() took less than it was offered. */
    void (*resume)(void *net, uint32_t handle);
    /* Look up a name's addresses of these families. Answer: modemsim_net_resolved() with the same handle. */
    void (*resolve)(void *net, uint32_t handle, unsigned families, const char *name);
};

/** An open() or listen() is done. @p ip: the peer, NULL if not known. Events of closed handles are ignored. */
void modemsim_net_opened(struct modemsim *sim, uint32_t handle, enum modemsim_net_error error, const char *ip,
                         uint16_t lport);
/** Stream data. Returns how much fits into the receive buffer; the rest is the TCP window's: wait for resume(). */
size_t modemsim_net_received(struct modemsim *sim, uint32_t handle, const void *data, size_t len);
/** One datagram and its sender. */
void modemsim_net_datagram(struct modemsim *sim, uint32_t handle, const void *data, size_t len, const char *ip,
                           uint16_t port);
/** The peer acknowledged @p len more bytes. */
void modemsim_net_acked(struct modemsim *sim, uint32_t handle, size_t len);
/** The peer's FIN (all its data was accepted before), or its reset. */
void modemsim_net_closed(struct modemsim *sim, uint32_t handle, bool reset);
/**
 * The connection is gone, and what was on its way with it: no end of a stream, for the host must not take it for one.
 * A "recv" makes the host look; what it asks of this id then is refused, and QISTATE doesn't list it.
 */
void modemsim_net_lost(struct modemsim *sim, uint32_t handle);
/** A client of a listener. Returns the handle of the new connection, 0 if the module refuses it. */
uint32_t modemsim_net_incoming(struct modemsim *sim, uint32_t listener, const char *ip, uint16_t port);
/** The answer of a resolve(); count 0 = failed. @p ttl in seconds. */
void modemsim_net_resolved(struct modemsim *sim, uint32_t handle, const char *const *ips, size_t count, uint32_t ttl);

/* ---- the module ---- */

/** Makes a module; NULL for an unknown module name. @p net must outlive it. */
struct modemsim *modemsim_new(const struct modemsim_options *options, const struct modemsim_net *net, void *net_ctx);
void modemsim_free(struct modemsim *sim);

/**
 * Arms one fault, "NAME", "NAME=VALUE" or "NAME@BYTES"; modemsim_fault_help() lists them. Times and byte counts start
 * at this call, so a fault may be armed before the first byte or in the middle of a session.
 * @return 0, or -1 if there is no such fault or its value is wrong
 */
int modemsim_fault(struct modemsim *sim, const char *spec);
/** Disarms a fault by its name. */
void modemsim_fault_clear(struct modemsim *sim, const char *name);
/** Prints the table of faults. */
void modemsim_fault_help(FILE *out);

/** Host to module. Returns how many bytes the host's UART took now: all, unless its FIFO is full. */
size_t modemsim_write(struct modemsim *sim, uint64_t now_us, const void *bytes, size_t len);
/** Module to host: takes what has arrived by now, at most @p len bytes. */
size_t modemsim_read(struct modemsim *sim, uint64_t now_us, void *buf, size_t len);
/** Lets the module live up to now. */
void modemsim_run(struct modemsim *sim, uint64_t now_us);
/** When something happens next: a byte to read, room to write, a timer. UINT64_MAX: never, unless the host writes. */
uint64_t modemsim_next_us(struct modemsim *sim, uint64_t now_us);
/** As modemsim_next_us(), but for received bytes only when @p want of them have arrived, or the line pauses. */
uint64_t modemsim_next_block_us(struct modemsim *sim, uint64_t now_us, size_t want);
/** The reset line: all that is volatile is lost and the module boots, also after a power-down or when it hangs. */
void modemsim_reset(struct modemsim *sim);

/** The module's clock: the time of the event that is being handled. */
uint64_t modemsim_now_us(const struct modemsim *sim);
/** Calls @p fn at @p at_us of the module's clock (used by networks on virtual time). */
void modemsim_at(struct modemsim *sim, uint64_t at_us, void (*fn)(void *ctx, uint64_t arg), void *ctx, uint64_t arg);

/* ---- an owner who knows better: a module that stands for another one ---- */

/**
 * Is shown each command of a line without its AT, "+CSQ", "+QPING=1,\"a\"" or "I0", before the module answers it;
 * @p known: it has an answer. True: taken; the module is busy until modemsim_answer(), which comes later, not from
 * inside.
 */
typedef bool (*modemsim_command_fn)(void *ctx, const char *command, bool known);
void modemsim_on_command(struct modemsim *sim, modemsim_command_fn fn, void *ctx);
/** Part of the answer to the command that was taken; @p ends: of a line. Ignored when the module has restarted. */
void modemsim_answer_text(struct modemsim *sim, const char *text, size_t len, bool ends);
/**
 * Its final result: "OK", "ERROR", or "+CME ERROR: N", which is shown as the host wants it by CMEE; any other is shown
 * as it is. NULL: the module answers itself after all.
 */
void modemsim_answer(struct modemsim *sim, const char *final);
/** <n> that the host has set for "CREG", "CGREG" or "CEREG": an owner's answer to their query begins with it. */
int modemsim_registration_mode(const struct modemsim *sim, const char *domain);
/** An unsolicited line. */
void modemsim_tell(struct modemsim *sim, const char *line);
/**
 * What the network is like from now on: the registration, <stat> of CREG, and whether a context can be active. When it
 * can't any more the network takes the contexts away: "pdpdeact" for each, then "closed" for each of their sockets,
 * which are gone. The module makes up no cell then.
 */
void modemsim_set_network(struct modemsim *sim, int stat, bool data);

/* ---- what happened ---- */

/** A value of QICFG as the module has it now, e.g. "tcp/keepalive" 1, its idle time; -1 if there is no such value. */
long modemsim_config(const struct modemsim *sim, const char *key, int i);

/** Counters; the lines from command_while_busy on are wrong use by the host, or wasteful use. */
struct modemsim_report {
    uint64_t commands;
    uint64_t bytes_from_host;
    uint64_t bytes_to_host;
    uint64_t urcs;
    uint64_t urcs_dropped; /* by a fault, or because the URC port is another one */
    uint64_t resets;
    uint64_t payload_sent;     /* bytes taken by QISEND */
    uint64_t payload_received; /* bytes given by QIRD or push URCs */
    uint64_t qird;
    uint64_t qird_empty; /* QIRD that found nothing: a wasted poll */
    uint64_t qisend;
    uint64_t send_fail;
    uint64_t datagrams_lost;        /* no room in the receive buffer */
    uint64_t datagrams_cut;         /* QIRD asked for less than the datagram */
    uint64_t bytes_lost;            /* sent to a module that was off, booting or silent */
    uint64_t stray_ctrl_z;          /* 0x1A in command mode: tolerated */
    uint64_t command_while_busy;    /* a line that began before the answer to the last one was out: discarded */
    uint64_t payload_before_prompt; /* payload bytes lost because the prompt was not out yet */
    uint64_t send_too_long;         /* QISEND of more than 1460 bytes, QISENDEX of more than 512 digits */
    uint64_t read_too_long;         /* QIRD of more than 1500 bytes */
    uint64_t data_timeouts;         /* payload that never became complete */
    uint64_t unknown_commands;
    uint64_t not_a_command; /* a line without AT */
    uint64_t line_too_long;
};

const struct modemsim_report *modemsim_report(const struct modemsim *sim);
/** One counter by its name; 0 for an unknown name. */
uint64_t modemsim_report_get(const struct modemsim_report *report, const char *name);
/** Sum of the wrong uses: 0 for a host that keeps to the manual. */
uint64_t modemsim_report_wrong_use(const struct modemsim_report *report);
/** Prints every counter that isn't 0, one a line. */
void modemsim_report_print(const struct modemsim_report *report, FILE *out);

#endif
