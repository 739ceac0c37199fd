/*
 * The inside of modemsim, shared by its files: the module's state and the few calls they make to each other.
 * Facts about modules are tables in profile.c, faults in fault.c, commands in the cmd_*.c files.
 */
#ifndef MODEMSIM_SIM_H
#define MODEMSIM_SIM_H

#include "line.h"
#include "modemsim.h"

enum {
    SOCKETS = 12,        /* connection ids 0-11 */
    CONTEXTS = 16,       /* PDP contexts 1-16 */
    MAX_ACTIVE = 3,      /* contexts active at once */
    MAX_SEND = 1460,     /* bytes a QISEND */
    MAX_HEX = 512,       /* digits a QISENDEX */
    MAX_READ = 1500,     /* bytes a QIRD or a push URC */
    SEND_BUFFER = 10240, /* EC200U's free space in sendinfo; not documented for family A */
    RECV_BUFFER = 10240, /* lowest recv/buffersize of EC25 */
    LINE_MAX_CHARS = 1024,
    ADDRESS_MAX = 64,
    NAME_MAX_CHARS = 200,
    ARGS = 12,
    CFG_KEYS = 16,
    CFG_VALUES = 4,
};

enum qi_error { /* the codes of QIGETERROR and of +QIOPEN */
                QI_OK = 0,
                QI_UNKNOWN = 550,
                QI_INVALID = 552,
                QI_NO_SOCKET = 554,
                QI_UNSUPPORTED = 555,
                QI_BIND = 556,
                QI_PDP_OPEN = 561,
                QI_ID_USED = 563,
                QI_DNS_BUSY = 564,
                QI_DNS_FAILED = 565,
                QI_CONNECT = 566,
                QI_CLOSED = 567,
                QI_TIMEOUT = 569,
                QI_PDP_BROKEN = 570,
                QI_CANCELLED = 571,
                QI_NOT_ALLOWED = 572,
};

enum cme_error { CME_NOT_ALLOWED = 3, CME_NO_SIM = 10, CME_SIM_PIN = 11, CME_BAD_PASSWORD = 16, CME_UNKNOWN = 100 };

/* ---- faults ---- */

enum fault_id {
    F_NO_SIM,
    F_SIM_PIN,
    F_NO_REGISTRATION,
    F_REGISTRATION,
    F_REGISTRATION_AFTER,
    F_SILENT,
    F_SILENT_AFTER,
    F_SILENT_AT,
    F_BOOT_DELAY,
    F_URCPORT,
    F_RESET_AT,
    F_RESET_AFTER,
    F_DROP_URC,
    F_DROP_URC_DURING_SEND,
    F_DROP_PROMPT,
    F_LATE_PROMPT,
    F_PROMPT_NO_BLANK,
    F_PROMPT_CRLF,
    F_SEND_FAIL,
    F_SEND_BUFFER,
    F_ERROR_FOR,
    F_ERROR_CODE,
    F_LATE_ANSWER,
    F_NO_ANSWER,
    F_QIACT_DELAY,
    F_OPEN_DELAY,
    F_OPEN_ERROR,
    F_PDPDEACT_AFTER,
    F_STALE_QIACT,
    F_QIACT_TYPE,
    F_SINGLE_PDN,
    F_QISTATE_CLIENT_STATE,
    F_URC_BEFORE_RESPONSE,
    F_URC_INSIDE_RESPONSE,
    F_URC_BEFORE_PROMPT,
    F_SPURIOUS_RECV,
    F_CLOSE_POLICY,
    F_FIN_ACK_DELAY,
    F_DROP_BYTE,
    F_FLIP_BYTE,
    F_INSERT_BYTE,
    F_DROP_HOST_BYTE,
    F_CHUNK,
    F_PAYLOAD_TRAILING_CRLF,
    F_BUSY_ID,
    F_FAILED_OPEN,
    F_RECVIND,
    F_EXTRA_BLANK_LINES,
    F_DNS_ERROR,
    F_LOST_PING,
    FAULTS
};

struct fault {
    bool on;
    uint64_t number; /* its value, if it has one */
    uint64_t left;   /* how many more times it strikes */
    char text[96];
};

/* ---- the module ---- */

struct profile {
    const char *name; /* what --module and CGMM say */
    const char *revision;
    unsigned mask;       /* bit in the tables that differ by module */
    const char *rat;     /* QCSQ */
    int act;             /* access technology in COPS? and CEREG? */
    const char *boot[8]; /* URCs of a boot, in order */
};
enum { M_BG96 = 1, M_BG95 = 2, M_EC25 = 4, M_ALL = 7 };

struct context {
    int type, auth;
    unsigned families; /* while it is active: those of its type at the activation */
    char apn[NAME_MAX_CHARS], user[NAME_MAX_CHARS], password[NAME_MAX_CHARS];
    bool active;
    bool stale; /* the network took it away and nobody was told */
};

enum service { FREE, TCP, UDP, TCP_LISTENER, UDP_SERVICE, TCP_INCOMING };
enum { STATE_INITIAL, STATE_OPENING, STATE_CONNECTED, STATE_LISTENING, STATE_CLOSING }; /* as QISTATE prints them */

struct datagram {
    struct datagram *next;
    char ip[ADDRESS_MAX];
    uint16_t port;
    size_t len;
    uint8_t bytes[];
};

struct socket {
    enum service service;
    int state, cid, access, server;
    unsigned family; /* UDP_SERVICE, TCP_LISTENER: of what it waits for */
    uint32_t handle;
    char host[NAME_MAX_CHARS];
    uint16_t rport, lport;
    uint8_t *rx; /* stream: ring of rx_cap bytes */
    size_t rx_cap, rx_head, rx_len;
    struct datagram *first, *last;
    bool notified;                        /* a recv URC is out and the buffer was not emptied since */
    bool window_shut;                     /* the network was told to wait */
    bool peer_closed;                     /* its FIN or reset is there */
    bool closed_told;                     /* the closed URC is out */
    uint64_t sent, acked, received, read; /* counters of QISEND=id,0 and QIRD=id,0 */
};

enum phase {
    PHASE_OFF,     /* no power, or booting: bytes are lost */
    PHASE_COMMAND, /* waits for a command line */
    PHASE_BUSY,    /* a command runs; what the host sends is discarded up to its CR */
    PHASE_PROMPT,  /* QISEND was accepted, its prompt isn't out yet */
    PHASE_DATA,    /* payload */
    PHASE_ONLINE,  /* a data call: the host speaks to its peer */
};

enum final { OK, ERROR, SEND_OK, SEND_FAIL, CONNECT, NO_CARRIER, NO_FINAL, PENDING };

struct timer {
    uint64_t at_us;
    void (*fn)(void *ctx, uint64_t arg);
    void *ctx;
    uint64_t arg;
    bool of_module; /* forgotten at a reset */
};

struct send {
    int id;
    bool variable;     /* ends with Ctrl-Z */
    size_t want, have; /* bytes */
    char ip[ADDRESS_MAX];
    uint16_t port;
    uint8_t bytes[MAX_SEND];
    uint64_t open_us; /* when '>' is out */
    uint64_t serial;  /* the how-manieth send, so that a data timeout knows its own */
};

struct owner {
    modemsim_command_fn on_command; /* NULL: the module answers all itself */
    void *ctx;
    bool answers; /* the command that runs was taken */
    char command[LINE_MAX_CHARS + 1];
    bool network; /* the two below hold */
    int stat;
    bool data;
};

struct modemsim {
    struct modemsim_options options;
    const struct profile *profile;
    const struct modemsim_net *net;
    void *net_ctx;
    struct modemsim_report report;
    struct fault fault[FAULTS];
    uint64_t random;

    uint64_t now_us;
    bool started;
    struct timer *timers; /* latest first */
    size_t timer_count, timer_cap;

    struct line rx, tx; /* from the host, to the host */
    uint64_t tx_count;  /* bytes put since a byte fault was armed */
    uint64_t rx_count;
    bool muted; /* a fault: nothing goes out any more */
    bool hung;  /* a fault: nothing is taken or given any more */

    enum phase phase;
    char line[LINE_MAX_CHARS + 1];
    size_t line_len;
    bool discarding;       /* the rest of a line that came too early */
    uint64_t final_end_us; /* when the last final result is out */
    const char *chain;     /* the rest of a line with ';' */
    bool answer_begun;
    struct send send;
    bool sending; /* from the accepted QISEND to its final result */
    char *held;   /* URCs that wait for the end of a send */
    size_t held_len, held_cap;

    bool echo, verbose, payload_echo;
    int cmee, cfun, reg_mode[3], stat, cgatt, cops_format;
    int ifc[2];
    char urcport[16];
    bool pin_locked;
    int last_error;
    char dns[2][ADDRESS_MAX];
    long cfg[CFG_KEYS][CFG_VALUES];

    struct context context[CONTEXTS + 1]; /* by cid, [0] unused */
    bool other_bearer;                    /* single-pdn: the attach bearer sits on another cid */
    struct socket socket[SOCKETS];
    uint32_t next_handle;
    int last_pushed;
    int closing; /* the id a QICLOSE waits for, -1 none */
    struct owner owner;
    bool call;              /* ATD*99# was answered by CONNECT */
    size_t pluses;          /* of an escape so far */
    uint64_t online_us;     /* when the last byte came */
    uint64_t online_serial; /* counts them */
    struct {
        int charset, service, format, memory[3], indication[5];
    } text; /* settings of texts and messages */
    struct lookup {
        uint32_t handle; /* 0 = none */
        int pings, lost; /* 0 = QNTP */
        long wait_s;
        char name[NAME_MAX_CHARS];
    } dns_query, tool_query;
};

/* sim.c: time, output, life cycle */
void sim_after(struct modemsim *sim, uint64_t ms, void (*fn)(void *ctx, uint64_t arg), uint64_t arg);
uint64_t sim_random(struct modemsim *sim);
void sim_put(struct modemsim *sim, const void *bytes, size_t len);
void sim_line(struct modemsim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_text(struct modemsim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_payload(struct modemsim *sim, const struct socket *s, size_t len, const struct datagram *d);
void sim_urc(struct modemsim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sim_urc_wanted(struct modemsim *sim, const char *text);
void sim_finish(struct modemsim *sim, enum final result);
enum final sim_fail(struct modemsim *sim, int qi_error);
enum final sim_cme(struct modemsim *sim, int code);
void sim_power_off(struct modemsim *sim);
void sim_restart(struct modemsim *sim);
void sim_boot(struct modemsim *sim, uint64_t delay_ms);

/* network.c: SIM and registration */
bool sim_registered(const struct modemsim *sim);
bool sim_has_sim(const struct modemsim *sim);
void sim_register(struct modemsim *sim);
void sim_set_stat(struct modemsim *sim, int stat);
/* cmd_context.c */
void sim_lose_contexts(struct modemsim *sim, bool say);
const char *sim_address(const struct modemsim *sim, unsigned family);

/* input.c: what the host sends */
bool sim_input(struct modemsim *sim, uint64_t limit_us);
uint64_t sim_input_next_us(const struct modemsim *sim);
void sim_execute(void *ctx, uint64_t arg);
enum final sim_answer_itself(struct modemsim *sim, const char *command);

/* cmd_v250.c */
enum final sim_parameter(const char **text);
enum final sim_dial(struct modemsim *sim, const char *number);
size_t sim_feed_online(struct modemsim *sim, const uint8_t *bytes, size_t len);

/* cmd_card.c */
void card_defaults(struct modemsim *sim);

/* owner.c */
bool sim_owner_takes(struct modemsim *sim, const char *text, size_t len, bool known);

/* data.c: QISEND's data entry */
enum final sim_transmit(struct modemsim *sim, struct socket *s, const void *bytes, size_t len, const char *ip,
                        uint16_t port);
void sim_open_data(struct modemsim *sim);
size_t sim_feed_data(struct modemsim *sim, const uint8_t *bytes, size_t len);

/* socket.c */
uint32_t sim_new_handle(struct modemsim *sim);
struct socket *sim_by_handle(struct modemsim *sim, uint32_t handle);
void sim_socket_clear(struct modemsim *sim, struct socket *s);
void sim_sockets_drop(struct modemsim *sim, int cid);
bool sim_is_datagram(const struct socket *s);
void sim_socket_drained(struct modemsim *sim, struct socket *s);
size_t sim_socket_unread(const struct socket *s);
void sim_socket_take(struct socket *s, size_t len);
void sim_datagram_take(struct socket *s);
size_t sim_recv_buffer(const struct modemsim *sim);
void sim_socket_opened(struct modemsim *sim, struct socket *s, int error);
bool sim_push_pending(const struct modemsim *sim);
void sim_push(struct modemsim *sim);
int sim_id(const struct modemsim *sim, const struct socket *s);

/* fault.c */
bool fault_on(const struct modemsim *sim, enum fault_id id);
bool fault_strikes(struct modemsim *sim, enum fault_id id); /* and uses one strike up */
uint64_t fault_number(const struct modemsim *sim, enum fault_id id, uint64_t otherwise);
const char *fault_text(const struct modemsim *sim, enum fault_id id, const char *otherwise);
bool fault_names(struct modemsim *sim, enum fault_id id, const char *text); /* its text is a prefix of this one */

/* cmd_config.c */
void config_defaults(struct modemsim *sim);
long config_value(const struct modemsim *sim, const char *key, int i); /* 0 if the module has no such key */

/* profile.c */
const struct profile *profile_find(const char *name);
const char *qi_text(int code);
const char *cme_text(int code);

/* ---- commands ---- */

struct arg {
    const char *text;
    bool given, quoted, number;
    long value;
};

struct args {
    struct arg arg[ARGS];
    int count;
    bool bad;
    char store[LINE_MAX_CHARS + ARGS + 1];
};

struct command {
    const char *name;                                          /* after AT */
    enum final (*exec)(struct modemsim *sim);                  /* AT+X */
    enum final (*read)(struct modemsim *sim);                  /* AT+X? */
    enum final (*write)(struct modemsim *sim, struct args *a); /* AT+X=... */
    const char *test;                                          /* AT+X=? */
};

/* Each table ends with a NULL name. */
extern const struct command general_commands[], network_commands[], context_commands[], socket_commands[],
    transfer_commands[], tool_commands[], config_commands[], v250_commands[], card_commands[];

/* args.c */
void args_parse(struct args *a, const char *text, size_t len);
bool args_int(const struct args *a, int i, long min, long max, long *value);    /* must be there */
bool args_int_or(const struct args *a, int i, long min, long max, long *value); /* keeps *value if absent */
const char *args_string(const struct args *a, int i);                           /* NULL if absent or not quoted */

#endif
