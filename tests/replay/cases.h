/* What the driver must make of each transcript; the table in test_transcripts.c names them. */
#ifndef TESTS_REPLAY_CASES_H
#define TESTS_REPLAY_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lenient.h"

enum { UP_MS = 120000, CALL_MS = 60000, BUFFER = 0, PUSH = 1 };

/* cases_up.c: from the first command to the data call, and what is no session */
void drive_001(struct lenient *l);
void drive_010(struct lenient *l);
void drive_011(struct lenient *l);
void drive_016(struct lenient *l);
void drive_017(struct lenient *l);
void drive_032(struct lenient *l);
void drive_053(struct lenient *l);
void drive_056(struct lenient *l);
void drive_065(struct lenient *l);

/* cases_tcp.c */
void drive_002(struct lenient *l);
void drive_005(struct lenient *l);
void drive_008(struct lenient *l);
void drive_013(struct lenient *l);
void drive_014(struct lenient *l);
void drive_023(struct lenient *l);
void drive_025(struct lenient *l);
void drive_026(struct lenient *l);
void drive_028(struct lenient *l);
void drive_031(struct lenient *l);
void drive_034(struct lenient *l);
void drive_037(struct lenient *l);
void drive_038(struct lenient *l);
void drive_049(struct lenient *l);
void drive_058(struct lenient *l);
void drive_059(struct lenient *l);

/* cases_udp.c */
void drive_004(struct lenient *l);
void drive_035(struct lenient *l);
void drive_050(struct lenient *l);

/** A socket of this kind and access mode, not connected. */
struct usocket *cases_socket(struct lenient *l, int type, int proto, int access);

/** A TCP socket connected to host:port. */
struct usocket *cases_dial(struct lenient *l, int access, const char *host, uint16_t port);

/** The network comes up. */
void cases_up(struct lenient *l);

/** Sends `len` bytes that one can read. */
void cases_send(struct usocket *s, size_t len);

/** What comes next from the stream. */
void cases_expect(struct usocket *s, const char *text, size_t len);

/** Closes, and the module confirms. Nothing was lost, nothing was out of step on the way. */
void cases_close(struct lenient *l, struct usocket *s);

struct usocket_stats cases_stats(struct lenient *l);

#endif
