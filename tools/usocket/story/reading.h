/*
 * How a transcript is read: what the command in flight can be answered with, and which unsolicited codes there are, for
 * all families that transcripts come from, not only those that the driver drives.
 */
#ifndef READING_H
#define READING_H

#include "at/channel.h"

enum { READING_IDS = 12 };

struct reading {
    struct usk_channel channel;
    struct usk_command command; /* the kind of the one in flight */
    char name[32];              /* its name, "+QIRD"; the command's prefix points here */
    int8_t access[READING_IDS]; /* access mode of each connection id; -1: not known */
    bool with_length;           /* QICFG="recvind",1: a length in a URC need not mean that data follow */
};

void reading_init(struct reading *reading);

/** A whole command line of the host, without its CR. */
void reading_command(struct reading *reading, const char *text, size_t len);

/** Bytes of the module. */
void reading_modem(struct reading *reading, const char *bytes, size_t len);

/** True when bytes of the host are payload: the module has prompted. */
bool reading_wants_payload(const struct reading *reading);

#endif
