/*
 * A port for FreeRTOS, to be copied: the UART's interrupt fills and drains two stream buffers; tasks that wait sleep on
 * a semaphore each. Written for FreeRTOS 10 and later, with configSUPPORT_STATIC_ALLOCATION and
 * configUSE_RECURSIVE_MUTEXES; any tick rate, ticks of 16 or 32 bits. It is proven in tests/port with a FreeRTOS made of
 * POSIX threads.
 *
 *     static struct freertos_line line;
 *     freertos_open(&line, start, &uart1);                      // before the UART's interrupt is enabled
 *     usocket_init(&modem, &freertos_port, &line, &config);
 *
 *     void UART1_IRQHandler(void)                               // its priority: one from which FreeRTOS may be called
 *     {
 *         BaseType_t woken = pdFALSE;
 *         uint8_t byte;
 *         while (a byte is there) {
 *             if (!freertos_room(&line)) { disable the receive interrupt; break; }
 *             freertos_received(&line, its byte, &woken);
 *         }
 *         while (there is room to send) {
 *             if (!freertos_to_send(&line, &byte, &woken)) { disable that interrupt; break; }
 *             send it;
 *         }
 *         portYIELD_FROM_ISR(woken);
 *     }
 */
#ifndef FREERTOS_PORT_H
#define FREERTOS_PORT_H

#include <FreeRTOS.h>
#include <semphr.h>
#include <stdbool.h>
#include <stream_buffer.h>
#include <task.h>
#include <usocket/port.h>

/** Rings, and how many tasks may wait at once; one more finds no semaphore and looks again each tick. */
enum { FREERTOS_RX_SIZE = 2048, FREERTOS_TX_SIZE = 512, FREERTOS_SLEEPERS = 8 };

struct freertos_line {
    /** Enables an interrupt, which may be enabled already: that there is room to send, or that bytes are there. */
    void (*start)(void *uart, bool sending);
    void *uart;
    StreamBufferHandle_t rx, tx;
    SemaphoreHandle_t mutex;
    SemaphoreHandle_t sleeper[FREERTOS_SLEEPERS];
    volatile bool asleep[FREERTOS_SLEEPERS]; /* changed with the mutex held; read by the interrupt too */
    StaticStreamBuffer_t rx_memory, tx_memory;
    StaticSemaphore_t mutex_memory, sleeper_memory[FREERTOS_SLEEPERS];
    uint8_t rx_bytes[FREERTOS_RX_SIZE + 1], tx_bytes[FREERTOS_TX_SIZE + 1];
};

extern const struct usocket_port freertos_port;

void freertos_open(struct freertos_line *line, void (*start)(void *uart, bool sending), void *uart);

/** From the interrupt: is there room for a byte? One that is left in the UART lets RTS stop the module. */
bool freertos_room(const struct freertos_line *line);

/** From the interrupt: a byte has come. */
void freertos_received(struct freertos_line *line, uint8_t byte, BaseType_t *woken);

/** From the interrupt: the next byte to send, or false: there is none. */
bool freertos_to_send(struct freertos_line *line, uint8_t *byte, BaseType_t *woken);

#endif
