/*
 * Shared by the files of the bring-up: network.c has the transitions, steps.c the commands, recovery.c what is done when
 * nothing else helps.
 */
#ifndef USK_SOCK_NETWORK_H
#define USK_SOCK_NETWORK_H

#include "sock/internal.h"

enum usk_net_state {
    RESET, /* AT+CFUN=1,1 */
    SYNC,  /* AT until the module answers */
    ECHO_OFF,
    NUMBERS,  /* AT+CMEE=1: errors as numbers */
    IDENTIFY, /* ATI: the model, and with it the dialect */
    SETTINGS, /* the dialect's list */
    FLOW,     /* AT+IFC */
    URC_ASK,  /* is ours the port on which the module prints its events? */
    URC_SET,
    READY, /* commands of the program may run */
    LIST,  /* connections that the module holds: those of an earlier run are closed */
    CLEAN,
    SIM,
    CEREG, /* registration: LTE, packet, circuit domain in turn */
    CGREG,
    CREG,
    APN,
    CONTEXT_ASK, /* is the context active already? activating it twice is an error */
    CONTEXT_UP,
    CONTEXT_ADDRESS,
    CONTEXT_DOWN, /* after a failure and after a loss */
    UP,
};

/** The command of the present state. */
const struct usk_step *usk_net_step(const struct usk_network *net);

#endif
