/*
 * The soak: four modems in one process, twelve sockets each, random work and random faults, for an hour of virtual time
 * or for minutes of real time. At the end nothing is left over, all counters add up and it is as fast as at the start.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors.h"

enum {
    MODEMS = 4,
    BAUD = 115200,
    SHORT_BAUD = 921600, /* there is time for little else */
    LOOK_MS = 100,       /* how often places without news are looked at */
    SHORT_S = 300,       /* a soak below this has faults that are over in a few seconds only */
    END_MS = 120000,     /* for the last shutdown, of virtual time in any case */
    SLOWEST_PERCENT = 80 /* of the first tenth's bytes, in the last tenth */
};

static struct {
    uint64_t seconds, seed;
    uint64_t trace; /* the modem whose lines are shown, from 1; 0: none */
    bool real;
} opt = {.seed = 1};

struct soak {
    struct actors modem[MODEMS];
    uint64_t start_us, now_us, end_us, look_us;
    uint64_t fault_us[MODEMS]; /* when the next one comes */
    uint64_t faults;
    uint64_t tenth[10][MODEMS]; /* payload bytes, both ways */
    bool failed;
};

static uint64_t clock_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void complain(struct soak *k, int modem, const char *what, uint64_t a, uint64_t b)
{
    printf("modem %d: %s: %llu, %llu\n", modem, what, (unsigned long long)a, (unsigned long long)b);
    k->failed = true;
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static void strike(struct actors *a, enum strike what, enum direction direction, uint64_t mute_ms)
{
    struct world *w = &a->world;

    w->struck = false;
    w->blow = (struct blow){.strike = what,
                            .direction = direction,
                            .at = w->passed[direction] + 1 + actors_random(a, 3000),
                            .mute_ms = mute_ms,
                            .seed = a->random};
}

/*
 * Those of a short soak are over in seconds: a lost byte may cost the module's own time for a command, two minutes.
 * None changes a byte that nobody could check.
 */
static void one_fault(struct soak *k, int modem)
{
    static const char *const specs[] = {
        "",
        "drop-urc=recv*1",
        "drop-urc=closed*1",
        "drop-urc=QIOPEN*1",
        "send-fail=3",
        "spurious-recv=3",
        "late-answer=1500",
        "lost byte",
        "inserted byte",
        "silence",
        "drop-prompt=1",
        "error-for=AT*1",
        "no-answer=AT+QI*1",
        "pdpdeact-after=10",
        "late-answer=9000",
        "drop-urc=dnsgip*1",
        "open-error=566",
        "drop-urc=incoming*1",
    };
    enum { RESET = 0, QUICK = 7, LOST = 7, INSERTED = 8, SILENCE = 9 };
    struct actors *a = &k->modem[modem];
    size_t n = actors_random(a, opt.seconds < SHORT_S ? QUICK : sizeof(specs) / sizeof(specs[0]));

    k->faults++;
    if (a->world.trace) {
        printf("%10.3f ! fault %s\n", (double)k->now_us / 1e6, n == RESET ? "reset" : specs[n]);
    }
    if (n == RESET) {
        modemsim_reset(a->world.sim);
    } else if (n == LOST || n == INSERTED) {
        strike(a, n == LOST ? STRIKE_LOSE : STRIKE_INSERT, TO_DRIVER, 0);
    } else if (n == SILENCE) {
        strike(a, STRIKE_MUTE, actors_random(a, 2) != 0 ? TO_DRIVER : TO_MODULE, 20000);
    } else if (modemsim_fault(a->world.sim, specs[n]) != 0) {
        complain(k, modem, specs[n], 0, 0);
    }
}

/* None in the first tenth and none near the end: its speed is compared. */
static void faults(struct soak *k)
{
    uint64_t length_us = k->end_us - k->start_us;
    bool quick = opt.seconds < SHORT_S;

    for (int i = 0; i < MODEMS; i++) {
        uint64_t gap_us = (quick ? 2500u : 20000u) * 1000ull;

        if (k->now_us < k->fault_us[i] || k->now_us > k->start_us + length_us * (quick ? 5 : 8) / 10) {
            continue;
        }
        if (k->now_us > k->start_us + length_us / 10) {
            one_fault(k, i);
        }
        k->fault_us[i] = k->now_us + gap_us / 2 + actors_random(&k->modem[i], (uint32_t)gap_us);
    }
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static uint64_t payload(const struct actors *a)
{
    return a->tally.received + a->tally.delivered;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Everything that can be done now; returns when there will be more. */
static uint64_t turn(struct soak *k)
{
    uint64_t next = k->look_us;
    bool all = k->now_us >= k->look_us;

    if (all) {
        k->look_us = k->now_us + LOOK_MS * 1000;
        next = k->look_us;
    }
    for (int i = 0; i < MODEMS; i++) {
        struct actors *a = &k->modem[i];
        uint32_t wake_ms;

        a->world.now_us = k->now_us;
        usocket_process(&a->world.modem);
        actors_step(a, all);
        wake_ms = usocket_process(&a->world.modem);
        next = earlier(next, wake_ms == UINT32_MAX ? UINT64_MAX : k->now_us + wake_ms * 1000ull);
        next = earlier(next, modemsim_next_block_us(a->world.sim, k->now_us, 256));
    }
    return next > k->now_us ? next : k->now_us + 1;
}

static void pass(struct soak *k, uint64_t until_us)
{
    if (!opt.real) {
        k->now_us = until_us;
        return;
    }
    uint64_t now = clock_us();

    if (until_us > now) {
        uint64_t ns = (until_us - now) * 1000;

        nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)}, NULL);
    }
    k->now_us = clock_us();
}

static void work(struct soak *k)
{
    uint64_t length_us = k->end_us - k->start_us;

    while (k->now_us < k->end_us) {
        uint64_t before[MODEMS];
        uint64_t number = (k->now_us - k->start_us) * 10 / length_us;
        uint64_t next;

        for (int i = 0; i < MODEMS; i++) {
            before[i] = payload(&k->modem[i]);
        }
        faults(k);
        next = turn(k);
        for (int i = 0; i < MODEMS; i++) {
            k->tenth[number][i] += payload(&k->modem[i]) - before[i];
        }
        pass(k, next);
    }
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void check_sums(struct soak *k, int i)
{
    struct actors *a = &k->modem[i];
    const struct modemsim_report *report = modemsim_report(a->world.sim);
    const struct tally *t = &a->tally;
    struct usocket_stats stats;
    uint64_t sunk = t->stream_to_peers + t->datagrams_to_peers;

    usocket_get_stats(&a->world.modem, &stats);
    if (stats.rx_bytes != (uint32_t)a->world.moved[TO_DRIVER] ||
        stats.tx_bytes != (uint32_t)a->world.moved[TO_MODULE]) {
        complain(k, i, "the driver's bytes on the line are not the line's", stats.rx_bytes, stats.tx_bytes);
    }
    if (memnet_sunk(a->world.net) != sunk || report->payload_sent != sunk) {
        complain(k, i, "the peers did not get what the net has carried", memnet_sunk(a->world.net), sunk);
    }
    if (report->payload_received < t->received) {
        complain(k, i, "more was received than the module gave", t->received, report->payload_received);
    }
    if (t->wrong > 0) {
        complain(k, i, "streams with wrong data, and nobody told", t->wrong, t->wrong_told);
    }
    if (t->wrong_datagrams > stats.datagrams_lost) {
        complain(k, i, "wrong datagrams, and those counted as lost", t->wrong_datagrams, stats.datagrams_lost);
    }
    if (t->whole == 0 || t->accepts == 0 || t->datagrams == 0 || t->ends == 0) {
        complain(k, i, "there was no work: whole, accepts", t->whole, t->accepts);
    }
}

/* From here on each modem lives by its own clock: nothing else is to be done while one of them waits. */
static void finish(struct soak *k, int i)
{
    struct actors *a = &k->modem[i];
    struct usocket *all[PLACES];
    int left;
    int result;

    actors_end(a);
    result = usocket_shutdown(&a->world.modem, END_MS);
    if (result != 0) {
        complain(k, i, usocket_strerror(result), 0, 0);
    }
    for (int n = 0; n < PLACES; n++) {
        all[n] = usocket_socket(&a->world.modem, 0, 0, 0);
        if (all[n] == NULL) {
            complain(k, i, "sockets are lost; there are only", (uint64_t)n, PLACES);
            break;
        }
    }
    left = world_connections(&a->world);
    if (left != 0) {
        complain(k, i, "connections are left in the module", (uint64_t)left, 0);
    }
    check_sums(k, i);
}

static void report(struct soak *k)
{
    struct tally sum = {0};

    for (int i = 0; i < MODEMS; i++) {
        const struct tally *t = &k->modem[i].tally;

        sum.connects += t->connects;
        sum.accepts += t->accepts;
        sum.datagrams += t->datagrams;
        sum.whole += t->whole;
        sum.errors += t->errors;
        sum.wrong_told += t->wrong_told;
    }
    printf(
        "%llu s %s, seed %llu, %d modems: %llu connects, %llu accepts, %llu datagrams, %llu faults; %llu connections "
        "went through whole, %llu ended by an error, %llu of them with data in doubt\n",
        (unsigned long long)opt.seconds, opt.real ? "real" : "virtual", (unsigned long long)opt.seed, MODEMS,
        (unsigned long long)sum.connects, (unsigned long long)sum.accepts, (unsigned long long)sum.datagrams,
        (unsigned long long)k->faults, (unsigned long long)sum.whole, (unsigned long long)sum.errors,
        (unsigned long long)sum.wrong_told);
    for (int i = 0; i < MODEMS; i++) {
        printf("modem %d, kB by tenths:", i);
        for (int n = 0; n < 10; n++) {
            printf(" %llu", (unsigned long long)k->tenth[n][i] / 1000);
        }
        printf("\n");
        if (k->tenth[9][i] * 100 < k->tenth[0][i] * SLOWEST_PERCENT) {
            printf("its last tenth is slower than %d %% of the first\n", SLOWEST_PERCENT);
            k->failed = true;
        }
    }
    if (k->failed) {
        printf("repeat: soak --%s %llu --seed %llu\n", opt.real ? "real" : "virtual", (unsigned long long)opt.seconds,
               (unsigned long long)opt.seed);
    }
}

/* --- the program -------------------------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = text != NULL ? strtoull(text, &end, 10) : 0;
    return text != NULL && *text != '\0' && *end == '\0';
}

static bool read_options(char **argv)
{
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "--trace") == 0 && read_number(argv[1], &opt.trace)) {
            argv++;
        } else if (strcmp(*argv, "--seed") == 0 && read_number(argv[1], &opt.seed)) {
            argv++;
        } else if (strcmp(*argv, "--virtual") == 0 && read_number(argv[1], &opt.seconds)) {
            argv++;
        } else if (strcmp(*argv, "--real") == 0 && read_number(argv[1], &opt.seconds)) {
            opt.real = true;
            argv++;
        } else {
            return false;
        }
    }
    return opt.seconds >= 10;
}

static void begin(struct soak *k)
{
    k->start_us = k->now_us = opt.real ? clock_us() : 0;
    for (int i = 0; i < MODEMS; i++) {
        struct actors *a = &k->modem[i];

        actors_open(a, opt.seed * MODEMS + (uint64_t)i, opt.seconds < SHORT_S ? SHORT_BAUD : BAUD);
        a->world.now_us = k->now_us;
        a->world.trace = opt.trace == (uint64_t)i + 1;
        if (opt.seconds < SHORT_S) {
            modemsim_fault(a->world.sim, "boot-delay=500");
        }
        usocket_wait_network(&a->world.modem, 0, NULL, NULL);
    }
    k->end_us = k->start_us + opt.seconds * 1000000u;
}

int main(int argc, char **argv)
{
    static struct soak k;

    if (!read_options(argv + (argc > 0))) {
        fprintf(stderr, "usage: soak --virtual SECONDS | --real SECONDS [--seed S] [--trace MODEM]\n"
                        "10 seconds at least; --trace shows the AT lines of one modem, 1 to 4\n");
        return 2;
    }
    begin(&k);
    work(&k);
    for (int i = 0; i < MODEMS; i++) {
        finish(&k, i);
    }
    report(&k);
    for (int i = 0; i < MODEMS; i++) {
        actors_close(&k.modem[i]);
    }
    return k.failed ? 1 : 0;
}
