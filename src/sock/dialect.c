/*
 * The list of dialects. A module is driven by the first one that knows its model; one that nobody knows by the first of
 * the list, for the family's commands are the same in all but settings.
 */
#include <string.h>

#include "sock/internal.h"

const struct usk_dialect *usk_dialect_named(const char *name)
{
    const struct usk_dialect *dialect;

    for (size_t i = 0; (dialect = usk_dialect_at(i)) != NULL; i++) {
        if (strcmp(dialect->name, name) == 0) {
            return dialect;
        }
    }
    return NULL;
}

const struct usk_dialect *usk_dialect_of_model(struct usk_text model)
{
    const struct usk_dialect *dialect;

    for (size_t i = 0; (dialect = usk_dialect_at(i)) != NULL; i++) {
        for (const char *const *known = dialect->models; *known != NULL; known++) {
            if (usk_text_starts(model, *known)) {
                return dialect;
            }
        }
    }
    return NULL;
}

const char *usocket_dialects(size_t index)
{
    const struct usk_dialect *dialect = usk_dialect_at(index);

    return dialect != NULL ? dialect->name : NULL;
}
