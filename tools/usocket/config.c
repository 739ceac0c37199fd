/*
 * The configuration file: where it is, and its lines cut into keys and values. Values stay in one buffer for ever.
 */
#include "config.h"

#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 8192, PATH_SIZE = 512 };

static const char blanks[] = " \t\r";

/* Returns whether there is a place where the file may be; *named: the user says that it is there. */
static bool find_path(char path[PATH_SIZE], bool *named)
{
    const char *file = getenv("USOCKET_CONFIG");
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    *named = file && file[0];
    if (*named) {
        return snprintf(path, PATH_SIZE, "%s", file) < PATH_SIZE;
    }
    if (config && config[0] == '/') {
        return snprintf(path, PATH_SIZE, "%s/usocket/config", config) < PATH_SIZE;
    }
    return home && home[0] && snprintf(path, PATH_SIZE, "%s/.config/usocket/config", home) < PATH_SIZE;
}

/* Reads the whole file. Returns false when it can't be used, with errno. */
static bool slurp(const char *path, char text[FILE_MAX])
{
    FILE *file = fopen(path, "r");
    if (!file) {
        return false;
    }
    errno = 0;
    size_t len = fread(text, 1, FILE_MAX, file);
    int error = ferror(file) ? errno : len == FILE_MAX || memchr(text, '\0', len) ? EFBIG : 0;
    fclose(file);
    text[len < FILE_MAX ? len : FILE_MAX - 1] = '\0';
    errno = error;
    return error == 0;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len > 0 && strchr(blanks, text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    return text;
}

/* A comment begins at the line's start or behind a blank: a password may have a '#' in it. */
static void cut_comment(char *line)
{
    for (char *c = line; (c = strchr(c, '#')); c++) {
        if (c == line || strchr(blanks, c[-1])) {
            *c = '\0';
            return;
        }
    }
}

static bool read_entry(char *line, cli_config_fn set, void *ctx)
{
    cut_comment(line);
    line = trim(line);
    if (!*line) {
        return true;
    }
    char *equals = strchr(line, '=');
    if (!equals) {
        cli_complain("'%s' is not KEY = VALUE", line);
        return false;
    }
    *equals = '\0';
    return set(ctx, trim(line), trim(equals + 1));
}

static bool read_entries(const char *path, char *text, cli_config_fn set, void *ctx)
{
    bool good = true;
    for (int number = 1; good && text; number++) {
        char place[PATH_SIZE + 16];
        char *line = text;
        text = strchr(line, '\n');
        if (text) {
            *text++ = '\0';
        }
        snprintf(place, sizeof(place), "%s:%d", path, number);
        cli_complain_at(place);
        good = read_entry(line, set, ctx);
        cli_complain_at(NULL);
    }
    return good;
}

bool cli_config_read(cli_config_fn set, void *ctx)
{
    static char text[FILE_MAX];
    char path[PATH_SIZE];
    bool named;
    if (!find_path(path, &named)) {
        return true;
    }
    if (!slurp(path, text)) {
        if (errno == ENOENT && !named) {
            return true;
        }
        cli_complain("cannot read the configuration %s: %s", path,
                     errno == EFBIG ? "it is no text of a few lines" : strerror(errno));
        return false;
    }
    return read_entries(path, text, set, ctx);
}
