/*
 * The list of the commands. Each is described, and done, in the file of its name.
 */
#include "cli.h"

const struct cli_command *const cli_commands[] = {
    &usk_cmd_get,     &usk_cmd_connect, &usk_cmd_listen,
    &usk_cmd_forward, &usk_cmd_proxy,   &usk_cmd_resolve,
    &usk_cmd_ping,    &usk_cmd_time,    &usk_cmd_ports,
    &usk_cmd_net,     &usk_cmd_signal,  &usk_cmd_info,
    &usk_cmd_state,   &usk_cmd_monitor, &usk_cmd_at,
    &usk_cmd_shell,   &usk_cmd_record,  &usk_cmd_replay,
    &usk_cmd_trace,   &usk_cmd_daemon,  NULL,
};
