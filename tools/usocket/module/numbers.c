/*
 * Numbers in what the module tells; see numbers.h.
 */
#include "module/numbers.h"

#include <limits.h>
#include <string.h>

struct usk_fields cli_fields(const char *text)
{
    return (struct usk_fields){text, text + strlen(text)};
}

bool cli_field_int(struct usk_fields *fields, int min, int max, int *value)
{
    struct usk_fields rest = *fields;
    uint32_t size;
    bool negative = usk_fields_more(&rest) && *rest.at == '-';
    rest.at += negative;
    if (!usk_field_uint(&rest, INT_MAX, &size)) {
        return false;
    }
    int number = negative ? -(int)size : (int)size;
    if (number < min || number > max) {
        return false;
    }
    *value = number;
    *fields = rest;
    return true;
}

int cli_number(const char *text, int otherwise)
{
    struct usk_fields fields = cli_fields(text);
    int value;
    return cli_field_int(&fields, 0, INT_MAX, &value) ? value : otherwise;
}
