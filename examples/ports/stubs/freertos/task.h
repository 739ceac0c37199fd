/* Stand-in for FreeRTOS's task.h; see FreeRTOS.h. */
#ifndef INC_TASK_H
#define INC_TASK_H

typedef struct {
    BaseType_t xOverflowCount;
    TickType_t xTimeOnEntering;
} TimeOut_t;

void vTaskSetTimeOutState(TimeOut_t *time);
void vTaskDelay(TickType_t ticks);

#endif
