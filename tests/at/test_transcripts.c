/*
 * The recorded sessions of tests/transcripts through lexer and channel: the events are those in the file beside,
 * however the module's bytes are cut. The folder is the first argument.
 */
#define _GNU_SOURCE 1

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "story/events.h"

enum { TEXT_MAX = 1 << 16 };

struct run {
    char text[TEXT_MAX]; /* the events so far */
    size_t len;
    size_t at, stop; /* bytes of the module so far; where to cut once */
    uint32_t random; /* state of the generator; 0: no random cuts */
    size_t piece;    /* longest piece; 0: no limit */
};

static char *expected;
static struct usk_atlog session;

static void collect(void *ctx, const char *text)
{
    struct run *run = ctx;
    size_t len = strlen(text);

    assert_true(run->len + len + 2 < sizeof(run->text));
    memcpy(run->text + run->len, text, len);
    run->len += len;
    run->text[run->len++] = '\n';
    run->text[run->len] = '\0';
}

static size_t cut(void *ctx, size_t len)
{
    struct run *run = ctx;
    size_t n = len;

    if (run->at < run->stop && run->stop - run->at < n) {
        n = run->stop - run->at;
    }
    if (run->random != 0) {
        run->random = run->random * 1664525u + 1013904223u;
        n = 1 + (run->random >> 24) % 40;
    } else if (run->piece > 0) {
        n = run->piece;
    }
    n = n < len ? n : len;
    run->at += n;
    return n;
}

/* Plays the session once, cut as `how` says, and compares. */
static void check(const struct run *how)
{
    static struct events events;
    static struct run run;

    run = *how;
    run.len = 0;
    run.text[0] = '\0';
    events_init(&events, collect, &run);
    events.cut = cut;
    events_play(&events, &session);
    assert_string_equal(run.text, expected);
}

static size_t module_bytes(void)
{
    size_t n = 0;

    for (size_t i = 0; i < session.count; i++) {
        n += session.records[i].kind == USK_ATLOG_MODEM ? session.records[i].len : 0;
    }
    return n;
}

static char *load_text(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, TEXT_MAX);

    assert_non_null(in);
    assert_non_null(text);
    assert_in_range(fread(text, 1, TEXT_MAX - 1, in), 1, TEXT_MAX - 2);
    fclose(in);
    return text;
}

static void test_a_session_gives_the_same_events_however_it_is_cut(void **state)
{
    char path[512];
    char *dot;
    struct usk_atlog_error error;
    static struct run how;

    snprintf(path, sizeof(path), "%s", (const char *)*state);
    assert_int_equal(usk_atlog_load(&session, path, &error), 0);
    dot = strrchr(path, '.');
    snprintf(dot, sizeof(path) - (size_t)(dot - path), ".events");
    expected = load_text(path);

    check(&how);
    how.piece = 1;
    check(&how);
    how.piece = 0;
    for (how.stop = 1; how.stop < module_bytes(); how.stop++) {
        check(&how);
    }
    for (how.random = 1; how.random <= 50; how.random++) {
        check(&how);
    }
    free(expected);
    usk_atlog_free(&session);
}

int main(int argc, char **argv)
{
    enum { MOST = 200, PATH_SIZE = 512 };
    static struct CMUnitTest tests[MOST];
    static char paths[MOST][PATH_SIZE];
    struct dirent **entries = NULL;
    int count = argc > 1 ? scandir(argv[1], &entries, NULL, alphasort) : -1;
    size_t n = 0;

    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".atlog") != NULL && n < MOST) {
            snprintf(paths[n], PATH_SIZE, "%s/%s", argv[1], entries[i]->d_name);
            tests[n] = (struct CMUnitTest){
                .name = strrchr(paths[n], '/') + 1,
                .test_func = test_a_session_gives_the_same_events_however_it_is_cut,
                .initial_state = paths[n],
            };
            n++;
        }
        free(entries[i]);
    }
    free(entries);
    if (n < 40) {
        fprintf(stderr, "only %zu transcripts found\n", n);
        return 1;
    }
    return _cmocka_run_group_tests("transcripts", tests, n, NULL, NULL);
}
