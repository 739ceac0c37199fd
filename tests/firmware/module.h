/*
 * The module that an image talks to, and the hosts behind it: module_uart.c has the real UART1, at which the runner
 * puts the program modemsim; module_linked.c has the simulated module inside the image, on the board's clock.
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "baremetal.h"

extern const struct baremetal_board module_board;

/** The module is in the image: time is virtual, and the functions marked "linked" do what they say. */
extern const bool module_linked;

/**
 * Starts the line; its interrupt goes to @p line.
 *
 * @param baud   linked: of the module's line, 0: no limit
 * @param block  linked: the UART's interrupt comes when so many bytes are there, or the line pauses
 */
void module_start(struct baremetal *line, uint32_t baud, unsigned block);

/** Two clients connect to this port and talk to it; here, or by the runner, who reads of the port on the console. */
void module_clients(uint16_t port);
/** True when what they were told was right; the runner looks at its own. */
bool module_clients_content(void);

/** linked: from now on the UART loses @p burst bytes in every @p every, @p times times. */
void module_overruns(uint32_t every, unsigned burst, unsigned times);

/** Where the hosts are; the linked ones have the ports of enum module_ports. */
#define MODULE_HOST "server.test"
enum module_ports { PORT_HTTP = 80, PORT_SOURCE = 19, PORT_SINK = 9, PORT_ECHO = 7, PORT_LISTEN = 2020 };

/** What the source sends, and what the sink wants, begins with this seed of memnet_pattern(). */
enum { MODULE_SEED = 1, SOURCE_BYTES = 256 * 1024 };

#endif
