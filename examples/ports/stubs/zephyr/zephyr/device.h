/*
 * Stand-in for Zephyr: the declarations that examples/ports/zephyr.c needs, so that it is compiled with each build. Not
 * Zephyr: build with the real one. What are inline functions there are plain ones here.
 */
#ifndef ZEPHYR_DEVICE_H
#define ZEPHYR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device {
    void *data;
};

bool device_is_ready(const struct device *device);

#endif
