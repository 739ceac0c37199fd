/*
 * The driver on the simulated module on a virtual clock: no pty, no thread, no sleep; an hour passes in milliseconds
 * and every figure is exact.
 *
 * What the simulated module can't be made to do, a test does in its place: rig_say() puts a line before the module's
 * own output, rig_answer() answers one command for it.
 */
#ifndef TESTS_DRIVER_RIG_H
#define TESTS_DRIVER_RIG_H

#include "memnet.h"
#include "modemsim.h"
#include "usocket/usocket.h"

#define FILES "192.0.2.1" /* files.example: sources, one a port from 8000 on */
#define ECHO  "192.0.2.7" /* echo.example: port 7 */
#define SINK  "192.0.2.9" /* port 9 takes all, 10 keeps its side open, 11 never acknowledges, 12 refuses, 13 is mute */
#define TALK  "192.0.2.8" /* ports 80 to 91: says what the test makes it say with memnet_send() */

enum { RIG_ANSWERS = 8 };

struct rig {
    struct usocket_modem modem;
    struct modemsim *sim;
    struct memnet *net;
    uint64_t now_us;
    struct rig *clock;  /* another rig whose clock this one lives by; NULL: its own */
    uint32_t offset_ms; /* added to what the driver's clock shows */
    size_t read_max;    /* the port gives at most so many bytes a read; 0: all */
    uint32_t block;     /* the port's wait lets so many bytes arrive; 0: 1 */
    int line_error;     /* what read and write answer, 0: the line is there */
    int signals;        /* the next so many sleeps that would last end with -EINTR */
    uint64_t wakeups;   /* returns of wait */
    bool trace;         /* print the AT lines */
    char *sent;         /* every command line so far, each with a line feed */
    size_t sent_len, sent_cap;
    char said[8192]; /* what rig_say() has put before the module's output */
    size_t said_len;
    struct rig_answer {
        const char *command, *answer; /* NULL: free */
    } answers[RIG_ANSWERS];
};

/** A module and a driver that has not begun. NULL: a BG96 that has been on for long, no baud limit. */
struct rig *rig_new(const struct modemsim_options *options, const struct usocket_config *config);

/** The same with the network up. */
struct rig *rig_up(const struct modemsim_options *options);

/** The same with a configuration of the test's own. */
struct rig *rig_up_with(const struct modemsim_options *options, const struct usocket_config *config);

void rig_free(struct rig *r);

/** Lets @p ms pass while the driver works. */
void rig_run(struct rig *r, uint32_t ms);

/** Lets @p ms pass while nobody calls the driver. */
void rig_pass(struct rig *r, uint32_t ms);

/** A blocking TCP socket connected to host:port, or a failed test. */
struct usocket *rig_connect(struct rig *r, const char *host, uint16_t port);

struct usocket_sockaddr rig_address(const char *host, uint16_t port);

uint32_t rig_now_ms(const struct rig *r);

/** Arms a fault of the module, or fails. */
void rig_fault(struct rig *r, const char *spec);

/** The line, framed as an unsolicited result code, arrives now. */
void rig_say(struct rig *r, const char *line);

/** The same with any bytes. */
void rig_say_bytes(struct rig *r, const char *bytes, size_t len);

/** The next command line @p command does not reach the module; @p answer comes back, each byte as it stands. */
void rig_answer(struct rig *r, const char *command, const char *answer);

/** How many command lines that begin so were sent. */
unsigned rig_sent(const struct rig *r, const char *command);

/** The local port that the n-th QIOPEN asked for, from 0. */
unsigned rig_opened_port(const struct rig *r, unsigned n);

/** The peer of the newest connection to @p port says so; or closes. */
void rig_peer_says(struct rig *r, uint16_t port, const void *bytes, size_t len);
void rig_peer_closes(struct rig *r, uint16_t port);

/** A client connects to the module's listener on @p lport, now. Returns its handle for memnet, 0: refused. */
uint32_t rig_client(struct rig *r, uint16_t lport, const char *host, uint16_t port);

/** A datagram from host:port for the module's UDP socket, known by its own port or, if connected, by its peer's. */
void rig_datagram(struct rig *r, uint16_t socket, const void *bytes, size_t len, const char *host, uint16_t port);

struct usocket_stats rig_stats(struct rig *r);

/** How often the host used the module against its manual. */
uint64_t rig_wrong_use(const struct rig *r);

/** The functions of the rig's port; the rig is the context. */
extern const struct usocket_port rig_port;

#endif
