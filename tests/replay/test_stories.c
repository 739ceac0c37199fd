/*
 * The stories, each replayed strictly from its file: `stories replay FOLDER`. `stories record FOLDER` writes the files,
 * see update.
 */
#define _GNU_SOURCE 1

#include <dirent.h>
#include <sys/stat.h>

#include "stage.h"

enum { MOST = 64, FOLDER_MAX = 300 * 1024 };

static const char *folder;
static bool recording;

static int raise_curtain(void **state)
{
    const struct story *story = *state;

    *state = recording ? stage_record(story, folder) : stage_replay(story, folder);
    return *state != NULL ? 0 : -1;
}

static int drop_curtain(void **state)
{
    stage_free(*state);
    return 0;
}

static void test_story(void **state)
{
    stage_play(*state);
}

static bool has_story(const char *file)
{
    for (size_t i = 0; i < story_count; i++) {
        size_t len = strlen(stories[i].name);

        if (strncmp(file, stories[i].name, len) == 0 && strcmp(file + len, ".atlog") == 0) {
            return true;
        }
    }
    return false;
}

static void test_each_file_has_its_story_and_the_folder_is_small(void **state)
{
    DIR *dir = opendir(folder);
    off_t bytes = 0;

    (void)state;
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct stat facts;

        if (entry->d_name[0] == '.') {
            continue;
        }
        if (!has_story(entry->d_name)) {
            print_error("no story for %s\n", entry->d_name);
        }
        assert_true(has_story(entry->d_name));
        assert_int_equal(fstatat(dirfd(dir), entry->d_name, &facts, 0), 0);
        bytes += facts.st_size;
    }
    closedir(dir);
    assert_in_range(bytes, 1, FOLDER_MAX);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MOST];
    size_t n = 0;

    if (argc != 3 || (strcmp(argv[1], "record") != 0 && strcmp(argv[1], "replay") != 0) || story_count >= MOST) {
        fprintf(stderr, "usage: %s record|replay FOLDER\n", argv[0]);
        return 2;
    }
    recording = strcmp(argv[1], "record") == 0;
    folder = argv[2];
    for (size_t i = 0; i < story_count; i++) {
        tests[n++] = (struct CMUnitTest){.name = stories[i].title,
                                         .test_func = test_story,
                                         .setup_func = raise_curtain,
                                         .teardown_func = drop_curtain,
                                         .initial_state = (void *)(uintptr_t)&stories[i]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_each_file_has_its_story_and_the_folder_is_small);
    return _cmocka_run_group_tests(recording ? "recording" : "stories", tests, n, NULL, NULL);
}
