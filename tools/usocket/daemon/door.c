/*
 * The daemon's UNIX socket; see door.h.
 */
#include "daemon/door.h"

#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 16 };

/* --- where -------------------------------------------------------------------------------------------------------- */

/* $XDG_RUNTIME_DIR/usocket/ttyUSB2.sock; root may have no such folder, and has /run. */
static bool default_path(const char *port, char path[DOOR_PATH])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *name = strrchr(port, '/') ? strrchr(port, '/') + 1 : port;
    char folder[DOOR_PATH];
    if ((!runtime || runtime[0] != '/') && geteuid() == 0) {
        runtime = "/run";
    }
    if (!runtime || runtime[0] != '/') {
        cli_complain("XDG_RUNTIME_DIR is not set: say where clients find the daemon, by --socket PATH");
        return false;
    }
    if (snprintf(folder, sizeof(folder), "%s/usocket", runtime) >= (int)sizeof(folder) ||
        snprintf(path, DOOR_PATH, "%s/%.40s.sock", folder, name) >= DOOR_PATH) {
        cli_complain("%s is too long for a socket: give a shorter path by --socket PATH", runtime);
        return false;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        cli_complain("cannot make the folder %s: %s (another place: --socket PATH)", folder, strerror(errno));
        return false;
    }
    return true;
}

/* Absolute, so that a message that names it can be used anywhere. */
static bool given_path(const char *given, char path[DOOR_PATH])
{
    char folder[4096] = "";
    if (given[0] != '/' && !getcwd(folder, sizeof(folder) - 1)) {
        folder[0] = '\0';
    }
    if (snprintf(path, DOOR_PATH, "%s%s%s", folder, folder[0] ? "/" : "", given) >= DOOR_PATH) {
        cli_complain("%s is too long for a socket: give a path below %d bytes", given, DOOR_PATH);
        return false;
    }
    return true;
}

/* --- listening ---------------------------------------------------------------------------------------------------- */

/* Who listens there; 0: nobody, the socket is left over. */
static pid_t listener_of(const struct sockaddr_un *un)
{
    struct ucred peer = {.pid = 0};
    socklen_t len = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0) {
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
    }
    close(fd);
    return peer.pid;
}

static bool make_way(const struct sockaddr_un *un)
{
    struct stat st;
    if (lstat(un->sun_path, &st) != 0) {
        return true;
    }
    if (!S_ISSOCK(st.st_mode)) {
        cli_complain("%s exists and is no socket: remove it, or give another path by --socket", un->sun_path);
        return false;
    }
    pid_t pid = listener_of(un);
    if (pid) {
        cli_complain("%s is served already by process %d: use --port unix:%s, or give another path by --socket",
                     un->sun_path, (int)pid, un->sun_path);
        return false;
    }
    return unlink(un->sun_path) == 0;
}

int door_open(const char *port, const char *given, char path[DOOR_PATH])
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (!(given ? given_path(given, path) : default_path(port, path))) {
        return -1;
    }
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    if (!make_way(&un)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177); /* nobody else may open it, not even for a moment */
    int failed = bind(fd, (const struct sockaddr *)&un, sizeof(un));
    umask(before);
    if (failed || listen(fd, BACKLOG) != 0) {
        cli_complain("cannot listen on %s: %s (another place: --socket PATH)", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

void door_close(int fd, const char *path)
{
    unlink(path);
    close(fd);
}
