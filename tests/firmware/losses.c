/* Bytes that the line loses: an error that the headers name, or nothing at all, and never a wrong byte. */
#include <stdio.h>

#include "suite.h"

enum { LOSS_BYTES = 32768, ATTEMPTS = 60, OVERRUN_EVERY = 9973, OVERRUN_BURST = 16, OVERRUNS = 40 };

static unsigned failures;

/* Lost bytes may end a connection, and a command may go unanswered. */
static bool documented(int error)
{
    return error == -EBADMSG || error == -ECANCELED || error == -ECONNRESET || error == -ETIMEDOUT || error == -EIO;
}

static bool once(uint16_t port, int (*transfer)(struct usocket *s, uint32_t bytes))
{
    struct usocket *s;
    int error = try_connect(&s, port);

    if (error == 0) {
        error = transfer(s, LOSS_BYTES);
    }
    usocket_close(s);
    if (error != 0 && !documented(error)) {
        fail("an error that no header names for lost bytes", error);
    }
    failures += error != 0;
    return error == 0;
}

/* Until it goes well, which it must when no more is lost. */
static void persist(const char *what, uint16_t port, int (*transfer)(struct usocket *s, uint32_t bytes))
{
    for (unsigned attempts = 0; !once(port, transfer); attempts++) {
        if (attempts == ATTEMPTS) {
            fail(what, -EIO);
        }
    }
}

void losses(void)
{
    struct usocket_stats stats;

    module_overruns(OVERRUN_EVERY, OVERRUN_BURST, OVERRUNS);
    for (int i = 0; i < 4; i++) {
        persist("download with losses", source_port, receive_pattern);
        persist("upload with losses", sink_port, send_pattern);
    }
    usocket_get_stats(&modem, &stats);
    demand("bytes were lost, and noticed", failures > 0 && stats.resyncs > 0);
    printf("ok: no wrong byte with losses; %u transfers failed and were repeated, %lu resyncs\n", failures,
           (unsigned long)stats.resyncs);
}
