/* Hooks on POSIX threads, and a plug; see host.h. */
#include "host.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct thread {
    void (*run)(void *arg);
    void *arg;
};

static void *run_thread(void *ctx)
{
    struct thread thread = *(struct thread *)ctx;

    free(ctx);
    thread.run(thread.arg);
    return NULL;
}

int host_spawn(void *hook_ctx, void (*run)(void *arg), void *arg)
{
    struct thread *thread = malloc(sizeof(*thread));
    pthread_t id;
    (void)hook_ctx;

    if (thread == NULL) {
        return -1;
    }
    *thread = (struct thread){run, arg};
    return pthread_create(&id, NULL, run_thread, thread) == 0 ? pthread_detach(id) : -1;
}

void host_pause(void *hook_ctx, uint32_t ms)
{
    const struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)hook_ctx;

    nanosleep(&time, NULL);
}

static void plug(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[256];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        for (ssize_t sent = 0, more; sent < n; sent += more) {
            more = write(fd, buf + sent, (size_t)(n - sent));
            if (more <= 0) {
                return;
            }
        }
    }
}

void host_plug(int fd)
{
    host_spawn(NULL, plug, (void *)(intptr_t)fd);
}

int host_pty(char name[64])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    int slave;
    struct termios t;

    grantpt(master);
    unlockpt(master);
    snprintf(name, 64, "%s", ptsname(master));
    slave = open(name, O_RDWR | O_NOCTTY); /* it stays open: without it the plug would see the line end at once */
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    host_plug(master);
    return slave;
}

enum usocket_rule host_selftest(struct usocket_selftest *test)
{
    struct usocket_selftest_result result;

    test->pause = host_pause;
    test->spawn = host_spawn;
    if (usocket_selftest(test, &result) != USOCKET_RULE_NONE) {
        printf("\"%s\" (%u, %u): %s\n", result.name, result.measured, result.wanted, result.text);
    }
    return result.rule;
}
