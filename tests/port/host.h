/*
 * What the tests of the self-test share on a host: its hooks on POSIX threads, and the far end of a line that sends
 * back what it gets.
 */
#ifndef TESTS_PORT_HOST_H
#define TESTS_PORT_HOST_H

#include "usocket/selftest.h"

/* The hooks of struct usocket_selftest; they need no context. */
void host_pause(void *hook_ctx, uint32_t ms);
int host_spawn(void *hook_ctx, void (*run)(void *arg), void *arg);

/* A loop-back plug on the far end of a line: a thread that sends back what comes until the line ends. */
void host_plug(int fd);

/* A pty with a plug in it; the name of the end for the port is put into `name`. Returns the plug's descriptor. */
int host_pty(char name[64]);

/* Runs the self-test with all hooks, prints the result if a rule is broken, and returns that rule. */
enum usocket_rule host_selftest(struct usocket_selftest *test);

#endif
