/*
 * What the files of the command-line tool share: the options, the table of commands, messages and exit codes.
 * main.c fills struct cli in, a command's function does the work and returns the exit code.
 */
#ifndef CLI_H
#define CLI_H

#include "line.h"
#include "usocket/usocket.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit codes; an interrupted command ends with 128 + the signal, as a shell reports it. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,   /* the network or the peer failed */
    CLI_USAGE = 2,    /* the command line is wrong */
    CLI_NO_MODEM = 3, /* no modem, or no answer from it */
};

struct cli_options {
    const char *port;
    const char *baud_text;
    unsigned baud;
    enum usocket_flow flow;
    const char *dialect;
    char *apn; /* owned; user and password point into it */
    const char *user;
    const char *password;
    char pin[9];        /* of the SIM card; "": none */
    int32_t timeout_ms; /* of the bring-up and of each network operation */
    bool trace;
    const char *record;
    bool json;
    bool help;
    uint32_t chosen; /* which were given, by the command line before the environment and the file; see options.c */
};

enum { CLI_MAX_GIVEN = 16 };

struct cli_given {
    const char *name, *value;
};

struct cli {
    struct cli_options options;
    const struct cli_command *command;
    struct cli_given given[CLI_MAX_GIVEN]; /* the command's options; see cli_option() */
    struct cli_line line;
    struct usocket_modem modem;
    bool dialled;  /* a socket was made: the module must be left clean */
    bool answers;  /* the module has answered an AT of ours */
    json_t *facts; /* --json: what cli_fact() has gathered */
};

/* An option of one command; several may have one of the same name, of the same shape. */
struct cli_option {
    const char *name;
    int letter;      /* 0: none */
    const char *arg; /* what the help calls its value; NULL: it has none */
    const char *help;
};

struct cli_command {
    const char *name;
    const char *args;
    const char *summary;
    const char *help; /* what --help shows below the usage line; with the options at most 24 lines of 80 */
    const struct cli_option *options; /* ended by one without a name; NULL: none */
    int min_args, max_args;
    bool offline; /* needs no modem */
    /* argc and argv are the command's arguments alone. Returns the exit code. */
    int (*run)(struct cli *cli, int argc, char **argv);
};

/* The commands, each in the file of its name. */
extern const struct cli_command usk_cmd_get;
extern const struct cli_command usk_cmd_connect;
extern const struct cli_command usk_cmd_forward;
extern const struct cli_command usk_cmd_proxy;
extern const struct cli_command usk_cmd_listen;
extern const struct cli_command usk_cmd_resolve;
extern const struct cli_command usk_cmd_ping;
extern const struct cli_command usk_cmd_time;
extern const struct cli_command usk_cmd_ports;
extern const struct cli_command usk_cmd_signal;
extern const struct cli_command usk_cmd_net;
extern const struct cli_command usk_cmd_info;
extern const struct cli_command usk_cmd_monitor;
extern const struct cli_command usk_cmd_at;
extern const struct cli_command usk_cmd_shell;
extern const struct cli_command usk_cmd_state;
extern const struct cli_command usk_cmd_record;
extern const struct cli_command usk_cmd_replay;
extern const struct cli_command usk_cmd_trace;
extern const struct cli_command usk_cmd_daemon;

/* All of them, in the order of the help; NULL at the end. */
extern const struct cli_command *const cli_commands[];

/* options.c */
/* Reads the command line. Returns -1 to go on with the command, else the exit code. */
int cli_options_read(struct cli *cli, int *argc, char ***argv);
/* The value of the command's option --@p name, the last one: "" for one without a value, NULL when it was not given. */
const char *cli_option(const struct cli *cli, const char *name);
/* The same for an option that may be given several times, from 0 on. */
const char *cli_option_nth(const struct cli *cli, const char *name, int nth);
/* Reads a TCP port of 1..65535 into @p port; says what is wrong with it and returns false if it is not one. */
bool cli_read_tcp_port(const char *text, uint16_t *port);
/* Reads the number that the command's option --@p name was given; leaves @p value alone when it was not. As above. */
bool cli_read_count(const struct cli *cli, const char *name, long min, long max, long *value);

/* message.c: everything that is said to the user */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is said from now on begins with @p where, the file and line it is about; NULL: no more. */
void cli_complain_at(const char *where);
/* One fact of a command's result: a "label  text" line, or with --json a member of the object printed at the end. */
void cli_fact(struct cli *cli, const char *key, json_t *value, const char *label, const char *text);
/* Prints @p value as JSON on standard output and releases it. */
void cli_print_json(json_t *value);
/* Text that came from outside, as a JSON string: bytes that are not UTF-8 become '?'. */
json_t *cli_json_text(const char *text, size_t len);
/* Ends what is written to standard output. Returns code, or CLI_FAILED when it could not be written. */
int cli_flush_output(int code);

#endif
