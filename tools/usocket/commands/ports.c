/*
 * usocket ports: the serial ports of this machine, which module is behind each, and who has it open.
 */
#include "cli.h"
#include "daemon/door.h"
#include "module/usbids.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef USK_HAVE_LIBSERIALPORT
#include <libserialport.h>

/* --- what is known of a port -------------------------------------------------------------------------------------- */

struct facts {
    const char *path;
    int vendor, product; /* -1: not on USB */
    int interface;       /* -1: not known */
    const char *module, *role, *description;
    bool may_open;
    bool held;
    struct door_holder holder;
};

static void look(const struct sp_port *port, struct facts *f)
{
    *f = (struct facts){.path = sp_get_port_name(port), .vendor = -1, .product = -1};
    const char *slash = strrchr(f->path, '/');
    sp_get_port_usb_vid_pid(port, &f->vendor, &f->product);
    f->interface = usbids_interface("/sys/class/tty", slash ? slash + 1 : f->path);
    f->module = usbids_module(f->vendor, f->product);
    f->role = usbids_role(f->vendor, f->product, f->interface);
    f->description = sp_get_port_description(port);
    f->may_open = access(f->path, R_OK | W_OK) == 0;
    f->held = door_find_holder(f->path, &f->holder);
}

/* Only root is shown what the processes of others have open. */
static bool sees_all(void)
{
    return geteuid() == 0;
}

static const char *state_of(const struct facts *f)
{
    return f->held ? "busy" : sees_all() ? "free" : "unknown";
}

/* --- as text ------------------------------------------------------------------------------------------------------ */

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s", more);
    for (char *c = text + len; *c; c++) { /* names come from the device */
        *c = iscntrl((unsigned char)*c) ? '?' : *c;
    }
}

static void print_text(const struct facts *f)
{
    char usb[16] = "-", what[48] = "", number[16], use[120] = "";
    if (f->vendor >= 0) {
        snprintf(usb, sizeof(usb), "%04x:%04x", (unsigned)f->vendor, (unsigned)f->product);
    }
    append(what, sizeof(what), f->module ? "Quectel " : f->description ? f->description : "-");
    append(what, sizeof(what), f->module ? f->module : "");
    snprintf(number, sizeof(number), f->interface >= 0 ? "%d" : "-", f->interface);
    append(use, sizeof(use), f->held ? "busy: " : sees_all() ? "free" : "free?");
    if (f->held) {
        append(use, sizeof(use), f->holder.name);
        snprintf(use + strlen(use), sizeof(use) - strlen(use), " (pid %d)", (int)f->holder.pid);
    }
    append(use, sizeof(use), f->may_open ? "" : ", no permission");
    printf("%-13s %-9s %-24s %2s %-11s  %s\n", f->path, usb, what, number, f->role ? f->role : "-", use);
}

/* What to do next, once, behind the list. */
static void print_advice(bool forbidden)
{
    if (forbidden) {
        fputs("no permission: add yourself to the group of the ports (ls -l), often dialout\n", stderr);
    }
    if (!sees_all()) {
        fputs("free?: only root sees what other users' programs hold\n", stderr);
    }
}

/* --- as JSON ------------------------------------------------------------------------------------------------------ */

static json_t *text_or_null(const char *text)
{
    return text ? cli_json_text(text, strlen(text)) : json_null();
}

static json_t *in_json(const struct facts *f)
{
    char usb[16];
    snprintf(usb, sizeof(usb), "%04x:%04x", (unsigned)f->vendor, (unsigned)f->product);
    json_t *holder = f->held ? json_pack("{s:i, s:o}", "pid", (int)f->holder.pid, "name", text_or_null(f->holder.name))
                             : json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:b}", "port", f->path, "usb",
                     f->vendor >= 0 ? json_string(usb) : json_null(), "module", text_or_null(f->module), "description",
                     text_or_null(f->description), "interface",
                     f->interface >= 0 ? json_integer(f->interface) : json_null(), "role", text_or_null(f->role),
                     "state", state_of(f), "holder", holder, "may_open", f->may_open);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct sp_port *const *left = a, *const *right = b;
    return strverscmp(sp_get_port_name(*left), sp_get_port_name(*right));
}

static void print_list(struct cli *cli, struct sp_port **list, size_t count)
{
    json_t *all = json_array();
    bool forbidden = false;
    if (!cli->options.json && count > 0) {
        printf("%-13s %-9s %-24s %2s %-11s  %s\n", "port", "usb", "what", "if", "role", "use");
    }
    for (size_t i = 0; i < count; i++) {
        struct facts facts;
        look(list[i], &facts);
        forbidden = forbidden || !facts.may_open;
        if (cli->options.json) {
            json_array_append_new(all, in_json(&facts));
        } else {
            print_text(&facts);
        }
    }
    if (cli->options.json) {
        cli_print_json(json_incref(all));
    } else if (count > 0) {
        print_advice(forbidden);
    } else {
        puts("no serial ports: is the modem plugged in and switched on? (dmesg; lsusb: 2c7c is Quectel)\n"
             "a module on a UART of the board needs it enabled first; without any module there is --port sim");
    }
    json_decref(all);
}

static int run(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct sp_port **list;
    size_t count = 0;
    if (sp_list_ports(&list) != SP_OK) {
        cli_complain("the serial ports can't be listed: is /sys there?");
        return CLI_FAILED;
    }
    while (list[count]) {
        count++;
    }
    qsort(list, count, sizeof(struct sp_port *), by_name);
    print_list(cli, list, count);
    sp_free_port_list(list);
    return CLI_OK;
}

#else

static int run(struct cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argc;
    (void)argv;
    cli_complain("this usocket was built without libserialport; look for /dev/ttyUSB* and /dev/ttyACM*");
    return CLI_FAILED;
}

#endif

const struct cli_command usk_cmd_ports = {
    .name = "ports",
    .args = "",
    .summary = "list the serial ports, and which is a module's AT port",
    .help = "Lists the serial ports: USB id, module, number and role of the USB interface,\n"
            "and who has the port open. The one of role AT is for --port. No port is opened.\n"
            "\n"
            "When ModemManager holds it, have it let go of the modem as long as this runs:\n"
            "  mmcli --list-modems; mmcli --modem N --inhibit\n"
            "or for good, by a file /etc/udev/rules.d/99-usocket.rules with\n"
            "  ATTRS{idVendor}==\"2c7c\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n"
            "and udevadm control --reload; udevadm trigger.\n"
            "\n"
            "Example:\n"
            "  sudo usocket ports\n",
    .offline = true,
    .run = run,
};
