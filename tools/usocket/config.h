/*
 * The configuration file: "key = value" lines, '#' begins a comment.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>

/* What a key of the file does: returns false, having said why, when the value can't be. `value` stays where it is. */
typedef bool (*cli_config_fn)(void *ctx, const char *key, const char *value);

/*
 * Reads the file named by USOCKET_CONFIG, else usocket/config in XDG_CONFIG_HOME or ~/.config. That one may be missing.
 * Returns false when something is wrong with it, which has been said with file and line.
 */
bool cli_config_read(cli_config_fn set, void *ctx);

#endif
