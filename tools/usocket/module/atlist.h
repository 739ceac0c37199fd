/*
 * AT commands that a user may want to type, with what they do: for the shell's completion and help.
 */
#ifndef CLI_ATLIST_H
#define CLI_ATLIST_H

struct cli_at_entry {
    const char *command;
    const char *meaning;
};

/* Sorted by name; ended by one without a command. */
extern const struct cli_at_entry cli_at_list[];

#endif
