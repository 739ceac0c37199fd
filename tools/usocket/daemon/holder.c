/*
 * Who holds a port that can't be opened, by what /proc shows of the processes; see door.h.
 */
#include "daemon/door.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINK_SIZE = 512, LISTENING = 256 };

/* Calls @p fn with what each descriptor of a process is a link to, until it says true. */
static bool each_descriptor(pid_t pid, bool (*fn)(void *ctx, const char *target), void *ctx)
{
    char folder[64];
    snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(folder);
    bool found = false;
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        char link[LINK_SIZE], target[LINK_SIZE];
        snprintf(link, sizeof(link), "%s/%s", folder, entry->d_name);
        ssize_t len = readlink(link, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        found = len > 0 && fn(ctx, target);
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

static bool is_device(void *ctx, const char *target)
{
    return strcmp(target, ctx) == 0;
}

/* Reads a file of /proc/PID; the words of a command line stay separated by NULs, which become blanks. */
static void read_about(pid_t pid, const char *what, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(text, 1, size - 1, file) : 0;
    for (size_t i = 0; i < len; i++) {
        text[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
    }
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    text[len] = '\0';
    if (file) {
        fclose(file);
    }
}

struct listening {
    unsigned long inode[LISTENING];
    char path[LISTENING][DOOR_PATH];
    size_t count;
    char *found;
};

/* What follows the first @p n words of @p line. */
static const char *after_words(const char *line, int n)
{
    for (; n > 0; n--) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    return line;
}

/* The UNIX sockets that somebody listens on: <address> <refs> <proto> <flags> <type> <state> <inode> <path> */
static void read_listening(struct listening *l)
{
    static const unsigned long accepts = 0x10000; /* __SO_ACCEPTCON */
    char line[LINK_SIZE];
    FILE *file = fopen("/proc/net/unix", "r");
    while (file && l->count < LISTENING && fgets(line, sizeof(line), file)) {
        const char *path = after_words(line, 7);
        if ((strtoul(after_words(line, 3), NULL, 16) & accepts) && path[0] == '/') {
            l->inode[l->count] = strtoul(after_words(line, 6), NULL, 10);
            snprintf(l->path[l->count++], DOOR_PATH, "%.*s", (int)strcspn(path, "\n"), path);
        }
    }
    if (file) {
        fclose(file);
    }
}

static bool is_listening(void *ctx, const char *target)
{
    static const char prefix[] = "socket:[";
    struct listening *l = ctx;
    if (strncmp(target, prefix, sizeof(prefix) - 1) != 0) {
        return false;
    }
    unsigned long inode = strtoul(target + sizeof(prefix) - 1, NULL, 10);
    for (size_t i = 0; i < l->count; i++) {
        if (l->inode[i] == inode) {
            l->found = l->path[i];
            return true;
        }
    }
    return false;
}

static bool is_ours(const struct door_holder *holder)
{
    return strcmp(holder->name, "usocket") == 0;
}

static void describe(struct door_holder *holder)
{
    char words[1024];
    static struct listening listening;
    listening.count = 0;
    holder->path[0] = '\0';
    read_about(holder->pid, "comm", holder->name, sizeof(holder->name));
    read_about(holder->pid, "cmdline", words, sizeof(words));
    if (!is_ours(holder) || !strstr(words, " daemon")) {
        return;
    }
    read_listening(&listening);
    if (each_descriptor(holder->pid, is_listening, &listening)) {
        snprintf(holder->path, sizeof(holder->path), "%s", listening.found);
    }
}

/* The other end of a pseudo-terminal may have it open too: one of ours is rather the one. */
bool door_find_holder(const char *port, struct door_holder *holder)
{
    char *device = realpath(port, NULL);
    DIR *dir = device ? opendir("/proc") : NULL;
    bool found = false;
    for (struct dirent *entry; dir && !(found && is_ours(holder)) && (entry = readdir(dir));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && each_descriptor(pid, is_device, device)) {
            holder->pid = pid;
            describe(holder);
            found = true;
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(device);
    return found;
}
