/* Stand-in for FreeRTOS's stream_buffer.h; see FreeRTOS.h. */
#ifndef STREAM_BUFFER_H
#define STREAM_BUFFER_H

typedef struct stub_stream *StreamBufferHandle_t;

StreamBufferHandle_t xStreamBufferCreateStatic(size_t size, size_t trigger, uint8_t *bytes,
                                               StaticStreamBuffer_t *memory);
size_t xStreamBufferSend(StreamBufferHandle_t stream, const void *bytes, size_t len, TickType_t ticks);
size_t xStreamBufferSendFromISR(StreamBufferHandle_t stream, const void *bytes, size_t len, BaseType_t *woken);
size_t xStreamBufferReceive(StreamBufferHandle_t stream, void *bytes, size_t len, TickType_t ticks);
size_t xStreamBufferReceiveFromISR(StreamBufferHandle_t stream, void *bytes, size_t len, BaseType_t *woken);
size_t xStreamBufferBytesAvailable(StreamBufferHandle_t stream);
size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t stream);

#endif
