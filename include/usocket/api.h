/**
 * @file api.h
 * What every header of usocket needs: the mark of a public function, and errno names that some C libraries hide.
 */
#ifndef USOCKET_API_H
#define USOCKET_API_H

#include <errno.h>

#if defined(__GNUC__) && !defined(USOCKET_API)
#define USOCKET_API __attribute__((visibility("default")))
#elif !defined(USOCKET_API)
#define USOCKET_API
#endif

/* POSIX and Linux names that newlib hides, with its values. */
#ifndef ENOMEDIUM
#define ENOMEDIUM 135
#endif
#ifndef ESOCKTNOSUPPORT
#define ESOCKTNOSUPPORT 124
#endif

#endif
