/*
 * The whole driver: any program with any module on a virtual clock. The input is a session, see session.h; what must
 * hold is in program.c.
 */
#include "program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program program;

    session_init(&program.session, data, size);
    program_run(&program);
    return 0;
}
