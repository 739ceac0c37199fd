/*
 * The sessions of real modules (tests/transcripts) drive the driver where they fit its commands; the table says of each
 * what it is used for. The folder is the first argument.
 */
#define _GNU_SOURCE 1

#include <dirent.h>

#include "cases.h"

enum { PATH_SIZE = 512 };

/*
 * All transcripts go through lexer and channel, with their bytes cut everywhere (tests/at/test_transcripts.c). Those
 * with a function drive the driver as well; of the others the reason why they can't is given.
 */
static const struct use {
    const char *transcript; /* its number */
    const char *model;      /* what ATI is answered */
    const char *what;       /* what the driver must make of it, or why it can't be driven by it */
    void (*drive)(struct lenient *l);
} uses[] = {
    {"001", "BG96", "an inactive context is activated, and has an address", drive_001},
    {"002", "BG96", "direct push between totals; a QICLOSE of ten seconds", drive_002},
    {"004", "BG96", "UDP service: two datagrams confirmed late, none received", drive_004},
    {"005", "BG96", "the end of a stream that only QISTATE tells", drive_005},
    {"007", NULL, "only AT+QIOPEN?, which the driver does not use", NULL},
    {"008", "BG96", "state 3 of a connected client", drive_008},
    {"010", "BG96", "bring-up from power-on, the address masked", drive_010},
    {"011", "BG96", "a bare ERROR to an own command, then bring-up", drive_011},
    {"013", "BG96", "a read of 1500 bytes", drive_013},
    {"014", "BG96", "a read of five bytes with a NUL", drive_014},
    {"016", "EC21", "boot messages inside answers, registration after a while", drive_016},
    {"017", "EC21", "an unasked restart in the middle of the bring-up", drive_017},
    {"019", NULL, "M95: commands with neither context nor id", NULL},
    {"020", NULL, "M95: commands with neither context nor id", NULL},
    {"022", NULL, "M95: commands with neither context nor id", NULL},
    {"023", "UG96", "an open that is ERROR at once, without a reason", drive_023},
    {"025", "BG96", "a read that ends before its OK", drive_025},
    {"026", "BG96", "CONNECT in answer to an open, then error 552", drive_026},
    {"028", "EC20", "a block of five bytes", drive_028},
    {"029", NULL, "M series: commands with neither context nor id", NULL},
    {"031", "EC20", "256 pushed bytes that hold lines", drive_031},
    {"032", "RM500Q", "the context is lost behind an own command", drive_032},
    {"034", "BG96", "a client on id 9 and one pushed byte", drive_034},
    {"035", "BG95", "UDP service: a name, a datagram, the answer's sender", drive_035},
    {"037", "EC200U", "a TLS handshake pushed, the prompt's blank late", drive_037},
    {"038", "EC200U", "twelve sends, an own command failing in between", drive_038},
    {"040", NULL, "M series: commands with neither context nor id", NULL},
    {"041", NULL, "MC60: no session, only its identity", NULL},
    {"043", NULL, "MC60: commands with neither context nor id", NULL},
    {"044", NULL, "MC60: commands with neither context nor id", NULL},
    {"046", NULL, "MC60: DEACT OK, the result of another family", NULL},
    {"047", NULL, "BC95: NSOST and its kin, another family", NULL},
    {"049", "EC25", "a context that is active already; local port 0", drive_049},
    {"050", "BG95", "a connected UDP socket with direct push", drive_050},
    {"052", NULL, "BC66: the noise of its boot, at another rate", NULL},
    {"053", "BG96", "begins inside an answer, which is cut anywhere", drive_053},
    {"055", NULL, "the tail of an answer and a dial-up: no command of the driver's", NULL},
    {"056", "BG96", "the first AT unheard, CR and LF apart", drive_056},
    {"058", "EC25", "data behind the open, two messages in one read, then the end", drive_058},
    {"059", "BG96", "an active context that is not listed, an open that fails", drive_059},
    {"061", NULL, "M95: commands with neither context nor id", NULL},
    {"062", NULL, "M95: commands with neither context nor id", NULL},
    {"064", NULL, "UG96: the host's commands are not in it", NULL},
    {"065", "EG800K", "an address shown counts, whatever other commands say", drive_065},
};
enum { USES = sizeof(uses) / sizeof(uses[0]) };

static char path[USES][PATH_SIZE];
static const char *folder;

static const struct use *use_of(const char *file)
{
    for (size_t i = 0; i < USES; i++) {
        if (strncmp(file, uses[i].transcript, strlen(uses[i].transcript)) == 0) {
            return &uses[i];
        }
    }
    return NULL;
}

static bool is_transcript(const char *file)
{
    const char *dot = strrchr(file, '.');

    return dot != NULL && strcmp(dot, ".atlog") == 0;
}

/* Finds the file of each row; returns how many transcripts have no row of their own. */
static size_t find_files(void)
{
    DIR *dir = opendir(folder);
    size_t unknown = 0;

    memset(path, 0, sizeof(path));
    for (const struct dirent *entry = dir != NULL ? readdir(dir) : NULL; entry != NULL; entry = readdir(dir)) {
        const struct use *use = is_transcript(entry->d_name) ? use_of(entry->d_name) : NULL;

        if (use != NULL && path[use - uses][0] == '\0') {
            snprintf(path[use - uses], PATH_SIZE, "%s/%s", folder, entry->d_name);
        } else if (is_transcript(entry->d_name)) {
            fprintf(stderr, "what is %s used for?\n", entry->d_name);
            unknown++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return unknown;
}

static void test_the_table_names_each_transcript_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(find_files(), 0);
    for (size_t i = 0; i < USES; i++) {
        if (path[i][0] == '\0') {
            fail_msg("there is no transcript %s", uses[i].transcript);
        }
    }
}

static void drive(void **state, uint32_t latency_ms, size_t piece_max)
{
    const struct use *use = *state;
    struct lenient *l = lenient_open(path[use - uses], use->model, &(struct usocket_config){.apn = "internet"});

    *state = l;
    l->latency_ms = latency_ms;
    l->piece_max = piece_max;
    use->drive(l);
}

static void test_as_it_was(void **state)
{
    drive(state, 0, 0);
}

/* Nothing may hang on pieces and pauses. */
static void test_slower_and_byte_by_byte(void **state)
{
    drive(state, 20, 1);
}

static int forget(void **state)
{
    lenient_close(*state);
    return 0;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[2 * USES + 1] = {
        cmocka_unit_test(test_the_table_names_each_transcript_and_no_other),
    };
    static char names[USES][80];
    size_t n = 1;

    folder = argc > 1 ? argv[1] : ".";
    find_files();
    for (size_t i = 0; i < USES; i++) {
        if (uses[i].drive != NULL && path[i][0] != '\0') {
            snprintf(names[i], sizeof(names[i]), "%s: %s", uses[i].transcript, uses[i].what);
            tests[n] = (struct CMUnitTest){.name = names[i],
                                           .test_func = test_as_it_was,
                                           .teardown_func = forget,
                                           .initial_state = (void *)(uintptr_t)&uses[i]};
            tests[n + 1] = tests[n];
            tests[n + 1].test_func = test_slower_and_byte_by_byte;
            n += 2;
        }
    }
    return _cmocka_run_group_tests("transcripts that drive", tests, n, NULL, NULL);
}
