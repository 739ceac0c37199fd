/*
 * Runs a fuzz target over files without a fuzzer: each argument is a file, or a folder of which all files are run. A
 * folder that is not there is an empty one.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

enum { LONGEST = 1 << 20 };

static unsigned files;

static void run_file(const char *path)
{
    static uint8_t data[LONGEST];
    FILE *in = fopen(path, "rb");
    size_t size;
    uint8_t *copy;

    if (in == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(data, 1, sizeof(data), in);
    fclose(in);
    copy = malloc(size > 0 ? size : 1); /* of exactly its size, for the sanitizer */
    REQUIRE(copy != NULL);
    memcpy(copy, data, size);
    printf("%s\n", path); /* the last one printed is the one that failed */
    fflush(stdout);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    files++;
}

static void run_folder(const char *path, DIR *folder)
{
    const struct dirent *entry;
    char name[4096];

    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
            run_file(name);
        }
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);

        if (folder != NULL) {
            run_folder(argv[i], folder);
            closedir(folder);
        } else if (argc == 2 || strstr(argv[i], "/crashes/") == NULL) {
            run_file(argv[i]);
        }
    }
    printf("%u files\n", files);
    return files > 0 ? 0 : 1;
}
