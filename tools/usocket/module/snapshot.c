/*
 * How module and network stand at one moment, asked by AT commands alone.
 */
#include "module/snapshot.h"

#include "module/numbers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Asks, and finds the line that begins with @p prefix. *error is set only when no answer came; then all else is left. */
static const char *ask(struct cli *cli, int *error, struct cli_answer *answer, const char *command, const char *prefix)
{
    if (*error) {
        return NULL;
    }
    int result = cli_at(cli, command, answer);
    *error = result == -EIO ? 0 : result;
    return result ? NULL : cli_answer_find(answer, prefix);
}

static int sim_state(const char *line, const char *final)
{
    static const struct {
        const char *word;
        int sub;
    } states[] = {
        {"READY", USOCKET_SIM_READY},           {"SIM PIN2", USOCKET_SIM_PIN2},
        {"SIM PUK2", USOCKET_SIM_PUK2},         {"SIM PIN", USOCKET_SIM_PIN},
        {"SIM PUK", USOCKET_SIM_PUK},           {"PH-", USOCKET_SIM_LOCKED},
        {"+CME ERROR: 14", USOCKET_SIM_BUSY},   {"+CME ERROR: 13", USOCKET_SIM_INVALID},
        {"+CME ERROR: 10", USOCKET_SIM_ABSENT},
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strncmp(line ? line : final, states[i].word, strlen(states[i].word)) == 0) {
            return states[i].sub;
        }
    }
    return USOCKET_SIM_UNKNOWN;
}

/* The best of what the three networks say: <n>,<stat>. */
static int registration(struct cli *cli, int *error)
{
    static const char *const commands[][2] = {
        {"AT+CEREG?", "+CEREG:"}, {"AT+CGREG?", "+CGREG:"}, {"AT+CREG?", "+CREG:"}};
    int best = -1;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct cli_answer answer;
        int mode, stat;
        const char *line = ask(cli, error, &answer, commands[i][0], commands[i][1]);
        struct usk_fields fields = cli_fields(line ? line : "");
        if (cli_field_int(&fields, 0, INT_MAX, &mode) && cli_field_int(&fields, 0, INT_MAX, &stat)) {
            if (stat == 1 || stat == 5) {
                return stat;
            }
            best = best > 0 ? best : stat;
        }
    }
    return best;
}

/* Module, SIM, registration, data call: the first of them that is not as it should be is the stage. */
static void find_stage(struct cli *cli, int *error, struct cli_snapshot *now)
{
    struct cli_answer answer;
    const char *line = ask(cli, error, &answer, "AT+CPIN?", "+CPIN:");
    now->stage = USOCKET_STAGE_SIM;
    now->sub = *error ? 0 : sim_state(line, answer.final);
    if (now->sub == USOCKET_SIM_READY) {
        now->stage = USOCKET_STAGE_REGISTRATION;
        now->sub = registration(cli, error);
    }
    line = ask(cli, error, &answer, "AT+QIACT?", "+QIACT:");
    if (line && cli_quoted(line, now->address, sizeof(now->address)) && now->stage == USOCKET_STAGE_REGISTRATION) {
        now->stage = USOCKET_STAGE_DATA;
        now->sub = 1;
    } else if (now->stage == USOCKET_STAGE_REGISTRATION && (now->sub == 1 || now->sub == 5)) {
        now->stage = USOCKET_STAGE_DATA;
        now->sub = 0;
    }
}

static void find_signal(struct cli *cli, int *error, struct cli_snapshot *now)
{
    struct cli_answer answer, more;
    const char *csq = ask(cli, error, &answer, "AT+CSQ", "+CSQ:");
    radio_read(&now->radio, csq, ask(cli, error, &more, "AT+QCSQ", "+QCSQ:"));
    const char *line = ask(cli, error, &answer, "AT+COPS?", "+COPS:");
    if (line) {
        cli_quoted(line, now->operator_name, sizeof(now->operator_name));
    }
}

/* Takes <total>,<done>,<left>. */
static bool read_counts(const char *line, unsigned long *total, unsigned long *left)
{
    struct usk_fields fields = cli_fields(line);
    uint32_t count[3];
    for (int i = 0; i < 3; i++) {
        if (!usk_field_uint(&fields, UINT32_MAX, &count[i])) {
            return false;
        }
    }
    *total = count[0];
    *left = count[2];
    return true;
}

/* <total>,<read>,<unread> and <total>,<acked>,<unacked>; a listener has neither. */
static void count_bytes(struct cli *cli, int *error, struct cli_socket_now *socket)
{
    struct cli_answer answer;
    char command[32];
    int id = cli_number(socket->row.field[CLI_SOCKET_ID], -1);
    snprintf(command, sizeof(command), "AT+QIRD=%d,0", id);
    const char *line = ask(cli, error, &answer, command, "+QIRD:");
    socket->counted = line && read_counts(line, &socket->received, &socket->unread);
    snprintf(command, sizeof(command), "AT+QISEND=%d,0", id);
    line = ask(cli, error, &answer, command, "+QISEND:");
    socket->counted = line && read_counts(line, &socket->sent, &socket->unacked) && socket->counted;
}

static void find_sockets(struct cli *cli, int *error, struct cli_snapshot *now)
{
    struct cli_answer answer;
    ask(cli, error, &answer, "AT+QISTATE?", "");
    if (*error) {
        return;
    }
    for (const char *line = NULL; now->sockets < CLI_SNAPSHOT_SOCKETS;) {
        line = cli_socket_next(&answer, line, &now->socket[now->sockets].row);
        if (!line) {
            break;
        }
        now->sockets++;
    }
    for (size_t i = 0; i < now->sockets; i++) {
        const char *service = now->socket[i].row.field[CLI_SOCKET_SERVICE];
        if (strcmp(service, "TCP") == 0 || strcmp(service, "TCP INCOMING") == 0 || strcmp(service, "UDP") == 0) {
            count_bytes(cli, error, &now->socket[i]);
        }
    }
}

int cli_snapshot_take(struct cli *cli, struct cli_snapshot *now)
{
    int error = 0;
    *now = (struct cli_snapshot){.at_ms = cli_now_ms()};
    find_stage(cli, &error, now);
    find_signal(cli, &error, now);
    find_sockets(cli, &error, now);
    return error;
}
