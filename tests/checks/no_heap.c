/*
 * A whole session without a heap: the core is linked against an allocator that aborts, and is driven by a module whose
 * answers are all in a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usocket/usocket.h"

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t n)
{
    (void)n;
    abort();
}

void *__wrap_calloc(size_t n, size_t size)
{
    (void)n;
    (void)size;
    abort();
}

void *__wrap_realloc(void *p, size_t n)
{
    (void)p;
    (void)n;
    abort();
}

void __wrap_free(void *p)
{
    (void)p;
    abort();
}

char *__wrap_strdup(const char *text)
{
    (void)text;
    abort();
}

/* The answer to each command that begins as `command` does; all others are answered by OK. */
static const struct {
    const char *command;
    const char *answer;
} answers[] = {
    {"ATI\r", "\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A06M4G\r\n\r\nOK\r\n"},
    {"AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n"},
    {"AT+CEREG?", "\r\n+CEREG: 0,1\r\n\r\nOK\r\n"},
    {"AT+QIACT?", "\r\n+QIACT: 1,1,1,\"10.0.0.2\"\r\n\r\nOK\r\n"},
    {"AT+QIDNSGIP", "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",0,1,60\r\n\r\n+QIURC: \"dnsgip\",\"192.0.2.1\"\r\n"},
    {"AT+QIOPEN", "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n"},
    {"AT+QISEND=0,4\r", "\r\n> "},
    {"ping", "\r\nSEND OK\r\n\r\n+QIURC: \"recv\",0\r\n"},
    {"AT+QIRD", "\r\n+QIRD: 4\r\npong\r\n\r\nOK\r\n"},
    {"AT+QISEND=0,0\r", "\r\n+QISEND: 4,4,0\r\n\r\nOK\r\n"},
};

static char line[512];
static size_t line_len;
static const char *answer = "";
static uint32_t clock_ms;

static ssize_t port_read(void *ctx, void *buf, size_t len)
{
    size_t n = strlen(answer) < len ? strlen(answer) : len;

    (void)ctx;
    memcpy(buf, answer, n);
    answer += n;
    return (ssize_t)n;
}

static ssize_t port_write(void *ctx, const void *buf, size_t len)
{
    (void)ctx;
    memcpy(line + line_len, buf, len);
    line_len += len;
    if (line[line_len - 1] == '\r' || memcmp(line, "ping", 4) == 0) {
        answer = "\r\nOK\r\n";
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            if (strncmp(line, answers[i].command, strlen(answers[i].command)) == 0) {
                answer = answers[i].answer;
            }
        }
        line_len = 0;
    }
    return (ssize_t)len;
}

static int port_wait(void *ctx, uint32_t timeout_ms, int for_write)
{
    (void)ctx;
    (void)for_write;
    if (*answer == '\0') {
        clock_ms += timeout_ms < 1000 ? timeout_ms : 1000;
    }
    return 0;
}

static uint32_t port_now(void *ctx)
{
    (void)ctx;
    return clock_ms;
}

static const struct usocket_port port = {
    .read = port_read,
    .write = port_write,
    .wait = port_wait,
    .now_ms = port_now,
};

int main(void)
{
    static struct usocket_modem modem;
    struct usocket_addrinfo found;
    struct usocket *s;
    char got[8] = "";

    if (usocket_init(&modem, &port, NULL, NULL) != 0 || usocket_wait_network(&modem, 1000, NULL, NULL) != 0 ||
        usocket_getaddrinfo(&modem, "example.com", 7, &found, 1) != 1 ||
        (s = usocket_socket(&modem, USOCKET_AF_INET, USOCKET_SOCK_STREAM, 0)) == NULL ||
        usocket_connect(s, &found.sockaddr) != 0 || usocket_sendall(s, "ping", 4) != 0 ||
        usocket_recv(s, got, sizeof(got)) != 4 || memcmp(got, "pong", 4) != 0 || usocket_close(s) != 0 ||
        usocket_shutdown(&modem, 1000) != 0) {
        puts("the session broke");
        return 1;
    }
    return 0;
}
