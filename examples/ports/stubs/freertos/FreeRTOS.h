/*
 * Stand-in for FreeRTOS: the declarations that examples/ports/freertos.c needs, so that it is compiled with each build.
 * Not FreeRTOS: link the real kernel. What are macros there are functions here.
 */
#ifndef INC_FREERTOS_H
#define INC_FREERTOS_H

#include <stddef.h>
#include <stdint.h>

#ifndef configTICK_RATE_HZ
#define configTICK_RATE_HZ 250
#endif

#ifdef configUSE_16_BIT_TICKS
typedef uint16_t TickType_t;
#else
typedef uint32_t TickType_t;
#endif
typedef long BaseType_t;

#define portMAX_DELAY ((TickType_t)-1)
#define pdFALSE       ((BaseType_t)0)
#define pdTRUE        ((BaseType_t)1)

typedef struct {
    void *reserved[20];
} StaticSemaphore_t;
typedef struct {
    void *reserved[8];
} StaticStreamBuffer_t;

#endif
