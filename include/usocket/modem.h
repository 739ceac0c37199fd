/**
 * @file modem.h
 * One modem: its memory, the network, its own AT commands and events, what went wrong. Included by usocket/usocket.h,
 * which says how the calls are used together.
 */
#ifndef USOCKET_MODEM_H
#define USOCKET_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "usocket/api.h"
#include "usocket/config.h"
#include "usocket/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library, as in CHANGELOG.md. */
#define USOCKET_VERSION "0.1.0"

/** How far the network has come: checkNet's stages, and 0. */
enum usocket_stage {
    USOCKET_STAGE_MODULE = 0,       /**< sub 0: the module does not answer; 1: it answers, set-up goes on */
    USOCKET_STAGE_SIM = 1,          /**< sub: enum usocket_sim */
    USOCKET_STAGE_REGISTRATION = 2, /**< sub: -1 unknown yet, else <stat> of 3GPP TS 27.007 +CEREG: 0 not registered,
                                         1 home, 2 searching, 3 denied, 4 unknown, 5 roaming, ... */
    USOCKET_STAGE_DATA = 3,         /**< sub 0: the data call is not up; 1: it is up, sockets work */
};

/** Sub-codes of the SIM stage, as checkNet's. */
enum usocket_sim {
    USOCKET_SIM_ABSENT = 0,
    USOCKET_SIM_READY = 1,
    USOCKET_SIM_PIN = 2,
    USOCKET_SIM_PUK = 3,
    USOCKET_SIM_LOCKED = 4, /**< a personalisation lock: 4 and above, see 3GPP TS 27.007 +CPIN */
    USOCKET_SIM_PIN2 = 8,
    USOCKET_SIM_PUK2 = 9,
    USOCKET_SIM_BUSY = 18, /**< being initialised */
    USOCKET_SIM_BLOCKED = 19,
    USOCKET_SIM_INVALID = 20,
    USOCKET_SIM_UNKNOWN = 21,
};

/* --- the modem ---------------------------------------------------------------------------------------------------- */

/** Types of a PDP context, as AT+QICSGP numbers them. */
enum usocket_pdp { USOCKET_PDP_IPV4 = 1, USOCKET_PDP_IPV6 = 2, USOCKET_PDP_IPV4V6 = 3 };

/** What the driver does by itself when something has failed, from the mildest on; see usocket_config::on_recovery. */
enum usocket_recovery {
    USOCKET_RECOVERY_RESYNC = 1, /**< a command had no usable answer: the line was synchronised again */
    USOCKET_RECOVERY_CLOSE,      /**< a connection has failed: its id is taken back by QICLOSE */
    USOCKET_RECOVERY_CONTEXT,    /**< the data call was lost or is of no use: QIDEACT, then QIACT */
    USOCKET_RECOVERY_RESET,      /**< nothing milder helps: the module is reset */
    USOCKET_RECOVERY_RESTARTED,  /**< the module has started anew by itself: it is set up again */
    USOCKET_RECOVERY_UP,         /**< the network is up, for the first time or again */
};

typedef void (*usocket_recovery_fn)(void *ctx, enum usocket_recovery what);

/** What usocket is told about one modem. All pointers must stay valid as long as the modem is used; NULL: default. */
struct usocket_config {
    const char *apn;      /**< access point name; NULL leaves the context as the module has it stored */
    const char *user;     /**< APN user name; NULL: none */
    const char *password; /**< APN password; NULL: none */
    uint8_t auth;         /**< 0 none, 1 PAP, 2 CHAP; used when @ref user is given */
    uint8_t cid;          /**< PDP context 1..16; 0 is 1 */
    uint8_t pdp;          /**< enum usocket_pdp, used when @ref apn is given; 0 is USOCKET_PDP_IPV4 */
    const char *urc_port; /**< the module's name of the port we are on: "uart1" (default), "usbat", "usbmodem"; the
                             module prints its events only on the port set by AT+QURCCFG. "" leaves the setting alone */
    const char *dialect;  /**< module family: "auto" (default, asks the module), or a name of usocket_dialects() */
    bool rtscts;          /**< the UART's RTS and CTS are wired: AT+IFC=2,2 */
    /** Is told each step of recovery, or NULL. Any call may be made from it. */
    usocket_recovery_fn on_recovery;
    void *recovery_ctx;
    /**
     * Seconds between one reset of the module and the next, the second and all later ones, as long as they do not help;
     * the first is done at once. 0 0 0 is 600 1800 3600, as Quectel's flow chart has it.
     */
    uint16_t reset_pause_s[3];
    bool no_reset;    /**< never reset the module */
    uint16_t close_s; /**< seconds that QICLOSE may hold the module while it waits for the peer's FIN, 1..10; 0 is 1 */
};

struct usocket_modem; /* complete below: the program must be able to allocate it */
struct usocket;

/**
 * Prepares a modem. Nothing is sent yet. May be called again to start over; sockets of before are gone then.
 *
 * @param port    functions of the line; kept, not copied
 * @param config  what to tell the module; copied, but not what its pointers point to; NULL: all defaults
 * @return 0, -EINVAL (a member of @p config can't be: a quote or a control byte in a text, a context id above 16, an
 *         unknown dialect or type of context), or -EPROTO (this program was compiled with other sizes than the library)
 */
#define usocket_init(modem, port, ctx, ...)                                                                            \
    usocket_init_sized(modem, sizeof(struct usocket_modem), port, ctx, __VA_ARGS__)
USOCKET_API int usocket_init_sized(struct usocket_modem *modem, size_t size, const struct usocket_port *port, void *ctx,
                                   const struct usocket_config *config);

/**
 * Brings the network up and keeps it up: module, SIM, registration, data call. Waits until sockets work.
 *
 * @param stage  where it stands at the return (enum usocket_stage); NULL: not wanted
 * @param sub    the sub-code of that stage; NULL: not wanted. Success is stage 3, sub 1
 * @return 0, -ETIMEDOUT, or at once what waiting can't mend: -ENOMEDIUM (no SIM), -EACCES (the SIM wants a PIN or a
 *         PUK, is blocked or locked); -EAGAIN from a callback
 *
 * The first call, also with a time-out of 0, starts the bring-up; usocket_process() carries it on.
 */
USOCKET_API int usocket_wait_network(struct usocket_modem *modem, int32_t timeout_ms, int *stage, int *sub);

/**
 * Does all that can be done now: reads the line, advances every state machine, writes the line. Never waits.
 *
 * @return milliseconds until it must be called again even if no byte comes; UINT32_MAX: only when bytes come
 */
USOCKET_API uint32_t usocket_process(struct usocket_modem *modem);

/** True when bytes wait for room in the port's write(): then wake up for that too. */
USOCKET_API bool usocket_wants_write(struct usocket_modem *modem);

/**
 * Closes all sockets and waits until the module has confirmed each, so that nothing of this program is left in it.
 *
 * @return 0, or -ETIMEDOUT when the module did not answer in time
 */
USOCKET_API int usocket_shutdown(struct usocket_modem *modem, int32_t timeout_ms);

/** Counters of one modem since usocket_init(). Each stands for something that was noticed and survived. */
struct usocket_stats {
    uint32_t rx_bytes, tx_bytes; /**< bytes on the line */
    uint32_t commands;           /**< command lines sent */
    uint32_t urcs;               /**< unsolicited result codes that were known */
    uint32_t lines_unknown;      /**< lines that were neither an answer, an echo nor a known URC: dropped */
    uint32_t lines_overlong;     /**< lines longer than USOCKET_LINE_SIZE: dropped */
    uint32_t late_answers;       /**< answers that came after their command had been given up: dropped */
    uint32_t timeouts;           /**< commands that were given up */
    uint32_t resyncs;            /**< times the line was synchronised again after a time-out */
    uint32_t empty_polls;        /**< safety polls that found nothing */
    uint32_t send_retries;   /**< blocks that the module refused for want of room (SEND FAIL) and that were repeated */
    uint32_t module_resets;  /**< times the module started anew by itself */
    uint32_t context_losses; /**< times the network took the data call away, or it was of no use */
    uint32_t closes_after_failure; /**< connection ids that were taken back after a failure */
    uint32_t resets;               /**< times the driver has reset the module */
    uint32_t clients_refused; /**< clients that were closed unaccepted: the backlog, our sockets or the module's full */
    uint32_t datagrams_lost;  /**< datagrams of which not all arrived here, or whose sending was not confirmed */
    uint32_t payload_discarded; /**< payload bytes that belonged to no socket, or more than was asked for */
};

/** The counters as they are now. */
USOCKET_API void usocket_get_stats(struct usocket_modem *modem, struct usocket_stats *stats);

/** Facts about the module and the data call, once usocket_wait_network() has got them; "" before. */
struct usocket_info {
    char model[24];      /**< "BG96", as the module names itself */
    char address[46];    /**< the data call's own IPv4 address */
    char address6[46];   /**< ... and IPv6 address */
    const char *dialect; /**< the family by which it is driven */
};

USOCKET_API void usocket_get_info(struct usocket_modem *modem, struct usocket_info *info);

/** Name of the @p index-th dialect, 0 and up; NULL at the end of the list. */
USOCKET_API const char *usocket_dialects(size_t index);

/** What usocket_at_command() hands over. */
enum usocket_line {
    USOCKET_LINE,       /**< an information response, or the end of one that came in pieces */
    USOCKET_LINE_PIECE, /**< the beginning or the middle of a line longer than USOCKET_LINE_SIZE: it goes on */
    USOCKET_LINE_FINAL, /**< the final result; nothing comes behind it */
};

/** A line of a command's answer, without its line end and not terminated by NUL. */
typedef void (*usocket_line_fn)(void *ctx, const char *line, size_t len, enum usocket_line kind);

/**
 * Sends one AT command of the program's own, between those of the driver, and waits for its final result. Only the
 * module's start-up (echo off and so on) is done before; no network is needed.
 *
 * @param command     as in the manual, "AT+CSQ"; without CR
 * @param on_line     receives the answer line by line; may be NULL
 * @return 0 for OK; -EIO for ERROR and any +CME or +CMS ERROR (the final line says which); -ETIMEDOUT; -EINVAL (a
 *         control byte in the command, or not a command); -EMSGSIZE (longer than USOCKET_COMMAND_SIZE); -EBUSY (another
 *         own command runs); -EAGAIN from a callback; -ENETRESET (the module started anew meanwhile); -EOPNOTSUPP (the
 *         module asked for data with a prompt: that was cancelled)
 *
 * Commands that change what the driver relies on (ATE1, ATV0, AT+QICLOSE of its ids) are the caller's own risk.
 */
USOCKET_API int usocket_at_command(struct usocket_modem *modem, const char *command, usocket_line_fn on_line, void *ctx,
                                   int32_t timeout_ms);

/** An own command that runs while the program does other things. The struct is the caller's and stays until it ends. */
struct usocket_at {
    int result; /**< -EINPROGRESS, then as usocket_at_command() returns */
    /* private */
    bool sent;
    const char *command;
    usocket_line_fn on_line;
    void *ctx;
    int32_t timeout_ms;
    uint32_t since_ms;
};

/**
 * Starts usocket_at_command() and does not wait: usocket_process() sends the command and hands over the answer, and any
 * call may; `result` then changes from -EINPROGRESS. May be called from any callback. In that of the command itself it
 * is -EBUSY, unless usocket_at_cancel() comes first: the final line has told how it went.
 *
 * @param at          the program's memory for it; not touched if this fails
 * @param command     not copied: it stays where it is until it has ended
 * @param timeout_ms  from now to the end; negative: none but that of the slowest command, 180 s once it is sent
 * @return 0, or -EINVAL, -EMSGSIZE or -EBUSY as usocket_at_command(); a line that is gone is told by `result`
 */
USOCKET_API int usocket_at_start(struct usocket_modem *modem, struct usocket_at *at, const char *command,
                                 usocket_line_fn on_line, void *ctx, int32_t timeout_ms);

/** Gives it up; harmless when it has ended. Its struct may be reused at once; an answer that comes late is dropped. */
USOCKET_API void usocket_at_cancel(struct usocket_modem *modem, struct usocket_at *at);

/** Receives the whole line, without its line end and not terminated by NUL. Any call may be made from it. */
typedef void (*usocket_urc_fn)(void *ctx, const char *line, size_t len);

/** An unsolicited result code of the program's own interest. The struct is the caller's and stays where it is. */
struct usocket_urc { /* private */
    const char *name;
    usocket_urc_fn fn;
    void *ctx;
    struct usocket_urc *next;
};

/**
 * Has @p fn called for each unsolicited line of the module whose name is @p name: "+QGPSURC" takes "+QGPSURC: 1" and
 * "+QGPSURC". Lines that the driver uses itself may be listened to as well. An answer to a command is not one.
 *
 * @param urc  the program's memory for it, one for each name; given again, it is changed
 * @param fn   NULL: no more
 * @return 0 or -EINVAL (an empty name)
 */
USOCKET_API int usocket_on_urc(struct usocket_modem *modem, struct usocket_urc *urc, const char *name,
                               usocket_urc_fn fn, void *ctx);

/* --- errors ------------------------------------------------------------------------------------------------------- */

/** Text for an errno value of this library, positive or negative, that says what happened. Never NULL. */
USOCKET_API const char *usocket_strerror(int error);

/**
 * The module's own number for the last thing that went wrong: 550..579 of a TCP/IP command (AT+QIGETERROR, +QIOPEN), or
 * that of the last +CME ERROR (3GPP TS 27.007 9.2). 0: nothing yet.
 */
USOCKET_API int usocket_last_module_error(struct usocket_modem *modem);

/** Text for such a number. Never NULL. */
USOCKET_API const char *usocket_module_strerror(int code);

/** The negative errno by which this library reports such a number. */
USOCKET_API int usocket_module_errno(int code);

#ifdef __cplusplus
}
#endif

#endif
