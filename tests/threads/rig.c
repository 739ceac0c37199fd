/* Threads against the simulated module in real time; see rig.h. */
#include "rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum { ARGUMENTS = 24, CONNECTIONS = 64, SETTLE_MS = 60 };

static void give_up(const char *why)
{
    fprintf(stderr, "rig: %s\n", why);
    abort();
}

/* --- the module --------------------------------------------------------------------------------------------------- */

static void run_sim(const char *path, const char *const *arguments, const int out[2], const int err[2])
{
    const char *program = getenv("MODEMSIM");
    const char *argv[ARGUMENTS] = {program, "--unix", path, "--running"};
    size_t n = 4;

    while (*arguments != NULL && n + 1 < ARGUMENTS) {
        argv[n++] = *arguments++;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when the alarm ends the test */
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (program != NULL) {
        execv(program, (char **)argv);
    }
    _exit(127);
}

static void start_sim(struct rig *r, const char *const *arguments)
{
    int out[2];
    int err[2];
    char ready = 0;

    strcpy(r->dir, "/tmp/usocket-threads-XXXXXX");
    if (mkdtemp(r->dir) == NULL || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        give_up("no directory or no pipe");
    }
    snprintf(r->path, sizeof(r->path), "%s/modem", r->dir);
    r->sim = fork();
    if (r->sim == 0) {
        run_sim(r->path, arguments, out, err);
    }
    close(out[1]);
    close(err[1]);
    r->sim_out = out[0];
    r->sim_err = err[0];
    if (read(r->sim_out, &ready, 1) != 1 || ready != 'r') {
        give_up("modemsim does not start; is MODEMSIM its path?");
    }
}

/* Ends it and reads its report. */
static void end_sim(struct rig *r)
{
    size_t len = 0;
    ssize_t n;

    kill(r->sim, SIGTERM);
    while ((n = read(r->sim_err, r->report + len, sizeof(r->report) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    waitpid(r->sim, NULL, 0);
    close(r->sim_out);
    close(r->sim_err);
    unlink(r->path);
    rmdir(r->dir);
    r->sim = 0;
}

/* --- the driver --------------------------------------------------------------------------------------------------- */

static void record(void *ctx, enum usocket_log what, const char *text, size_t len)
{
    static const char *const marks[] = {"> ", "> bytes ", "< ", "< bytes ", "* "};
    struct rig *r = ctx;

    if (r->log_len + len + 16 > r->log_cap) {
        r->log_cap = 2 * (r->log_len + len) + 65536;
        r->log = realloc(r->log, r->log_cap);
        if (r->log == NULL) {
            give_up("no memory");
        }
    }
    r->log_len += (size_t)snprintf(r->log + r->log_len, r->log_cap - r->log_len, "%s", marks[what]);
    memcpy(r->log + r->log_len, text, len);
    r->log_len += len;
    r->log[r->log_len++] = '\n';
    r->log[r->log_len] = '\0';
    if (getenv("RIG_TRACE") != NULL) {
        fprintf(stderr, "%10u %s%.*s\n", now_ms(), marks[what], (int)len, text);
    }
}

char *rig_log(struct rig *r)
{
    char *copy;

    r->line.port->lock(&r->line);
    copy = strdup(r->log);
    r->line.port->unlock(&r->line);
    return copy;
}

static int wait_with_ears(void *ctx, uint32_t timeout_ms, int for_write)
{
    struct usocket_fd_port *fd = ctx;
    struct rig *r = (void *)((char *)fd - offsetof(struct rig, fd));

    if (r->deaf) {
        struct pollfd wake = {.fd = fd->wake[0], .events = POLLIN};

        poll(&wake, 1, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms);
        r->deaf = false;
        timeout_ms = 0;
    }
    return fd->port->wait(fd, timeout_ms, for_write);
}

void rig_deaf(struct rig *r)
{
    r->line.port->lock(&r->line);
    r->deaf = true;
    r->line.port->wake(&r->line); /* the wait that is under way is not the next */
    r->line.port->unlock(&r->line);
    pause_ms(SETTLE_MS);
}

struct rig *rig_up(const char *const *arguments)
{
    struct rig *r = calloc(1, sizeof(*r));
    char name[80];
    int result;

    if (r == NULL) {
        give_up("no memory");
    }
    alarm(LIMIT_S);
    start_sim(r, arguments);
    snprintf(name, sizeof(name), "unix:%s", r->path);
    result = usocket_fd_open(&r->fd, name);
    if (result == 0) {
        r->fd.log = record;
        r->fd.log_ctx = r;
        r->ears = *r->fd.port;
        r->ears.wait = wait_with_ears;
        result = usocket_threads_open(&r->line, &r->ears, &r->fd);
    }
    if (result == 0) {
        result = usocket_init(&r->modem, r->line.port, &r->line, &(struct usocket_config){.apn = "internet"});
    }
    if (result == 0) {
        result = usocket_wait_network(&r->modem, PATIENCE_MS, NULL, NULL);
    }
    if (result != 0) {
        give_up(usocket_strerror(result));
    }
    return r;
}

void rig_unplug(struct rig *r)
{
    r->line_gone = true;
    end_sim(r);
}

int rig_down(struct rig *r)
{
    int result;
    bool wrong;

    while (r->peers > 0) {
        close(r->peer[--r->peers]);
    }
    result = r->line_gone ? 0 : usocket_shutdown(&r->modem, PATIENCE_MS);
    if (result != 0) {
        fprintf(stderr, "rig: shutdown: %s\n", usocket_strerror(result));
    }
    usocket_threads_close(&r->line);
    usocket_fd_close(&r->fd);
    if (r->sim != 0) {
        end_sim(r);
    }
    wrong = strstr(r->report, "wrong use") != NULL;
    if (wrong) {
        fprintf(stderr, "rig: the module says:\n%s", r->report);
    }
    alarm(0);
    free(r->log);
    free(r);
    return result == 0 && !wrong ? 0 : -1;
}

int up(void **state)
{
    static const char *const nothing[] = {NULL};

    *state = rig_up(nothing);
    return 0;
}

int down(void **state)
{
    return rig_down(*state);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

uint32_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* --- peers on loopback -------------------------------------------------------------------------------------------- */

static struct sockaddr_in bsd_loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int bind_any(uint16_t *port)
{
    struct sockaddr_in address = bsd_loopback(0);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        give_up("no port on loopback");
    }
    *port = ntohs(address.sin_port);
    return fd;
}

int peer_listen(uint16_t *port)
{
    int fd = bind_any(port);

    if (listen(fd, 32) != 0) {
        give_up("no listener on loopback");
    }
    return fd;
}

uint16_t free_port(void)
{
    uint16_t port;

    close(bind_any(&port));
    return port;
}

static int with_patience(int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

int peer_connect(uint16_t port)
{
    struct sockaddr_in address = bsd_loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return with_patience(fd);
}

/* Returns false at the end of the connection. */
static bool echo_some(int fd)
{
    char buf[4096];
    ssize_t n = read(fd, buf, sizeof(buf));

    for (ssize_t done = 0, m; done < n; done += m) {
        m = send(fd, buf + done, (size_t)(n - done), MSG_NOSIGNAL);
        if (m < 0) {
            return false;
        }
    }
    return n > 0;
}

/* The first descriptor is the end of the server, the second the listener. */
static void *echo_run(void *arg)
{
    struct echo *e = arg;
    struct pollfd fds[CONNECTIONS] = {{.fd = e->stop[0], .events = POLLIN}, {.fd = e->listener, .events = POLLIN}};
    nfds_t n = 2;

    while (poll(fds, n, -1) >= 0 && fds[0].revents == 0) {
        for (nfds_t i = n; i-- > 2;) {
            if (fds[i].revents != 0 && !echo_some(fds[i].fd)) {
                close(fds[i].fd);
                fds[i] = fds[--n];
            }
        }
        if (fds[1].revents != 0 && n < CONNECTIONS) {
            fds[n++] = (struct pollfd){.fd = accept(e->listener, NULL, NULL), .events = POLLIN};
        }
    }
    while (n-- > 2) {
        close(fds[n].fd);
    }
    return NULL;
}

void echo_start(struct echo *e)
{
    e->listener = peer_listen(&e->port);
    if (pipe2(e->stop, O_CLOEXEC) != 0) {
        give_up("no pipe");
    }
    e->thread = start_thread(echo_run, e);
}

void echo_stop(struct echo *e)
{
    close(e->stop[1]);
    join_thread(e->thread);
    close(e->stop[0]);
    close(e->listener);
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

struct usocket_sockaddr loopback(uint16_t port)
{
    struct usocket_sockaddr address;

    usocket_sockaddr_set(&address, "127.0.0.1", port);
    return address;
}

struct usocket *connect_to(struct rig *r, uint16_t port)
{
    struct usocket_sockaddr address = loopback(port);
    struct usocket *s = usocket_socket(&r->modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0);
    int result = s != NULL ? usocket_connect(s, &address) : usocket_last_error(&r->modem);

    if (result != 0) {
        fprintf(stderr, "rig: no connection: %s\n", usocket_strerror(result));
        return NULL;
    }
    return s;
}

struct pair make_pair(struct rig *r)
{
    uint16_t port;
    int listener = peer_listen(&port);
    struct pair p = {.s = connect_to(r, port), .peer = accept(with_patience(listener), NULL, NULL)};

    assert_non_null(p.s);
    assert_true(p.peer >= 0);
    close(listener);
    with_patience(p.peer);
    assert_true(r->peers < sizeof(r->peer) / sizeof(r->peer[0]));
    r->peer[r->peers++] = p.peer;
    return p;
}

unsigned char byte_at(unsigned number, size_t at)
{
    return (unsigned char)(at * (2 * number + 1) + (at >> 8) + number);
}

void fill(unsigned number, size_t at, void *buf, size_t len)
{
    unsigned char *bytes = buf;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = byte_at(number, at + i);
    }
}

bool is_right(unsigned number, size_t at, const void *buf, size_t len)
{
    const unsigned char *bytes = buf;

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != byte_at(number, at + i)) {
            return false;
        }
    }
    return true;
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

pthread_t start_thread(void *(*run)(void *arg), void *arg)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, arg) != 0) {
        give_up("no thread");
    }
    return thread;
}

void join_thread(pthread_t thread)
{
    if (pthread_join(thread, NULL) != 0) {
        give_up("no thread to join");
    }
}

static void *run_call(void *arg)
{
    struct call *c = arg;
    uint32_t began = now_ms();

    c->begun = true;
    c->result = c->make(c);
    c->ended_ms = now_ms();
    c->took_ms = c->ended_ms - began;
    c->ended = true;
    return NULL;
}

void call_begin(struct call *c)
{
    c->begun = false;
    c->ended = false;
    c->thread = start_thread(run_call, c);
    while (!c->begun) {
        pause_ms(1);
    }
    pause_ms(SETTLE_MS);
    if (c->ended) {
        join_thread(c->thread);
        fail_msg("the call did not wait: %ld (%s)", (long)c->result, usocket_strerror((int)c->result));
    }
}

ssize_t call_end(struct call *c)
{
    join_thread(c->thread);
    return c->result;
}
