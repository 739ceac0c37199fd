/*
 * The sweep: a scripted session once without a fault, then once for each place at which something can go wrong, with
 * one thing going wrong there. Workers are processes, so that one that dies costs one run.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

enum {
    MOST_FAILURES = 20000,
    SHOWN = 20,
    WORKERS = 64,
    RUN_S = 60,        /* of real time, for one run */
    CHUNK = 2000,      /* runs a process, then its leaks are looked for */
    LIMIT_MS = 300000, /* of virtual time, from the session's end until an echo works again */
};

struct failure {
    size_t job;
    char what[FAILURE_TEXT];
};

/* What all workers share. */
struct board {
    atomic_size_t next, done, failures, excepted, misled, doubtful, whole;
    atomic_uint_fast64_t slowest_ms;
    size_t slowest_job;
    size_t running[WORKERS]; /* the job of each, plus one */
    struct failure failure[MOST_FAILURES];
};

static struct {
    uint64_t seed, stride, at;
    const char *fault, *group;
    unsigned workers;
    bool trace, list, strict;
} opt = {.seed = 1, .stride = 24, .workers = 2};

static struct board *board;
static struct job *jobs;
static size_t job_count;

static void fail(size_t job, const char *what)
{
    size_t i = atomic_fetch_add(&board->failures, 1);

    if (i < MOST_FAILURES) {
        board->failure[i].job = job;
        snprintf(board->failure[i].what, FAILURE_TEXT, "%s", what);
    }
}

/* --- one run ------------------------------------------------------------------------------------------------------ */

/* What the driver has said that it does not know: a block that was not confirmed, a datagram that was lost. */
static unsigned told(struct session *s)
{
    struct usocket_stats stats;

    usocket_get_stats(&s->world.modem, &stats);
    return (s->cancelled > 0 ? DAMAGE_TO_PEER : 0u) |
           (stats.datagrams_lost > 0 ? DAMAGE_DATAGRAM_TO | DAMAGE_DATAGRAM_FROM : 0u);
}

/* Wrong data is a failure unless nothing on this line could tell the driver, or the driver has told. */
static void judge_data(struct session *s, const struct job *job)
{
    static const char *const what[] = {"a name's address", "a stream to a peer", "a stream from a peer",
                                       "a datagram to a peer", "a datagram from a peer"};

    if (s->damage == 0) {
        return;
    }
    if (job->exception == EXCEPT_PAYLOAD) {
        atomic_fetch_add(&board->excepted, 1);
        return;
    }
    unsigned silent = s->damage & ~told(s);

    if (kinds[job->kind].blow.strike != STRIKE_NONE) {
        silent &= ~(unsigned)DAMAGE_NAME; /* a digit more or less of an address is an address too */
    }

    if (silent != 0 && job->exception == EXCEPT_COMMAND && !opt.strict) {
        atomic_fetch_add(&board->misled, 1);
        return;
    }
    if (silent == 0) {
        atomic_fetch_add(&board->doubtful, 1);
    }
    for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        if ((silent & 1u << i) != 0) {
            char text[FAILURE_TEXT];

            snprintf(text, sizeof(text), "wrong data and nobody told: %s, %s", what[i], kinds[job->kind].name);
            session_fail(s, text);
        }
    }
}

static void run(size_t number, bool trace)
{
    static struct session s;
    const struct job *job = &jobs[number];
    struct armed armed;

    plan_open(&s, &armed, &kinds[job->kind], job->at, opt.seed);
    s.world.trace = trace;
    session_run(&s);
    session_check(&s, LIMIT_MS);
    judge_data(&s, job);
    if (s.failure[0] != '\0') {
        fail(number, s.failure);
    }
    if (s.failure[0] == '\0' && s.recovered_ms > atomic_load(&board->slowest_ms)) {
        atomic_store(&board->slowest_ms, s.recovered_ms);
        board->slowest_job = number;
    }
    atomic_fetch_add(&board->whole, s.complete && s.error[0] == 0 && s.error[1] == 0);
    atomic_fetch_add(&board->done, 1);
    session_close(&s);
}

static _Noreturn void work(unsigned worker)
{
    for (int i = 0; i < CHUNK; i++) {
        size_t job = atomic_fetch_add(&board->next, 1);

        if (job >= job_count) {
            break;
        }
        board->running[worker] = job + 1;
        alarm(RUN_S);
        run(job, false);
        board->running[worker] = 0;
    }
    alarm(0);
    free(jobs);
    exit(0);
}

/* --- the workers -------------------------------------------------------------------------------------------------- */

static void died(unsigned worker, int status)
{
    size_t job = board->running[worker];
    char what[FAILURE_TEXT];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return;
    }
    snprintf(what, sizeof(what), "the run %s",
             WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "does not end" : "crashed, see above");
    board->running[worker] = 0;
    if (job == 0) {
        fail(job_count, "a worker leaks");
    } else {
        fail(job - 1, what);
    }
}

static void sweep_all(void)
{
    pid_t pid[WORKERS] = {0};
    unsigned alive = 0;

    do {
        for (unsigned i = 0; i < opt.workers; i++) {
            if (pid[i] == 0 && atomic_load(&board->next) < job_count) {
                fflush(NULL);
                pid[i] = fork();
                if (pid[i] == 0) {
                    work(i);
                }
                alive++;
            }
        }
        int status;
        pid_t gone = wait(&status);

        for (unsigned i = 0; i < opt.workers; i++) {
            if (pid[i] == gone) {
                died(i, status);
                pid[i] = 0;
                alive--;
            }
        }
    } while (alive > 0 || atomic_load(&board->next) < job_count);
}

/* --- the report --------------------------------------------------------------------------------------------------- */

static void show_command(size_t job)
{
    if (job < job_count) {
        printf("    sweep --fault %s --at %u --seed %llu\n", kinds[jobs[job].kind].name, jobs[job].at,
               (unsigned long long)opt.seed);
    }
}

static int by_what(const void *a, const void *b)
{
    const struct failure *x = a;
    const struct failure *y = b;
    int order = strcmp(x->what, y->what);

    return order != 0 ? order : x->job < y->job ? -1 : x->job > y->job;
}

/* The same words are most often the same cause: how often each, with a few examples. */
static void report_failures(size_t n)
{
    size_t shown = 0;

    qsort(board->failure, n, sizeof(board->failure[0]), by_what);
    for (size_t i = 0; i < n;) {
        size_t same = i;

        while (same < n && strcmp(board->failure[same].what, board->failure[i].what) == 0) {
            same++;
        }
        printf("%zu times: %s\n", same - i, board->failure[i].what);
        for (size_t k = i; k < same && (opt.list || (shown < SHOWN && k - i < SHOWN / 4)); k++, shown++) {
            show_command(board->failure[k].job);
        }
        i = same;
    }
}

static int report(double seconds)
{
    size_t failures = atomic_load(&board->failures);

    report_failures(failures < MOST_FAILURES ? failures : MOST_FAILURES);
    printf("%zu runs in %.1f s, seed %llu: %zu failed; %zu sessions went through whole\n"
           "wrong data that was told (-ECANCELED, datagrams_lost): %zu; that can't be noticed, in payload: %zu; by "
           "commands that became others: %zu\n",
           atomic_load(&board->done), seconds, (unsigned long long)opt.seed, failures, atomic_load(&board->whole),
           atomic_load(&board->doubtful), atomic_load(&board->excepted), atomic_load(&board->misled));
    printf("longest way back to an echo: %.1f s\n", (double)atomic_load(&board->slowest_ms) / 1000);
    if (atomic_load(&board->slowest_ms) > 0) {
        show_command(board->slowest_job);
    }
    return failures == 0 ? 0 : 1;
}

/* --- the program -------------------------------------------------------------------------------------------------- */

static int usage(void)
{
    fprintf(stderr, "usage: sweep [--all | --stride N] [--group NAME] [--fault KIND [--at POSITION]] [--seed S]\n"
                    "             [--jobs N] [--strict] [--list] [--trace]\n"
                    "--all: each byte; --strict: no excuse for a command that lost a digit; --list: each failure;\n"
                    "--trace: the AT lines of one run\nkinds:\n");
    for (size_t i = 0; i < kind_count; i++) {
        fprintf(stderr, "  %-18s of group %s\n", kinds[i].name, kinds[i].group);
    }
    return 2;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = text != NULL ? strtoull(text, &end, 10) : 0;
    return text != NULL && *text != '\0' && *end == '\0';
}

static bool read_options(char **argv)
{
    uint64_t n;

    for (; *argv != NULL; argv++) {
        const char *value = argv[1];
        bool number = read_number(value, &n);

        if (strcmp(*argv, "--all") == 0) {
            opt.stride = 1;
        } else if (strcmp(*argv, "--list") == 0) {
            opt.list = true;
        } else if (strcmp(*argv, "--strict") == 0) {
            opt.strict = true;
        } else if (strcmp(*argv, "--trace") == 0) {
            opt.trace = true;
        } else if (strcmp(*argv, "--fault") == 0 && value != NULL && kind_named(value) != NULL) {
            opt.fault = *++argv;
        } else if (strcmp(*argv, "--group") == 0 && value != NULL) {
            opt.group = *++argv;
        } else if (strcmp(*argv, "--at") == 0 && number && n > 0) {
            opt.at = n;
            argv++;
        } else if (strcmp(*argv, "--seed") == 0 && number) {
            opt.seed = n;
            argv++;
        } else if (strcmp(*argv, "--stride") == 0 && number && n > 0) {
            opt.stride = n;
            argv++;
        } else if (strcmp(*argv, "--jobs") == 0 && number && n > 0 && n <= WORKERS) {
            opt.workers = (unsigned)n;
            argv++;
        } else {
            return false;
        }
    }
    return opt.at == 0 || opt.fault != NULL;
}

static void choose_jobs(const struct scout *scout)
{
    bool wanted[64];
    uint64_t stride = opt.at > 0 ? 1 : opt.stride;

    for (size_t i = 0; i < kind_count; i++) {
        wanted[i] = (opt.fault == NULL || strcmp(opt.fault, kinds[i].name) == 0) &&
                    (opt.group == NULL || strcmp(opt.group, kinds[i].group) == 0);
    }
    job_count = plan_jobs(scout, opt.seed, stride, wanted, &jobs);
    for (size_t i = 0; opt.at > 0 && i < job_count; i++) {
        if (jobs[i].at == opt.at) {
            jobs[0] = jobs[i];
            job_count = 1;
        }
    }
    if (opt.at > 0 && job_count > 1) {
        job_count = 0;
    }
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct scout scout;
    const char *why;
    double since = now_s();
    int result = 1;

    if (!read_options(argv + (argc > 0))) {
        return usage();
    }
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        perror("sweep");
        return 1;
    }
    why = plan_scout(&scout, opt.seed, opt.trace && opt.at == 0);
    printf("clean run: %zu bytes from the module, %zu bytes to it, %llu commands; %.0f ms\n",
           scout.passed[TO_DRIVER].len, scout.passed[TO_MODULE].len, (unsigned long long)scout.commands,
           (now_s() - since) * 1000);
    choose_jobs(&scout);
    plan_free(&scout);
    if (why != NULL) {
        printf("the clean run fails: %s\n", why);
    } else if (job_count == 0) {
        printf("no such position\n");
    } else {
        if (opt.at > 0) {
            run(0, opt.trace);
        } else {
            sweep_all();
        }
        result = report(now_s() - since);
    }
    free(jobs);
    munmap(board, sizeof(*board));
    return result;
}
