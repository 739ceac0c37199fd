/*
 * The stand-in of FreeRTOS at work, on POSIX threads. Its tick count begins shortly before it overflows, as with
 * configINITIAL_TICK_COUNT.
 */
#include <FreeRTOS.h>
#include <semphr.h>
#include <stream_buffer.h>
#include <task.h>

#include <stdlib.h>
#include <unistd.h>

#include "kernel.h"

static int64_t us_of(TickType_t ticks)
{
    return ticks == portMAX_DELAY ? -1 : (int64_t)ticks * 1000000 / configTICK_RATE_HZ;
}

void vTaskSetTimeOutState(TimeOut_t *time)
{
    uint64_t ticks = (TickType_t)(0U - configTICK_RATE_HZ) + kernel_us() * configTICK_RATE_HZ / 1000000;

    time->xTimeOnEntering = (TickType_t)ticks;
    time->xOverflowCount = (BaseType_t)(ticks >> (8 * sizeof(TickType_t)));
}

void vTaskDelay(TickType_t ticks)
{
    usleep((useconds_t)us_of(ticks));
}

SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *memory)
{
    memory->reserved[0] = kernel_sem(0, 1);
    return memory->reserved[0];
}

SemaphoreHandle_t xSemaphoreCreateRecursiveMutexStatic(StaticSemaphore_t *memory)
{
    memory->reserved[0] = kernel_sem(0, 0);
    return memory->reserved[0];
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks)
{
    return kernel_take((struct kernel_sem *)semaphore, us_of(ticks));
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore)
{
    kernel_give((struct kernel_sem *)semaphore);
    return pdTRUE;
}

BaseType_t xSemaphoreGiveFromISR(SemaphoreHandle_t semaphore, BaseType_t *woken)
{
    *woken = pdTRUE;
    return xSemaphoreGive(semaphore);
}

BaseType_t xSemaphoreTakeRecursive(SemaphoreHandle_t mutex, TickType_t ticks)
{
    return xSemaphoreTake(mutex, ticks);
}

BaseType_t xSemaphoreGiveRecursive(SemaphoreHandle_t mutex)
{
    return xSemaphoreGive(mutex);
}

/* --- stream buffers ----------------------------------------------------------------------------------------------- */

struct stub_stream {
    pthread_mutex_t mutex;
    uint8_t *bytes;
    size_t size, in, out;
};

StreamBufferHandle_t xStreamBufferCreateStatic(size_t size, size_t trigger, uint8_t *bytes,
                                               StaticStreamBuffer_t *memory)
{
    struct stub_stream *stream = calloc(1, sizeof(*stream));
    (void)trigger;

    if (stream == NULL) {
        abort();
    }
    pthread_mutex_init(&stream->mutex, NULL);
    stream->bytes = bytes;
    stream->size = size - 1; /* one stays empty in FreeRTOS's */
    memory->reserved[0] = stream;
    return stream;
}

size_t xStreamBufferSend(StreamBufferHandle_t stream, const void *bytes, size_t len, TickType_t ticks)
{
    size_t n = 0;
    (void)ticks;

    pthread_mutex_lock(&stream->mutex);
    for (; n < len && stream->in - stream->out < stream->size; n++) {
        stream->bytes[stream->in++ % stream->size] = ((const uint8_t *)bytes)[n];
    }
    pthread_mutex_unlock(&stream->mutex);
    return n;
}

size_t xStreamBufferReceive(StreamBufferHandle_t stream, void *bytes, size_t len, TickType_t ticks)
{
    size_t n = 0;
    (void)ticks;

    pthread_mutex_lock(&stream->mutex);
    for (; n < len && stream->in != stream->out; n++) {
        ((uint8_t *)bytes)[n] = stream->bytes[stream->out++ % stream->size];
    }
    pthread_mutex_unlock(&stream->mutex);
    return n;
}

size_t xStreamBufferSendFromISR(StreamBufferHandle_t stream, const void *bytes, size_t len, BaseType_t *woken)
{
    (void)woken;
    return xStreamBufferSend(stream, bytes, len, 0);
}

size_t xStreamBufferReceiveFromISR(StreamBufferHandle_t stream, void *bytes, size_t len, BaseType_t *woken)
{
    (void)woken;
    return xStreamBufferReceive(stream, bytes, len, 0);
}

size_t xStreamBufferBytesAvailable(StreamBufferHandle_t stream)
{
    size_t n;

    pthread_mutex_lock(&stream->mutex);
    n = stream->in - stream->out;
    pthread_mutex_unlock(&stream->mutex);
    return n;
}

size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t stream)
{
    return stream->size - xStreamBufferBytesAvailable(stream);
}
