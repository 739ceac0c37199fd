/* How a transcript is read; see reading.h. Sources: PROTOCOL.md, and the transcripts by their numbers. */
#include "story/reading.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* --- payload ------------------------------------------------------------------------------------------------------ */

static int count_fields(struct usk_fields fields)
{
    struct usk_text text;
    int n = 0;

    while (usk_field_text(&fields, &text)) {
        n++;
    }
    return n;
}

static bool skip_fields(struct usk_fields *fields, int n)
{
    struct usk_text text;

    while (n > 0 && usk_field_text(fields, &text)) {
        n--;
    }
    return n == 0;
}

/*
 * Bytes that follow the header of a read:
 *   n    n,"ip",port (UDP service)    n,remaining (BC25)    ip:port,TCP,n (M series)
 * and none after the counters total,read,unread.
 */
static int data_of_read(struct usk_fields fields)
{
    struct usk_fields rest = fields;
    uint32_t len;
    uint32_t number;

    if (usk_field_uint(&fields, UINT16_MAX, &len)) {
        bool counters = count_fields(rest) == 3 && usk_field_uint(&fields, UINT32_MAX, &number);
        return counters ? 0 : (int)len;
    }
    if (skip_fields(&fields, 2) && usk_field_uint(&fields, UINT16_MAX, &len)) {
        return (int)len;
    }
    return 0;
}

static int on_line(void *ctx, struct usk_text line, struct usk_fields *fields)
{
    const struct reading *reading = ctx;

    (void)line;
    if (fields == NULL || (strcmp(reading->name, "+QIRD") != 0 && strcmp(reading->name, "+QSSLRECV") != 0)) {
        return 0;
    }
    return data_of_read(*fields);
}

/* A read's header without its command: the host's lines are not in the transcript (040), or it comes late. */
static int urc_read(void *ctx, struct usk_fields *fields)
{
    (void)ctx;
    return data_of_read(*fields);
}

/*
 * "recv",id    "recv",id,len and data (push), or without data (buffer mode with recvind=1)
 * "recv",id,len,"ip",port and data    "recv",id,len,"hex" on the same line (BC660K)
 */
static int urc_recv(void *ctx, struct usk_fields *fields)
{
    const struct reading *reading = ctx;
    uint32_t id;
    uint32_t len;
    bool known;

    if (!usk_field_uint(fields, UINT8_MAX, &id) || !usk_field_uint(fields, UINT16_MAX, &len) ||
        count_fields(*fields) == 1) {
        return 0;
    }
    known = id < READING_IDS && reading->access[id] >= 0;
    if (known ? reading->access[id] == 0 : reading->with_length) {
        return 0;
    }
    return (int)len;
}

/* A client has the access mode of its listener (PROTOCOL.md 3.12). */
static int urc_incoming(void *ctx, struct usk_fields *fields)
{
    struct reading *reading = ctx;
    uint32_t id;
    uint32_t server;

    if (usk_field_uint(fields, READING_IDS - 1, &id) && usk_field_uint(fields, READING_IDS - 1, &server)) {
        reading->access[id] = reading->access[server];
    }
    return 0;
}

/* +RECEIVE: id, len and data (M series) */
static int urc_receive(void *ctx, struct usk_fields *fields)
{
    uint32_t id;
    uint32_t len;

    (void)ctx;
    return usk_field_uint(fields, UINT8_MAX, &id) && usk_field_uint(fields, UINT16_MAX, &len) ? (int)len : 0;
}

static int urc_restart(void *ctx, struct usk_fields *fields)
{
    struct reading *reading = ctx;

    (void)fields;
    reading->channel.echo = true;
    return 0;
}

/* --- unsolicited result codes ------------------------------------------------------------------------------------- */

/* The M series puts the connection in front: "0, CLOSED". */
#define OF_LINK(link)                                                                                                  \
    {link ", CONNECT OK", NULL, NULL}, {link ", CONNECT FAIL", NULL, NULL}, {link ", ALREADY CONNECT", NULL, NULL},    \
        {link ", CLOSED", NULL, NULL}, {link ", CLOSE OK", NULL, NULL},                                                \
    {                                                                                                                  \
        link ", SEND OK", NULL, NULL                                                                                   \
    }

#define QUIET(name)                                                                                                    \
    {                                                                                                                  \
        name, NULL, NULL                                                                                               \
    }

static const struct usk_urc urcs[] = {
    {"+QIURC", "recv", urc_recv},
    {"+QIURC", "incoming", urc_incoming},
    {"+QSSLURC", "recv", urc_recv},
    {"+QIRD", NULL, urc_read},
    {"+QSSLRECV", NULL, urc_read},
    {"+RECEIVE", NULL, urc_receive},
    {"RDY", NULL, urc_restart},
    QUIET("+QIURC"),
    QUIET("+QSSLURC"),
    QUIET("+QIOPEN"),
    QUIET("+QSSLOPEN"),
    QUIET("+QIRDI"),
    QUIET("+QISEND"),
    QUIET("+QICLOSE"),
    QUIET("+QIACTEX"),
    QUIET("+QIDEACTEX"),
    QUIET("+QIDNSGIP"),
    QUIET("+QDNS"),
    QUIET("+QPING"),
    QUIET("+QNTP"),
    QUIET("+NSONMI"),
    QUIET("+NSOSTR"),
    QUIET("+NSOCLI"),
    QUIET("+NPING"),
    QUIET("+QLWEVTIND"),
    QUIET("+QNBIOTEVENT"),
    QUIET("+IP"),
    QUIET("APP RDY"),
    QUIET("POWERED DOWN"),
    QUIET("NORMAL POWER DOWN"),
    QUIET("PSM POWER DOWN"),
    QUIET("Call Ready"),
    QUIET("SMS Ready"),
    QUIET("+CFUN"),
    QUIET("+CPIN"),
    QUIET("+QUSIM"),
    QUIET("+USIM"),
    QUIET("+QIND"),
    QUIET("+QSIMSTAT"),
    QUIET("+QSTK"),
    QUIET("+CREG"),
    QUIET("+CGREG"),
    QUIET("+CEREG"),
    QUIET("+C5GREG"),
    QUIET("+CGEV"),
    QUIET("+CSCON"),
    QUIET("+CTZV"),
    QUIET("+CTZE"),
    QUIET("+CTZEU"),
    QUIET("+CTZR"),
    QUIET("+QNITZ"),
    QUIET("+NITZ"),
    QUIET("+CMTI"),
    QUIET("+CMT"),
    QUIET("+CDS"),
    QUIET("+CLIP"),
    QUIET("RING"),
    QUIET("+CRING"),
    QUIET("NO CARRIER"),
    QUIET("CONNECT OK"),
    QUIET("CONNECT FAIL"),
    QUIET("ALREADY CONNECT"),
    QUIET("CLOSED"),
    QUIET("CLOSE OK"),
    QUIET("SEND OK"), /* after an OK: BC66 and its like */
    QUIET("SEND FAIL"),
    QUIET("SERVER OK"),
    QUIET("STATE"), /* QISTAT answers OK first (029) */
    QUIET("+PDP DEACT"),
    QUIET("REMOTE IP"),
    OF_LINK("0"),
    OF_LINK("1"),
    OF_LINK("2"),
    OF_LINK("3"),
    OF_LINK("4"),
    OF_LINK("5"),
    {NULL, NULL, NULL},
};

/* --- commands ----------------------------------------------------------------------------------------------------- */

static const struct usk_final send_finals[] = {{"SEND OK", 0}, {"SEND FAIL", 0}, {NULL, 0}};
static const struct usk_final close_finals[] = {
    {"CLOSE OK", 0},    {"0, CLOSE OK", 0}, {"1, CLOSE OK", 0}, {"2, CLOSE OK", 0},
    {"3, CLOSE OK", 0}, {"4, CLOSE OK", 0}, {"5, CLOSE OK", 0}, {NULL, 0},
};
static const struct usk_final deact_finals[] = {{"DEACT OK", 0}, {NULL, 0}};
static const struct usk_final connect_finals[] = {{"CONNECT", 0}, {"NO CARRIER", 0}, {"BUSY", 0}, {NULL, 0}};

/* Commands that end otherwise than by OK or an error, or whose answer has no name in front. */
static const struct {
    const char *name;
    const struct usk_final *finals;
    bool any_line;
} kinds[] = {
    {"+QISEND", send_finals, false},
    {"+QISENDEX", send_finals, false},
    {"+QSSLSEND", send_finals, false},
    {"+QICLOSE", close_finals, false},
    {"+QIDEACT", deact_finals, false},
    {"+QIOPEN", connect_finals, false},
    {"+QSSLOPEN", connect_finals, false},
    {"+QISWTMD", connect_finals, false},
    {"+QFUPL", connect_finals, false},
    {"D", connect_finals, false},
    {"O", connect_finals, false},
    {"I", NULL, true},
    {"+GSN", NULL, true},
    {"+CGSN", NULL, true},
    {"+CIMI", NULL, true},
    {"+QCCID", NULL, true},
    {"+CCID", NULL, true},
    {"+GMI", NULL, true},
    {"+GMM", NULL, true},
    {"+GMR", NULL, true},
    {"+CGMI", NULL, true},
    {"+CGMM", NULL, true},
    {"+CGMR", NULL, true},
    {"+QGMR", NULL, true},
    {"+QILOCIP", NULL, true},
    {"+CLAC", NULL, true},
    {"&V", NULL, true},
    {"+NSOCR", NULL, true},
    {"+NSOSD", NULL, true},
    {"+NSOST", NULL, true},
    {"+NSOSTF", NULL, true},
    {"+NSORF", NULL, true},
};

static void on_done(void *ctx, int result)
{
    struct reading *reading = ctx;

    if (result == 0 && strcmp(reading->name, "E") == 0) {
        reading->channel.echo = reading->channel.text[3] != '0';
    }
}

/* The name: behind AT, "+NAME" up to what is no letter or digit, or the one letter of a basic command. */
static void read_name(struct reading *reading, const char *text, size_t len)
{
    size_t n = 0;

    memset(reading->name, 0, sizeof(reading->name));
    if (len < 2 || toupper((unsigned char)text[0]) != 'A' || toupper((unsigned char)text[1]) != 'T') {
        return;
    }
    text += 2;
    len -= 2;
    while (n < len && n < sizeof(reading->name) - 1 &&
           (n == 0 || (!isalnum((unsigned char)text[0]) && isalnum((unsigned char)text[n])))) {
        reading->name[n] = (char)toupper((unsigned char)text[n]);
        n++;
    }
}

/* Access modes and lengths, as the host sets them: QIOPEN=cid,id,"service","host",port,local port,access. */
static void note_settings(struct reading *reading, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    struct usk_fields fields;
    uint32_t id;
    uint32_t value;

    if (equals == NULL) {
        return;
    }
    fields = (struct usk_fields){equals + 1, text + len};
    while (fields.at < fields.end && *fields.at == ' ') {
        fields.at++;
    }
    if (strcmp(reading->name, "+QIOPEN") == 0) {
        if (skip_fields(&fields, 1) && usk_field_uint(&fields, READING_IDS - 1, &id) && skip_fields(&fields, 4)) {
            reading->access[id] = usk_field_uint(&fields, 2, &value) ? (int8_t)value : -1;
        }
    } else if (strcmp(reading->name, "+QISWTMD") == 0) {
        if (usk_field_uint(&fields, READING_IDS - 1, &id) && usk_field_uint(&fields, 2, &value)) {
            reading->access[id] = (int8_t)value;
        }
    } else if (strcmp(reading->name, "+QICFG") == 0 && usk_field_is(&fields, "recvind")) {
        reading->with_length = usk_field_uint(&fields, 1, &value) && value == 1;
    }
}

void reading_init(struct reading *reading)
{
    memset(reading, 0, sizeof(*reading));
    memset(reading->access, -1, sizeof(reading->access));
    usk_channel_init(&reading->channel, urcs, reading);
}

void reading_command(struct reading *reading, const char *text, size_t len)
{
    struct usk_line line;

    usk_channel_abort(&reading->channel, -ECANCELED);
    reading->channel.owed = false; /* a recording can't be asked */
    read_name(reading, text, len);
    note_settings(reading, text, len);
    reading->command = (struct usk_command){
        .prefix = reading->name[0] != '\0' && !isalpha((unsigned char)reading->name[0]) ? reading->name : NULL,
        .flags = USK_FOREIGN,
        .on_line = on_line,
        .on_done = on_done,
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, reading->name) == 0) {
            reading->command.finals = kinds[i].finals;
            reading->command.flags |= kinds[i].any_line ? USK_ANY_LINE : 0;
        }
    }
    line = usk_channel_line(&reading->channel);
    line.len = len < line.size ? len : line.size;
    memcpy(line.text, text, line.len);
    usk_channel_start(&reading->channel, &line, &reading->command, reading, 0);
    usk_channel_written(&reading->channel, line.len + 1, 0);
}

void reading_modem(struct reading *reading, const char *bytes, size_t len)
{
    usk_channel_feed(&reading->channel, bytes, len, 0);
}

bool reading_wants_payload(const struct reading *reading)
{
    return reading->channel.command != NULL && reading->channel.prompted;
}
