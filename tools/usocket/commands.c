/*
 * The list of the commands. Each is described, and done, in the file of its name.
 */
#include "cli.h"

const struct cli_command *const cli_commands[] = {
    &usk_cmd_get, &usk_cmd_connect, &usk_cmd_resolve, &usk_cmd_net, &usk_cmd_info,
    &usk_cmd_at,  &usk_cmd_state,   &usk_cmd_replay,  NULL,
};
