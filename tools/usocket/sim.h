/*
 * `--port sim`: a simulated module inside the tool, behind the same port functions as a device.
 * Its sockets are real ones on the tool's own libuv loop, so any server that this machine reaches can be reached.
 */
#ifndef CLI_SIM_H
#define CLI_SIM_H

#include "usocket/port.h"

#include <uv.h>

struct cli_sim;

/*
 * A module named @p module ("" for the default), at @p baud bits a second (0: no limit). Returns NULL for an unknown
 * module. The port has no wait(): cli_sim_next_ms() tells the line how long it may sleep.
 */
struct cli_sim *cli_sim_open(uv_loop_t *loop, const char *module, unsigned baud, const struct usocket_port **port);

/* Lets the module live up to now; milliseconds until something happens in it, UINT32_MAX: nothing by itself. */
uint32_t cli_sim_next_ms(struct cli_sim *sim);

/* Closes its sockets and frees it. Harmless for one that was only half made. */
void cli_sim_close(struct cli_sim *sim);

#endif
