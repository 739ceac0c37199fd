/*
 * Where the daemon is found: a UNIX socket in the file system that only its owner may open. And who holds a port, if it
 * is not us.
 */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum { DOOR_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) };

/*
 * Listens on @p given, or, when that is NULL, on a socket named after the port. Returns the descriptor, non-blocking,
 * with the absolute path in @p path; -1 when it has said what is wrong. What a dead daemon has left is replaced.
 */
int door_open(const char *port, const char *given, char path[DOOR_PATH]);
void door_close(int fd, const char *path);

struct door_holder {
    pid_t pid;
    char name[32];
    char path[DOOR_PATH]; /* of its socket, when it is a usocket daemon; "": it is none */
};

/* The process that has the device @p port open. False if there is none, or none that we may see. */
bool door_find_holder(const char *port, struct door_holder *holder);

#endif
