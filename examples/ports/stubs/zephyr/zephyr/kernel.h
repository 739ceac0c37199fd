/* Stand-in for Zephyr's kernel.h; see device.h. */
#ifndef ZEPHYR_KERNEL_H
#define ZEPHYR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t ms; /* -1: for ever */
} k_timeout_t;

#define K_FOREVER    ((k_timeout_t){-1})
#define K_MSEC(time) ((k_timeout_t){(int64_t)(time)})

struct k_sem {
    void *reserved;
};
struct k_mutex {
    void *reserved;
};
struct k_spinlock {
    char reserved;
};
typedef struct {
    int reserved;
} k_spinlock_key_t;

int k_sem_init(struct k_sem *sem, unsigned initial, unsigned limit);
int k_sem_take(struct k_sem *sem, k_timeout_t timeout);
void k_sem_give(struct k_sem *sem);
void k_sem_reset(struct k_sem *sem);

int k_mutex_init(struct k_mutex *mutex);
int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);

k_spinlock_key_t k_spin_lock(struct k_spinlock *lock);
void k_spin_unlock(struct k_spinlock *lock, k_spinlock_key_t key);

uint32_t k_uptime_get_32(void);
int32_t k_sleep(k_timeout_t timeout);

typedef long atomic_t;

bool atomic_test_bit(const atomic_t *target, int bit);
void atomic_set_bit(atomic_t *target, int bit);
void atomic_clear_bit(atomic_t *target, int bit);

#endif
