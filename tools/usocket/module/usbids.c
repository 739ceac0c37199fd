/*
 * Quectel modules on USB. Each row names its source:
 *   MM  ModemManager, 77-mm-quectel-port-types.rules: 0 QCDM/DIAG, 1 GPS, 2 AT primary, 3 AT secondary
 *   K   Linux, drivers/usb/serial/option.c (qcserial.c for EC20), the list of ids; C with it the message of the commit
 *   CL  CANDY-LINE candy-pi-lite-service, 99-qws-usb-serial.rules
 */
#include "module/usbids.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { QUECTEL = 0x2c7c, QUALCOMM = 0x05c6, INTERFACES = 5 };

static const char *const usual[INTERFACES] = {"diagnostics", "GPS", "AT", "modem"};
static const char *const lpwa[INTERFACES] = {"diagnostics", "GPS", "AT", NULL, "modem"};
static const char *const uc20[INTERFACES] = {NULL, NULL, "AT", "modem"};

static const struct {
    int vendor, product;
    const char *name;
    const char *const *roles; /* NULL: no source tells */
} modules[] = {
    {QUECTEL, 0x0121, "EC21", usual},             /* MM, K, CL */
    {QUECTEL, 0x0125, "EC25, EG25", usual},       /* MM, K, CL */
    {QUECTEL, 0x0191, "EG91", usual},             /* MM, K */
    {QUECTEL, 0x0195, "EG95", usual},             /* MM, K */
    {QUECTEL, 0x0296, "BG96", usual},             /* MM, K */
    {QUECTEL, 0x0306, "EG06, EP06, EM06", usual}, /* MM, K */
    {QUECTEL, 0x0512, "EG12, EM12", usual},       /* MM, K */
    {QUECTEL, 0x0700, "BG95, BG77", lpwa},        /* C 33b7af2f459d: Diag, GNSS, Modem, and a second Modem as 4 */
    {QUECTEL, 0x0800, "RM500Q", usual},           /* MM, K */
    {QUECTEL, 0x0801, "RM520N", NULL},            /* K */
    {QUECTEL, 0x0901, "EC200U", NULL},            /* K */
    {QUECTEL, 0x6001, "EG912Y", NULL},            /* K */
    {QUECTEL, 0x6002, "EC200S", NULL},            /* K */
    {QUECTEL, 0x6005, "EC200A", NULL},            /* K */
    {QUECTEL, 0x6007, "EG916Q", usual},           /* C "add Quectel EG916Q-GL": Diag, NMEA, AT, Modem */
    {QUECTEL, 0x6026, "EC200T", NULL},            /* K */
    {QUALCOMM, 0x9003, "UC20", uc20},             /* K, CL */
    {QUALCOMM, 0x9090, "UC15", NULL},             /* K */
    {QUALCOMM, 0x9215, "EC20", NULL},             /* K */
};

static int find(int vendor, int product)
{
    for (size_t i = 0; i < COUNT(modules); i++) {
        if (modules[i].vendor == vendor && modules[i].product == product) {
            return (int)i;
        }
    }
    return -1;
}

const char *usbids_module(int vendor, int product)
{
    int i = find(vendor, product);
    return i >= 0 ? modules[i].name : NULL;
}

const char *usbids_role(int vendor, int product, int interface)
{
    int i = find(vendor, product);
    bool told = i >= 0 && modules[i].roles && interface >= 0 && interface < INTERFACES;
    return told ? modules[i].roles[interface] : NULL;
}

static int read_hex(const char *path)
{
    FILE *file = fopen(path, "r");
    char text[3] = "";
    bool read = file && fgets(text, sizeof(text), file) && isxdigit((unsigned char)text[0]);
    if (file) {
        fclose(file);
    }
    return read ? (int)strtoul(text, NULL, 16) : -1;
}

/* The device of a ttyACM is the interface itself; that of a ttyUSB is a port in the folder of its interface. */
int usbids_interface(const char *class_dir, const char *tty)
{
    static const char *const places[] = {"device", "device/.."};
    int number = -1;
    for (size_t i = 0; i < COUNT(places) && number < 0; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s/%s/bInterfaceNumber", class_dir, tty, places[i]);
        number = read_hex(path);
    }
    return number;
}
