/*
 * The port self-test as a program, on the port of posix.c: is the line what the driver needs?
 *
 *     port-selftest TTY loop        # TX wired to RX, and RTS to CTS
 *     port-selftest TTY module
 *
 * A firmware does the same with its own port, and shows the result in its own way.
 */
#include <stdio.h>
#include <string.h>
#include <usocket/selftest.h>

#include "posix.h"

static void say(void *hook_ctx, const char *name)
{
    (void)hook_ctx;
    printf("%s\n", name); /* when a port function hangs, the last one told is where */
}

int main(int argc, char **argv)
{
    static struct posix_line line;
    int error = argc == 3 ? posix_open(&line, argv[1], B115200, false) : -1;

    if (error != 0) {
        fprintf(stderr, "usage: port-selftest TTY loop|module\n");
        return 2;
    }
    static struct usocket_selftest test = {.port = &posix_port, .ctx = &line, .baud = 115200, .on_check = say};
    struct usocket_selftest_result result;
    test.module = strcmp(argv[2], "module") == 0;
    if (usocket_selftest(&test, &result) != USOCKET_RULE_NONE) {
        printf("%s (%u, wanted %u)\n%s\n", result.name, result.measured, result.wanted, result.text);
        return 1;
    }
    printf("%s\nwait(200) slept %u ms\n", result.text, result.slept_ms);
    return 0;
}
