/*
 * replay --against: the host's side of a transcript is sent to a modem, and its answers are compared.
 */
#ifndef AGAINST_H
#define AGAINST_H

#include "cli.h"
#include "story/story.h"

/* Opens the port that --against names, plays @p script on it and prints what differs. Returns the exit code. */
int against(struct cli *cli, const struct story *script);

/* Why a command of a transcript is not sent to a modem unless it is asked for; NULL: it is harmless. against_rules.c */
const char *against_danger(const char *text, size_t len);

/* Writes a line of the module into @p to with what differs from run to run as '*': signals, numbers of devices, times,
 * addresses, ports. against_rules.c */
void against_mask(char *to, size_t size, const char *text, size_t len);

#endif
