/**
 * @file config.h
 * Every size in usocket that can be chosen, with its default and its cost. Set one by defining the macro for the whole
 * build (-DUSOCKET_MAX_SOCKETS=4; in Meson -Dmax_sockets=4): the library and the program must agree, and usocket_init()
 * refuses a program compiled with other sizes.
 */
#ifndef USOCKET_CONFIG_H
#define USOCKET_CONFIG_H

/** Sockets of one modem, 1..12: the family has connection ids 0..11. Each costs its two buffers and about 72 bytes. */
#ifndef USOCKET_MAX_SOCKETS
#define USOCKET_MAX_SOCKETS 12
#endif

/**
 * Receive ring of a socket in bytes, a power of two from 64 to 32768. A read of the module fetches at most 1500 bytes,
 * and no more than there is room for: 4096 keeps the line busy while the program works on the last block.
 */
#ifndef USOCKET_RX_SIZE
#define USOCKET_RX_SIZE 4096
#endif

/** Send buffer of a socket in bytes, 1..1460. A block of 1460 bytes is the most the module takes in one command. */
#ifndef USOCKET_TX_SIZE
#define USOCKET_TX_SIZE 1460
#endif

/** Longest line of the module that is taken whole, 96 or more; a longer one is counted and dropped. */
#ifndef USOCKET_LINE_SIZE
#define USOCKET_LINE_SIZE 192
#endif

/** Longest command line to the module. 288 has room for a host name of 253 bytes; a longer command is -EMSGSIZE. */
#ifndef USOCKET_COMMAND_SIZE
#define USOCKET_COMMAND_SIZE 288
#endif

/** Addresses kept of one answer of the resolver; the rest are dropped and counted. 28 bytes each, on the caller's
 * stack. */
#ifndef USOCKET_MAX_ADDRESSES
#define USOCKET_MAX_ADDRESSES 4
#endif

/*
 * Parts that can be left out: 0 for each that a program does without. The README has a table of what each costs. What was
 * left out is refused as if the module could not do it.
 */

/** The texts of usocket_strerror() and usocket_module_strerror(); without them all errors read alike. */
#ifndef USOCKET_ERROR_STRINGS
#define USOCKET_ERROR_STRINGS 1
#endif

/** UDP sockets; without them usocket_socket() answers SOCK_DGRAM with -ESOCKTNOSUPPORT. */
#ifndef USOCKET_UDP
#define USOCKET_UDP 1
#endif

/** Listeners: IPPROTO_TCP_SER, usocket_listen(), usocket_accept(). Without them -EPROTOTYPE. */
#ifndef USOCKET_LISTENER
#define USOCKET_LISTENER 1
#endif

/** IPv6; without it -EAFNOSUPPORT, and an address takes 8 bytes instead of 20. */
#ifndef USOCKET_IPV6
#define USOCKET_IPV6 1
#endif

/** usocket_at_command(), usocket_at_start() and usocket_on_urc(); without them -EOPNOTSUPP. */
#ifndef USOCKET_OWN_COMMANDS
#define USOCKET_OWN_COMMANDS 1
#endif

/** Calls of usocket_port::log. */
#ifndef USOCKET_LOG
#define USOCKET_LOG 1
#endif

#endif
