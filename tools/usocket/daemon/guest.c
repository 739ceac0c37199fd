/*
 * A client's line and its virtual module; see guest.h. Which commands are the real module's is a table here.
 */
#include "daemon/guest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that does not read: how long the other timers of its module may be late. */
enum { STUCK_MS = 50 };

uint64_t guest_now_us(const struct guest *guest)
{
    return uv_hrtime() / 1000 - guest->start_us;
}

/* --- whose command it is ------------------------------------------------------------------------------------------ */

enum whose {
    VIRTUAL, /* of the client's own module: sockets, contexts, its line, its power */
    REAL,
    NOBODYS, /* would change the one real module under the others: refused */
};

/* The forms of a command. */
enum { EXEC = 1, READ = 2, TEST = 4, WRITE = 8, FACT = EXEC | READ | TEST };

/*
 * By name, with the forms that go to the real module. What QPING and QNTP find out comes as an event, to the client
 * that asked last.
 */
static const struct {
    const char *name;
    int forms;
} real[] = {
    {"I", WRITE},      {"+CGMI", FACT},     {"+GMI", FACT},      {"+CGMM", FACT},  {"+GMM", FACT},
    {"+CGMR", FACT},   {"+GMR", FACT},      {"+CGSN", FACT},     {"+GSN", FACT},   {"+CIMI", FACT},
    {"+QCCID", FACT},  {"+CCID", FACT},     {"+ICCID", FACT},    {"+CNUM", FACT},  {"+CSQ", FACT},
    {"+QCSQ", FACT},   {"+QNWINFO", FACT},  {"+QSPN", FACT},     {"+CEER", FACT},  {"+CBC", FACT},
    {"+CPAS", FACT},   {"+QINISTAT", FACT}, {"+QSIMSTAT", READ}, {"+CCLK", FACT},  {"+QLTS", FACT},
    {"+COPS", FACT},   {"+CREG", READ},     {"+CGREG", READ},    {"+CEREG", READ}, {"+CPIN", FACT | WRITE},
    {"+QPING", WRITE}, {"+QNTP", WRITE},
};

/* Write commands by their beginning: what only reads the card, and what would change it, or tell of it falsely. */
static const struct {
    const char *start;
    enum whose whose;
} written[] = {
    {"+CRSM=176,", REAL}, {"+CRSM=178,", REAL},     {"+CRSM=192,", REAL}, {"+CRSM=242", REAL}, {"+CRSM=", NOBODYS},
    {"+CSIM=", NOBODYS},  {"+CLCK=\"SC\",2", REAL}, {"+CLCK=", NOBODYS},  {"+CMGL=", NOBODYS}, {"+QIDNSCFG=", NOBODYS},
};

static bool starts_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

static int form_of(const char *rest)
{
    return !*rest ? EXEC : strcmp(rest, "?") == 0 ? READ : strcmp(rest, "=?") == 0 ? TEST : WRITE;
}

static size_t name_length(const char *command)
{
    return *command == '+' ? strcspn(command, "=?") : 1;
}

static enum whose whose(const char *command, bool known)
{
    size_t len = name_length(command);
    int form = form_of(command + len);
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        if (strlen(real[i].name) == len && strncasecmp(real[i].name, command, len) == 0) {
            form = len == 1 ? WRITE : form;
            return (real[i].forms & form) ? REAL : VIRTUAL;
        }
    }
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]) && form == WRITE; i++) {
        if (starts_with(command, written[i].start)) {
            return written[i].whose;
        }
    }
    /* What the virtual module has never heard of can be asked, but not done. */
    return !known && *command == '+' && (form == READ || form == TEST) ? REAL : VIRTUAL;
}

/* The client's context is the daemon's, whatever number it has there. */
static const char *after_context(const char *command)
{
    static const char *const with_context[] = {"+QPING=", "+QNTP="};
    for (size_t i = 0; i < sizeof(with_context) / sizeof(with_context[0]); i++) {
        size_t len = strlen(with_context[i]);
        if (starts_with(command, with_context[i]) && command[len] != '?') {
            return command + len + strspn(command + len, " 0123456789");
        }
    }
    return NULL;
}

/*
 * The command as the real module gets it. In which form an operator is named is each client's own: AT+COPS=3,2 is said
 * with the question, and taken back.
 */
static int translate(const struct guest *guest, const char *command, char *text, size_t size)
{
    const char *rest = after_context(command);
    if (rest) {
        return snprintf(text, size, "AT%.*s1%s", (int)strcspn(command, "=") + 1, command, rest);
    }
    if (strcasecmp(command, "+COPS?") == 0 && guest->operator_form) {
        return snprintf(text, size, "AT+COPS=3,%d;+COPS?;+COPS=3,0", guest->operator_form);
    }
    return snprintf(text, size, "AT%s", command);
}

static bool on_command(void *ctx, const char *command, bool known)
{
    struct guest *guest = ctx;
    enum whose who = whose(command, known);
    if (starts_with(command, "+COPS=3,") && command[8] >= '0' && command[8] <= '2' && !command[9]) {
        guest->operator_form = command[8] - '0';
    }
    if (who == VIRTUAL) {
        return false;
    }
    int len = translate(guest, command, guest->command, sizeof(guest->command));
    guest->refused = who == NOBODYS || len >= (int)sizeof(guest->command);
    guest->asks = !guest->refused;
    return true;
}

/* "+CEREG: 0,1": <n> is a setting of each client's own. */
static void answer_registration(struct guest *guest, const char *line, size_t len)
{
    char domain[8] = "";
    char text[USOCKET_LINE_SIZE + 16];
    int rest = 0;
    snprintf(text, sizeof(text), "%.*s", (int)len, line);
    if (sscanf(text, "+%7[A-Z]: %*d%n", domain, &rest) != 1 || rest == 0) {
        modemsim_answer_text(guest->sim, line, len, true);
        return;
    }
    char changed[sizeof(text) + 16];
    int n = snprintf(changed, sizeof(changed), "+%s: %d%s", domain, modemsim_registration_mode(guest->sim, domain),
                     text + rest);
    modemsim_answer_text(guest->sim, changed, (size_t)n, true);
}

void guest_answer_line(struct guest *guest, const char *line, size_t len, bool ends)
{
    static const char *const asks[] = {"AT+CREG?", "AT+CGREG?", "AT+CEREG?"};
    bool registration = false;
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        registration = registration || strcasecmp(guest->command, asks[i]) == 0;
    }
    if (registration && ends) {
        answer_registration(guest, line, len);
    } else {
        modemsim_answer_text(guest->sim, line, len, ends);
    }
}

void guest_answer(struct guest *guest, const char *final)
{
    guest->asks = guest->refused = false;
    modemsim_answer(guest->sim, final);
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static void on_line(uv_poll_t *poll, int status, int events)
{
    struct guest *guest = poll->data;
    guest->events |= status < 0 ? UV_DISCONNECT : events;
    uv_poll_stop(poll);
}

static bool read_line(struct guest *guest)
{
    int events = guest->events;
    guest->events = 0;
    if (guest->in_len || guest->ended || !events) {
        guest->gone = guest->gone || (events & UV_DISCONNECT);
        return false;
    }
    ssize_t n = recv(guest->fd, guest->in, sizeof(guest->in), 0);
    if (n > 0) {
        guest->in_len = (size_t)n;
        return true;
    }
    guest->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
    return false;
}

static bool feed(struct guest *guest, uint64_t now)
{
    if (!guest->in_len || modemnet_full(guest->net)) {
        return false;
    }
    size_t taken = modemsim_write(guest->sim, now, guest->in, guest->in_len);
    guest->in_len -= taken;
    memmove(guest->in, guest->in + taken, guest->in_len);
    return taken > 0;
}

static bool write_line(struct guest *guest, uint64_t now)
{
    if (!guest->out_len) {
        guest->out_len = modemsim_read(guest->sim, now, guest->out, sizeof(guest->out));
    }
    if (!guest->out_len) {
        guest->gone = guest->gone || (guest->ended && !guest->asks); /* as for printf 'AT+CSQ\r' | nc -U PATH */
        return false;
    }
    ssize_t n = send(guest->fd, guest->out, guest->out_len, MSG_NOSIGNAL);
    if (n < 0) {
        guest->gone = errno != EAGAIN && errno != EINTR;
        return false;
    }
    guest->out_len -= (size_t)n;
    memmove(guest->out, guest->out + n, guest->out_len);
    return true;
}

bool guest_move(struct guest *guest)
{
    uint64_t now = guest_now_us(guest);
    modemsim_run(guest->sim, now);
    if (guest->refused) {
        guest_answer(guest, "ERROR");
    }
    bool moved = modemnet_move(guest->net);
    moved = read_line(guest) || moved;
    moved = feed(guest, now) || moved;
    return write_line(guest, now) || moved;
}

uint64_t guest_watch(struct guest *guest)
{
    int hearing = guest->in_len ? UV_DISCONNECT : guest->ended ? 0 : UV_READABLE;
    int events = hearing | (guest->out_len ? UV_WRITABLE : 0);
    uint64_t now = guest_now_us(guest);
    uint64_t next = modemsim_next_us(guest->sim, now);
    if (events) {
        uv_poll_start(&guest->poll, events, on_line);
    }
    if (next == UINT64_MAX) {
        return UINT64_MAX;
    }
    return guest->out_len && next <= now ? STUCK_MS : (next - now + 999) / 1000;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

struct guest *guest_new(uv_loop_t *loop, int fd, struct modemnet_pool *pool, const struct guest_kind *kind)
{
    /* On since long: nobody waits for its boot. */
    const struct modemsim_options options = {
        .module = kind->module, .address = kind->address, .address6 = kind->address6, .booted = true};
    struct guest *guest = calloc(1, sizeof(*guest));
    if (!guest || uv_poll_init(loop, &guest->poll, fd)) {
        abort();
    }
    guest->fd = fd;
    guest->start_us = uv_hrtime() / 1000;
    guest->poll.data = guest;
    guest->net = modemnet_new(pool);
    guest->sim = modemsim_new(&options, modemnet_ops(), guest->net);
    modemnet_attach(guest->net, guest->sim);
    modemsim_on_command(guest->sim, on_command, guest);
    return guest;
}

static void on_closed(uv_handle_t *handle)
{
    struct guest *guest = handle->data;
    close(guest->fd);
    free(guest);
}

void guest_free(struct guest *guest)
{
    modemnet_free(guest->net);
    modemsim_free(guest->sim);
    uv_close((uv_handle_t *)&guest->poll, on_closed);
}
