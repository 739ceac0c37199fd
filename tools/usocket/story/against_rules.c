/*
 * What replay --against does not send, and what it does not compare: two tables.
 */
#include "story/against.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- what is not sent --------------------------------------------------------------------------------------------- */

static const char restarts[] = "it restarts the module or switches it off";
static const char stores[] = "it changes what the module keeps";
static const char sim_card[] = "it works on the SIM card's locks";
static const char leaves[] = "it takes the module off the network";
static const char line[] = "it changes the line to the module";
static const char calls[] = "it calls somebody";

static const struct {
    const char *name;
    int fields; /* only with so many parameters */
    const char *reason;
} dangers[] = {
    {"+CFUN", 1, restarts}, {"+QPOWD", 0, restarts}, {"+QRST", 0, restarts},  {"+NRB", 0, restarts},
    {"&W", 0, stores},      {"&F", 0, stores},       {"Z", 0, stores},        {"+QURCCFG", 2, stores},
    {"+QCFG", 2, stores},   {"+QCFGEXT", 2, stores}, {"+CGDCONT", 1, stores}, {"+EGMR", 1, stores},
    {"+QFUPL", 1, stores},  {"+QFDEL", 1, stores},   {"+QFOTADL", 1, stores}, {"+QPRTPARA", 1, stores},
    {"+QNVFW", 1, stores},  {"+NCONFIG", 1, stores}, {"+CMGD", 1, stores},    {"+CSAS", 0, stores},
    {"+QDSIM", 1, stores},  {"+CPSMS", 1, stores},   {"+CEDRXS", 1, stores},  {"+CPIN", 1, sim_card},
    {"+CLCK", 1, sim_card}, {"+CPWD", 1, sim_card},  {"+CRSM", 1, sim_card},  {"+CSIM", 1, sim_card},
    {"+COPS", 1, leaves},   {"+CGATT", 1, leaves},   {"+QSCLK", 1, line},     {"+IPR", 1, line},
    {"+IFC", 1, line},      {"+ICF", 1, line},       {"+CMUX", 1, line},      {"D", 0, calls},
    {"+CMGS", 1, calls},
};

static const char *danger_of(const char *text, size_t len)
{
    struct spoken spoken;
    spoken_command(&spoken, text, len);
    for (size_t i = 0; i < COUNT(dangers); i++) {
        if (strcmp(dangers[i].name, spoken.name) == 0 && spoken.count >= dangers[i].fields) {
            return dangers[i].reason;
        }
    }
    return NULL;
}

/* A line may hold several commands: AT+CMEE=1;+CFUN=1,1 */
const char *against_danger(const char *text, size_t len)
{
    const char *reason = danger_of(text, len);
    const char *end = text + len;
    for (const char *at = text; !reason && (at = memchr(at, ';', (size_t)(end - at))); at++) {
        char part[256];
        int n = snprintf(part, sizeof(part), "AT%.*s", (int)(end - at - 1), at + 1);
        reason = danger_of(part, (size_t)n < sizeof(part) ? (size_t)n : sizeof(part) - 1);
    }
    return reason;
}

/* --- what is not compared ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int from, to; /* these parameters */
} volatiles[] = {
    {"+CSQ", 1, 12},    {"+QCSQ", 1, 12},  {"+CCLK", 1, 12},  {"+QLTS", 1, 12},  {"+QNWINFO", 1, 12},
    {"+QENG", 1, 12},   {"+CBC", 1, 12},   {"+QPING", 1, 12}, {"+QNTP", 2, 12},  {"+CTZV", 1, 12},
    {"+CTZE", 1, 12},   {"+COPS", 3, 12},  {"+CREG", 3, 12},  {"+CGREG", 3, 12}, {"+CEREG", 3, 12},
    {"+QISTATE", 5, 5}, {"+QISEND", 2, 3}, {"+QIURC", 3, 4},  {"+QIRD", 1, 3},   {"+CIND", 1, 12},
};

static bool is_address(struct usk_text text)
{
    struct usocket_sockaddr address;
    char copy[64];
    snprintf(copy, sizeof(copy), "%.*s", (int)(text.len < 63 ? text.len : 63), text.at);
    return usocket_sockaddr_set(&address, copy, 0) == 0;
}

/* IMEI, IMSI and the number of a SIM card have 15 to 20 digits. */
static bool is_device_number(struct usk_text text)
{
    size_t digits = 0;
    while (digits < text.len && isdigit((unsigned char)text.at[digits])) {
        digits++;
    }
    return digits >= 15 && text.len <= 20;
}

static bool is_volatile(const struct spoken *spoken, int n)
{
    for (size_t i = 0; i < COUNT(volatiles); i++) {
        if (strcmp(volatiles[i].name, spoken->name) == 0 && n >= volatiles[i].from && n <= volatiles[i].to) {
            return true;
        }
    }
    struct usk_text text = spoken->param[n - 1];
    bool port = n > 1 && is_address(spoken->param[n - 2]) && spoken_number(spoken, n, 65536) < 65536;
    return port || is_address(text) || is_device_number(text);
}

void against_mask(char *to, size_t size, const char *text, size_t len)
{
    struct spoken spoken;
    spoken_line(&spoken, text, len);
    if (spoken.count == 0) {
        bool number = is_device_number((struct usk_text){text, len});
        usk_atlog_escape(to, size, number ? "*" : text, number ? 1 : len);
        return;
    }
    size_t used = (size_t)snprintf(to, size, "%s", spoken.name);
    for (int n = 1; n <= spoken.count && used + 1 < size; n++) {
        to[used++] = n == 1 ? ':' : ',';
        bool star = is_volatile(&spoken, n);
        usk_atlog_escape(to + used, size - used, star ? "*" : spoken.param[n - 1].at,
                         star ? 1 : spoken.param[n - 1].len);
        used += strlen(to + used);
    }
}
