/*
 * Numbers in what the module tells, read within bounds: a line may hold anything.
 */
#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include "at/fields.h"

/* The fields of @p text, which stays where it is. */
struct usk_fields cli_fields(const char *text);

/* Takes a decimal number of @p min (-INT_MAX or more) to @p max. Anything else: false, and nothing is taken. */
bool cli_field_int(struct usk_fields *fields, int min, int max, int *value);

/* The first field of @p text as a number; @p otherwise if it is none, or below 0, or too great. */
int cli_number(const char *text, int otherwise);

#endif
