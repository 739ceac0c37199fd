/*
 * The writers of usocket trace: a story as a page of HTML, or as a capture for Wireshark. Errors are those of `out`.
 */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include "story/story.h"

#include <stdio.h>

/* One page that needs nothing else and runs no script; @p path is the transcript's. */
void trace_html(FILE *out, const struct story *story, const char *path);

/* A pcapng file: AT lines for Wireshark's dissector "at", payload for "data", meanings as comments. */
void trace_pcapng(FILE *out, const struct story *story);

#endif
