#define _GNU_SOURCE 1

#include "guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *area; /* GUARD_MOST bytes, a forbidden page on each side */

static void prepare(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (GUARD_MOST + page - 1) / page * page;

    if (area == NULL) {
        char *map = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (map == MAP_FAILED || mprotect(map + page, room, PROT_READ | PROT_WRITE) != 0 || room != GUARD_MOST) {
            abort();
        }
        area = map + page;
    }
    memset(area, '#', GUARD_MOST); /* what was there before is gone: nobody may still point to it */
}

char *guard_behind(const void *bytes, size_t len)
{
    prepare();
    return memcpy(area + GUARD_MOST - len, bytes, len);
}

char *guard_before(const void *bytes, size_t len)
{
    prepare();
    return memcpy(area, bytes, len);
}
