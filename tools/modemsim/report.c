/* The counters of a session, by name. */
#include "modemsim.h"

#include <inttypes.h>
#include <string.h>

#define COUNTER(name) #name, offsetof(struct modemsim_report, name)

static const struct counter {
    const char *name;
    size_t at;
    bool wrong; /* use of the module against its manual */
} counters[] = {
    {COUNTER(commands), false},
    {COUNTER(bytes_from_host), false},
    {COUNTER(bytes_to_host), false},
    {COUNTER(urcs), false},
    {COUNTER(urcs_dropped), false},
    {COUNTER(resets), false},
    {COUNTER(payload_sent), false},
    {COUNTER(payload_received), false},
    {COUNTER(qird), false},
    {COUNTER(qird_empty), false},
    {COUNTER(qisend), false},
    {COUNTER(send_fail), false},
    {COUNTER(datagrams_lost), false},
    {COUNTER(datagrams_cut), false},
    {COUNTER(bytes_lost), false},
    {COUNTER(stray_ctrl_z), false},
    {COUNTER(command_while_busy), true},
    {COUNTER(payload_before_prompt), true},
    {COUNTER(send_too_long), true},
    {COUNTER(read_too_long), true},
    {COUNTER(data_timeouts), true},
    {COUNTER(unknown_commands), true},
    {COUNTER(not_a_command), true},
    {COUNTER(line_too_long), true},
};

#define COUNTERS (sizeof counters / sizeof counters[0])

_Static_assert(COUNTERS * sizeof(uint64_t) == sizeof(struct modemsim_report), "each counter has its name");

static uint64_t value(const struct modemsim_report *report, const struct counter *c)
{
    uint64_t v;
    memcpy(&v, (const char *)report + c->at, sizeof v);
    return v;
}

uint64_t modemsim_report_get(const struct modemsim_report *report, const char *name)
{
    for (size_t i = 0; i < COUNTERS; i++) {
        if (strcmp(name, counters[i].name) == 0) {
            return value(report, &counters[i]);
        }
    }
    return 0;
}

uint64_t modemsim_report_wrong_use(const struct modemsim_report *report)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNTERS; i++) {
        sum += counters[i].wrong ? value(report, &counters[i]) : 0;
    }
    return sum;
}

void modemsim_report_print(const struct modemsim_report *report, FILE *out)
{
    for (size_t i = 0; i < COUNTERS; i++) {
        uint64_t v = value(report, &counters[i]);
        if (v) {
            fprintf(out, "%-22s %10" PRIu64 "%s\n", counters[i].name, v, counters[i].wrong ? "  wrong use" : "");
        }
    }
}
