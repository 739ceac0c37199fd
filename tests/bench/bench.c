/*
 * What run.py measures. `bench rate` prints shares of the line rate on virtual time, exact and the same on every
 * machine; `bench size` prints the objects' sizes; the other words run one workload for an instruction count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "at/channel.h"
#include "rig.h"

enum { MIB = 1 << 20 };

static struct rig *rig_with_file(uint32_t baud, uint32_t latency_ms)
{
    struct rig *r =
        rig_up(&(struct modemsim_options){.seed = 1, .booted = true, .baud = baud, .latency_ms = latency_ms});

    memnet_add(r->net, &(struct memnet_peer){.host = FILES, .port = 8000, .kind = MEMNET_SOURCE, .bytes = MIB});
    return r;
}

/* Receives all and returns the microseconds it took; wrong bytes end the program. */
static uint64_t download(struct rig *r)
{
    static uint8_t got[1500];
    static uint8_t sent[1500];
    struct usocket *s = rig_connect(r, FILES, 8000);
    uint64_t start = r->now_us;
    uint64_t total = 0;
    ssize_t n;

    while ((n = usocket_recv(s, got, sizeof(got))) > 0) {
        memnet_pattern(0, total, sent, (size_t)n);
        if (memcmp(got, sent, (size_t)n) != 0) {
            break;
        }
        total += (uint64_t)n;
    }
    if (n != 0 || total != MIB) {
        fprintf(stderr, "bench: download broke at %llu: %s\n", (unsigned long long)total, usocket_strerror((int)n));
        exit(1);
    }
    usocket_close(s);
    return r->now_us - start;
}

static uint64_t upload(struct rig *r)
{
    static uint8_t data[MIB];
    struct usocket *s = rig_connect(r, SINK, 9);
    uint64_t start = r->now_us;
    int result;

    memnet_pattern(0, 0, data, sizeof(data));
    result = usocket_sendall(s, data, sizeof(data));
    while (result == 0 && memnet_sunk(r->net) < sizeof(data)) {
        rig_run(r, 1);
    }
    if (result != 0 || memnet_hash(r->net) != memnet_hash_bytes(MEMNET_HASH_START, data, sizeof(data))) {
        fprintf(stderr, "bench: upload broke: %s\n", usocket_strerror(result));
        exit(1);
    }
    usocket_close(s);
    return r->now_us - start;
}

static void rate(const char *name, uint64_t (*run)(struct rig *), uint32_t latency_ms)
{
    enum { BAUD = 115200 };
    struct rig *r = rig_with_file(BAUD, latency_ms);
    double seconds = (double)run(r) / 1e6;

    printf("%s %.4f\n", name, MIB / (seconds * BAUD / 10));
    rig_free(r);
}

static void rates(void)
{
    rate("download", download, 0);
    rate("download+5ms", download, 5);
    rate("upload", upload, 0);
    rate("upload+5ms", upload, 5);
}

static void receive(size_t read_max, uint32_t baud)
{
    struct rig *r = rig_with_file(baud, 0);
    struct usocket_port quiet = rig_port;

    quiet.log = NULL;
    r->modem.port = &quiet; /* as usocket_init() would have it for a port without a log */
    r->modem.channel.observe = NULL;
    r->read_max = read_max;
    r->block = baud == 0 ? 1500 : 1;
    download(r);
    rig_free(r);
}

/* --- text lines --------------------------------------------------------------------------------------------------- */

static int on_line(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    uint32_t number;

    (void)ctx;
    (void)line;
    while (usk_field_uint(fields, UINT32_MAX, &number)) {
    }
    return 0;
}

static int on_urc(void *ctx, struct usk_fields *fields)
{
    uint32_t *seen = ctx;
    uint32_t id;

    *seen += usk_field_uint(fields, 11, &id);
    return 0;
}

/* A mixture as on an idle line: half of it answers of a status query, half unsolicited codes. */
static void lines(void)
{
    static const char text[] = "\r\n+QISTATE: 0,\"TCP\",\"198.51.100.9\",80,9437,2,1,0,0,\"uart1\"\r\n"
                               "\r\n+QIURC: \"recv\",3\r\n"
                               "\r\n+CEREG: 1,\"1A2B\",\"01234567\",7\r\n"
                               "\r\n+QISTATE: 11,\"TCP\",\"203.0.113.254\",54707,2020,2,1,5,0,\"uart1\"\r\n"
                               "\r\n+QIURC: \"closed\",11\r\n";
    static const struct usk_command query = {.prefix = "+QISTATE", .timeout_ms = 1000, .on_line = on_line};
    static const struct usk_urc urcs[] = {
        {"+QIURC", "recv", on_urc},
        {"+QIURC", "closed", on_urc},
        {"+CEREG", NULL, NULL},
        {NULL, NULL, NULL},
    };
    static struct usk_channel channel;
    uint32_t seen = 0;
    struct usk_line line;

    usk_channel_init(&channel, urcs, &seen);
    line = usk_channel_line(&channel);
    usk_put(&line, "AT+QISTATE?");
    usk_channel_start(&channel, &line, &query, &seen, 0);
    usk_channel_written(&channel, line.len + 1, 0);
    for (size_t done = 0; done < MIB; done += sizeof(text) - 1) {
        for (size_t at = 0; at < sizeof(text) - 1;) { /* in pieces of a UART's FIFO */
            size_t n = sizeof(text) - 1 - at < 64 ? sizeof(text) - 1 - at : 64;

            usk_channel_feed(&channel, text + at, n, 0);
            at += n;
        }
    }
    if (seen == 0 || channel.count.unknown > 0) {
        fprintf(stderr, "bench: lines were not understood\n");
        exit(1);
    }
}

static void sizes(void)
{
    printf("modem %zu\n", offsetof(struct usocket_modem, sock));
    printf("socket %zu\n", offsetof(struct usocket, rx));
    printf("all %zu\n", sizeof(struct usocket_modem));
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";

    if (strcmp(what, "rate") == 0) {
        rates();
    } else if (strcmp(what, "size") == 0) {
        sizes();
    } else if (strcmp(what, "receive") == 0) {
        receive(0, 0);
    } else if (strcmp(what, "receive-bytes") == 0) {
        receive(1, 0);
    } else if (strcmp(what, "receive-wakeups") == 0) {
        receive(1, 115200);
    } else if (strcmp(what, "lines") == 0) {
        lines();
    } else {
        fprintf(stderr, "usage: bench rate|size|receive|receive-bytes|receive-wakeups|lines\n");
        return 2;
    }
    return 0;
}
