/* Pseudo-terminal, Unix socket and TCP port as the host's end of the line; see port.h. */
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static int complain(const char *what, const char *path, const char *advice)
{
    fprintf(stderr, "modemsim: cannot %s %s: %s%s\n", what, path, strerror(errno), advice);
    return -1;
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Removes what an earlier run left at this path, and nothing else. */
static int make_way(const char *path, mode_t type)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return 0;
    }
    if ((st.st_mode & S_IFMT) != type) {
        fprintf(stderr, "modemsim: %s exists and is not from an earlier run (remove it, or give another path)\n", path);
        return -1;
    }
    return unlink(path);
}

static void start(struct port *p, const char *path)
{
    *p = (struct port){.fd = -1, .listen_fd = -1, .slave_fd = -1};
    snprintf(p->path, sizeof p->path, "%s", path);
}

int port_link(struct port *p, const char *path)
{
    start(p, path);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    const char *slave = master < 0 || grantpt(master) || unlockpt(master) ? NULL : ptsname(master);
    int slave_fd = slave ? open(slave, O_RDWR | O_NOCTTY) : -1;
    struct termios raw;
    if (slave_fd < 0 || tcgetattr(slave_fd, &raw) != 0) {
        return complain("open a pseudo-terminal for", path, " (is /dev/pts mounted?)");
    }
    cfmakeraw(&raw);
    tcsetattr(slave_fd, TCSANOW, &raw);
    if (make_way(path, S_IFLNK) != 0) {
        return -1;
    }
    if (symlink(slave, path) != 0) {
        return complain("create the link", path, " (choose a path in a directory you may write)");
    }
    set_nonblocking(master);
    fcntl(slave_fd, F_SETFD, FD_CLOEXEC);
    p->fd = master;
    p->slave_fd = slave_fd;
    p->remove = true;
    return 0;
}

int port_unix(struct port *p, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    start(p, path);
    if (strlen(path) >= sizeof un.sun_path) {
        fprintf(stderr, "modemsim: %s is too long for a socket (give a path below %zu bytes)\n", path,
                sizeof un.sun_path);
        return -1;
    }
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    if (make_way(path, S_IFSOCK) != 0) {
        return -1;
    }
    p->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (p->listen_fd < 0 || bind(p->listen_fd, (struct sockaddr *)&un, sizeof un) != 0 || listen(p->listen_fd, 1)) {
        return complain("listen on", path, " (choose a path in a directory you may write)");
    }
    set_nonblocking(p->listen_fd);
    p->remove = true;
    return 0;
}

int port_tcp(struct port *p, uint16_t tcp_port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(tcp_port)};
    socklen_t len = sizeof in;
    int yes = 1;
    char text[32];
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(text, sizeof text, "127.0.0.1:%u", tcp_port);
    start(p, text);
    p->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(p->listen_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (p->listen_fd < 0 || bind(p->listen_fd, (struct sockaddr *)&in, sizeof in) != 0 || listen(p->listen_fd, 1) ||
        getsockname(p->listen_fd, (struct sockaddr *)&in, &len)) {
        return complain("listen on", text, " (0 chooses a free port)");
    }
    snprintf(p->path, sizeof p->path, "127.0.0.1:%u", ntohs(in.sin_port));
    set_nonblocking(p->listen_fd);
    return 0;
}

bool port_accept(struct port *p)
{
    int fd = accept(p->listen_fd, NULL, NULL);
    int yes = 1;
    if (fd < 0 || p->fd >= 0) {
        close(fd);
        return false;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    set_nonblocking(fd);
    p->fd = fd;
    return true;
}

void port_hang_up(struct port *p)
{
    close(p->fd);
    p->fd = -1;
}

void port_close(struct port *p)
{
    if (p->remove) {
        unlink(p->path);
    }
    const int fds[] = {p->fd, p->listen_fd, p->slave_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}
