/*
 * AT commands that tell their result behind their OK.
 */
#include "module/later.h"

#include "module/numbers.h"

#include <string.h>

static void hand_over(struct cli_later *later, const char *line, size_t len)
{
    char fields[200];
    size_t name = strlen(later->name);
    if (len > name && memcmp(line, later->name, name) == 0 && line[name] == ':') {
        name += line[name + 1] == ' ' ? 2 : 1;
        snprintf(fields, sizeof(fields), "%.*s", len > name ? (int)(len - name) : 0, line + name);
        later->on_line(later->ctx, fields);
    }
}

static void on_urc(void *ctx, const char *line, size_t len)
{
    hand_over(ctx, line, len);
}

static void on_answer(void *ctx, const char *line, size_t len, enum usocket_line kind)
{
    if (kind == USOCKET_LINE) {
        hand_over(ctx, line, len);
    }
}

int cli_later_fail(const char *what, int module_error)
{
    cli_complain("%s: %s (the module's error %d)", what, usocket_module_strerror(module_error), module_error);
    return CLI_FAILED;
}

/* ERROR alone says nothing; the module can be asked why. */
static int refused(struct cli *cli, const char *what)
{
    struct cli_answer answer;
    const char *fields = cli_at(cli, "AT+QIGETERROR", &answer) == 0 ? cli_answer_find(&answer, "+QIGETERROR:") : NULL;
    int code = fields ? cli_number(fields, 0) : 0;
    if (code > 0) {
        return cli_later_fail(what, code);
    }
    cli_complain("%s: the module refuses the command", what);
    return CLI_FAILED;
}

int cli_later_begin(struct cli *cli, struct cli_later *later, const char *command, const char *what)
{
    usocket_on_urc(&cli->modem, &later->urc, later->name, on_urc, later);
    int error = cli_at_lines(cli, command, on_answer, later);
    if (!error) {
        return CLI_OK;
    }
    cli_later_end(cli, later);
    return error == -EIO ? refused(cli, what) : cli_at_fail(cli, command, error);
}

void cli_later_end(struct cli *cli, struct cli_later *later)
{
    usocket_on_urc(&cli->modem, &later->urc, later->name, NULL, NULL);
}
