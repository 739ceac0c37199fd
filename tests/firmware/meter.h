/*
 * Counts the instructions of the driver without those of its port, on QEMU's -icount: a port around the bare-metal one
 * that stops the count while it is inside. run.py chooses how long an instruction lasts.
 */
#ifndef METER_H
#define METER_H

#include <stdint.h>
#include <usocket/port.h>

/** An instruction's share of the clock: -icount shift=6 is 64 ns, and a tick of 25 MHz is 40 ns. */
enum { METER_INSTRUCTION_NS = 64, METER_TICK_NS = 40 };

/** The bare-metal port, its context the same. */
extern const struct usocket_port meter_port;

void meter_start(void);
/** Instructions since the start. */
uint32_t meter_stop(void);
/** How often the driver has waited since then. */
uint32_t meter_waits(void);

/** For an interrupt that is not the driver's cost. Nothing happens where the count does not run. */
void meter_pause(void);
void meter_resume(void);

#endif
