/*
 * Quectel modules on USB: which module an id is, and what its serial interfaces are for.
 */
#ifndef CLI_USBIDS_H
#define CLI_USBIDS_H

/* The module's name; NULL: not known. */
const char *usbids_module(int vendor, int product);

/* What an interface of it is for: "AT", "modem", "GPS", "diagnostics"; NULL: not known. */
const char *usbids_role(int vendor, int product, int interface);

/* The USB interface of a terminal, which @p class_dir, "/sys/class/tty", knows as "ttyUSB2"; -1: it is not on USB. */
int usbids_interface(const char *class_dir, const char *tty);

#endif
