/*
 * The stage on which a story is played twice: recorded, with the simulated module behind a recording port, and
 * replayed, with nothing behind it but the recording. What the world around the module does (peers, clients, faults)
 * is done when recording and does nothing in the replay: there its effects are in the file.
 */
#ifndef TESTS_REPLAY_STAGE_H
#define TESTS_REPLAY_STAGE_H

#include "driver/test.h"
#include "usocket/uart.h"

enum { STAGE_CLIENTS = 4, STAGE_PATH = 512 };

struct stage;

struct story {
    const char *name; /* of the file too */
    const char *title;
    void (*play)(struct stage *t);
    struct modemsim_options module;
    struct usocket_config config;
    bool rough; /* faults of the line make the driver break the module's rules */
};

extern const struct story stories[];
extern const size_t story_count;

struct stage {
    struct usocket_modem modem;
    const struct usocket_port *port; /* the driver's, and its context */
    void *line;
    const struct story *story;
    char path[STAGE_PATH];
    char sent[400];  /* the driver's last command */
    struct rig *rig; /* NULL in a replay */
    uint32_t clients[STAGE_CLIENTS];
    struct usocket_record_port record;
    struct usocket_replay_port replay;
};

/** Sets a story up; the file is FOLDER/NAME.atlog. */
struct stage *stage_record(const struct story *story, const char *folder);
struct stage *stage_replay(const struct story *story, const char *folder);

/** Plays the story and its end, which is the same for all: everything is closed, and the file is used up. */
void stage_play(struct stage *t);

/** Tells of a difference, if there was one, and frees all. */
void stage_free(struct stage *t);

/** Lets @p ms pass while the driver works. */
void stage_run(struct stage *t, uint32_t ms);

/** The world: see rig.h. */
void world_peer(struct stage *t, const struct memnet_peer *peer);
void world_fault(struct stage *t, const char *spec);
void world_says(struct stage *t, uint16_t port, const char *text);
void world_closes(struct stage *t, uint16_t port);
void world_datagram(struct stage *t, uint16_t socket, const char *text, const char *host, uint16_t port);
/** The n-th client, from 0: connects to the module's listener, speaks, closes. */
void world_client(struct stage *t, size_t n, uint16_t lport, uint16_t port);
void world_client_says(struct stage *t, size_t n, const char *text);
void world_client_closes(struct stage *t, size_t n);
/** All that the peers have received. */
void world_got(const struct stage *t, const void *bytes, size_t len);

#endif
