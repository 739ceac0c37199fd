/*
 * Layout of struct usocket_modem and struct usocket, so that a program can allocate them. Private: the members change
 * without notice. Included by usocket/usocket.h.
 */
#ifndef USOCKET_DETAIL_OBJECTS_H
#define USOCKET_DETAIL_OBJECTS_H

#include "usocket/detail/at.h"

struct usocket {
    int8_t id;        /* connection id, -1: none */
    int8_t last_id;   /* the one that is being closed, -1: none */
    uint8_t state;    /* enum usk_conn_state */
    uint8_t service;  /* enum usk_service */
    uint8_t listener; /* place of the listener that has not handed it out yet, plus one */
    uint8_t order;    /* of those that wait for accept */
    uint8_t backlog;
    uint8_t keepalive; /* minutes, 0: off */
    uint8_t linger_s;
    uint8_t access;
    uint8_t opens;     /* how many more QIOPEN are allowed */
    uint8_t ending;    /* enum usocket_state while the module closes: how it came to that */
    uint8_t told;      /* events that were told and are still so */
    bool datagram : 1; /* SOCK_DGRAM */
    bool customize : 1;
    bool bound : 1;
    bool binding : 1;   /* ... which is undone if the open that it began fails */
    bool auto_port : 1; /* local_port is our choice */
    bool reuse : 1;
    bool reopen : 1;
    bool more : 1;       /* the module may hold data */
    bool more_again : 1; /* it said so while a read was under way */
    bool polling : 1;    /* the read under way is a safety poll */
    bool check : 1;      /* ask the module for the state of the connection */
    bool listed : 1;     /* it is in the answer to that */
    bool missed : 1;     /* it was not in the last one */
    bool peer_closed : 1;
    bool count_read : 1; /* compare the totals with the module's: an answer was lost or damaged */
    bool count_sent : 1;
    bool in_doubt : 1;      /* ... and whether the block that it was about is whole can't be told from a total */
    bool orphan : 1;        /* closed by the program; the rest of tx[] is still to go out */
    bool unacked : 1;       /* data was sent whose acknowledgement nobody has asked for */
    bool ask_sent : 1;      /* ... and it is time to ask */
    bool send_turn : 1;     /* reading was first last time */
    bool hungry : 1;        /* a line is waited for: any room is worth a read */
    uint16_t local_port;    /* 0: the module's choice */
    uint16_t rx_at, rx_len; /* the ring: oldest byte, bytes that may be read */
    uint16_t rx_new;        /* bytes behind them of the answer that is not complete yet */
    uint16_t rx_due;        /* payload bytes announced by the answer */
    uint16_t tx_len;        /* bytes in the send buffer */
    uint16_t tx_busy;       /* the first of them that are with the module */
    uint16_t retry_wait_ms; /* grows with each refusal in a row; 0: none */
    uint16_t poll_wait_s;   /* grows with each safety poll that found nothing */
    int16_t error;          /* to be told once; 0: none */
    int32_t timeout_ms;
    uint32_t since_ms;        /* begin of the connect; of the end, for an orphan */
    uint32_t poll_ms;         /* when the last safety poll or data was */
    uint32_t retry_ms;        /* when the module refused the last block */
    uint32_t refused_ms;      /* when it first did, of those in a row */
    uint32_t user_timeout_ms; /* for how long it may; 0: no limit */
    uint32_t rx_total;        /* bytes read out of the module, and bytes it has confirmed, since the open */
    uint32_t tx_total;
    struct usocket_sockaddr peer; /* port 0: UDP, tied to nobody */
    struct usocket_sockaddr to;   /* UDP: for whom the datagram in tx[] is */
    usocket_event_fn on_event;
    void *event_ctx;
    uint16_t life; /* counts the sockets that have had this place: from here on a new one is as the last one left it */
    struct usocket_modem *modem; /* which a call looks at before it has the lock */
    uint8_t rx[USOCKET_RX_SIZE];
    uint8_t tx[USOCKET_TX_SIZE];
};

struct usk_dialect;

struct usk_network {
    uint8_t state;   /* enum in network.c */
    uint8_t setting; /* index in a list of settings */
    uint8_t tries;
    uint8_t goal; /* enum usk_goal */
    uint8_t stage;
    bool line_ok;      /* an information line of the step was as wanted */
    bool again;        /* a connection was not in the list: this is the second look */
    bool asleep;       /* the module has said so: nothing is asked of it until the program wants something */
    bool doubted;      /* it did not say its name: it was asked again, behind a probe */
    uint16_t pause_ms; /* before the next command; 0: none */
    uint16_t listed;   /* connection ids seen in the module's list */
    int16_t sub;
    int16_t hard;      /* the SIM stage can't be passed by waiting */
    uint32_t since_ms; /* begin of the pause or of the stage */
    uint32_t sync_ms;  /* since when the module is waited for */
    const struct usk_dialect *dialect;
    struct usocket_sockaddr address; /* family 0: not known */
    struct usocket_sockaddr address6;
    char model[16];
};

struct usk_resolver {
    uint8_t got;
    bool busy;
    bool owes;     /* the answer of a cancelled query is still to come */
    uint16_t owed; /* addresses still to come of the answer */
    uint32_t since_ms;
    struct usocket_query *head; /* the first one is on the line if `busy` */
};

struct usk_recovery {
    uint8_t resets;    /* in a row, 3 at most: the pause before the next */
    uint8_t opens;     /* failures in a row, of QIOPEN ... */
    uint8_t closes;    /* ... of QICLOSE ... */
    uint8_t downs;     /* ... of QIDEACT ... */
    uint8_t cycles;    /* ... and contexts made anew for the sake of QIOPEN */
    uint32_t reset_ms; /* when the module was reset last */
    uint32_t up_ms;    /* when the network came up last */
    uint32_t resyncs;  /* that were told */
};

struct usocket_modem {
    uint8_t closing;    /* the one under way, plus one */
    uint8_t pushed;     /* whose payload a URC has announced, plus one */
    uint8_t turn;       /* whose turn on the channel it is */
    bool busy;          /* inside usocket_process(): a callback runs */
    uint8_t keepalive;  /* minutes that the module has been told */
    uint8_t order;      /* of the next client to wait for accept */
    bool stirred;       /* bytes came: other threads look again */
    bool watched;       /* a socket has had a callback */
    bool opening;       /* a socket may be waiting for its open */
    uint16_t next_port; /* of those that are ours to choose */
    uint16_t close_ids; /* connection ids to be closed */
    uint16_t push_ids;  /* ... that were opened in direct push mode */
    int16_t down;       /* negative errno of the port, 0: the line is there */
    int16_t last_error;
    uint16_t module_error;
    uint32_t rx_bytes, tx_bytes, empty_polls, send_retries, module_resets, context_losses, resets, closes_after_failure;
    uint32_t clients_refused, datagrams_lost;
    uint32_t now_ms;
    uint32_t unknown_lines; /* how many there had been when the read under way began */
    uint32_t noise;         /* what was odd on the line when it was last looked at */
    const struct usocket_port *port;
    void *port_ctx;
    struct usocket_urc *urcs;
    struct usocket_urc *urc_next; /* whose turn it is, while a line is shown to all */
    uint8_t linger_s[12];         /* of the connection ids to be closed */
    struct usk_recovery recovery;
    struct usk_network net;
    struct usk_resolver resolver;
    struct usocket_at *own; /* NULL: none */
    struct usocket_config config;
    struct usk_channel channel;
    struct usocket sock[USOCKET_MAX_SOCKETS];
};

#endif
