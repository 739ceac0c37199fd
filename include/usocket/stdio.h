/**
 * @file stdio.h
 * A socket as a FILE: makefile() of the reference, where the C library can make one (fopencookie in glibc, musl and
 * newlib, funopen in the BSDs and newlib). Elsewhere, and without a heap, use struct usocket_file.
 */
#ifndef USOCKET_STDIO_H
#define USOCKET_STDIO_H

#include <stdio.h>

#include "usocket/api.h"

#ifdef __cplusplus
extern "C" {
#endif

struct usocket;

/**
 * Makes a FILE that reads from or writes to a stream socket. fclose() flushes it and leaves the socket open. The
 * socket's time-out holds for each read and write; one that strikes sets the error indicator, and errno.
 *
 * @param mode  "rb" or "wb"
 * @return the FILE, or NULL with errno: EINVAL (another mode), EBADF, EOPNOTSUPP (UDP), ENOMEM, ENOSYS
 */
USOCKET_API FILE *usocket_makefile(struct usocket *s, const char *mode);

#ifdef __cplusplus
}
#endif

#endif
