/*
 * The real network below the program: IPv4 and IPv6, clients, listeners, datagrams and names, with the test's own
 * sockets on loopback at the other side.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define FINE       "\r\nOK\r\n"
#define SENT       "\r\nSEND OK\r\n"
#define RECV(id)   "\r\n+QIURC: \"recv\"," #id "\r\n"
#define INFO(text) "\r\n" text "\r\n\r\nOK\r\n"

static const struct family {
    int af;
    const char *loopback, *own; /* the address of the test, and the module's as QISTATE shows it */
} families[] = {{AF_INET, "127.0.0.1", "10.64.0.2"}, {AF_INET6, "::1", "2001:db8::200"}};

/* A module with a context of this type: 1 IPv4, 2 IPv6, 3 both. */
static struct program *with_context(int type)
{
    char line[60];
    struct program *p =
        prog_start("--running", "--address6", "2001:db8::200", "--host", "six.test=::1", "--host",
                   "dual.test=127.0.0.1", "--host", "dual.test=::1", "--host", "dual.test=127.0.0.2", NULL);
    snprintf(line, sizeof line, "AT+QICSGP=1,%d,\"internet\"\r", type);
    prog_expect(p, "ATE0\r", "ATE0\r" FINE);
    prog_expect(p, line, FINE);
    prog_expect(p, "AT+QIACT=1\r", FINE);
    return p;
}

static void end(struct program *p)
{
    assert_int_equal(prog_finish(p), 0);
    prog_forget(p);
}

static void opens(struct program *p, int id, const char *service, const char *host, int rport, int lport, int error)
{
    char line[160];
    char answer[60];
    snprintf(line, sizeof line, "AT+QIOPEN=1,%d,\"%s\",\"%s\",%d,%d,0\r", id, service, host, rport, lport);
    snprintf(answer, sizeof answer, FINE "\r\n+QIOPEN: %d,%d\r\n", id, error);
    prog_expect(p, line, answer);
}

static uint16_t free_port(int af, int type)
{
    uint16_t port = 0;
    close(loopback(af, type, &port));
    return port;
}

/* ---- TCP ---- */

static void test_a_connection_to_either_family(void **state)
{
    (void)state;
    struct program *p = with_context(3);
    for (size_t i = 0; i < 2; i++) {
        char line[120];
        char byte;
        uint16_t port = 0;
        uint16_t lport = free_port(families[i].af, SOCK_STREAM);
        int fd = loopback(families[i].af, SOCK_STREAM, &port);
        opens(p, 0, "TCP", families[i].loopback, port, 0, 566);
        prog_expect(p, "AT+QICLOSE=0\r", FINE);
        assert_int_equal(listen(fd, 1), 0);
        opens(p, 0, "TCP", families[i].loopback, port, lport, 0);
        snprintf(line, sizeof line, INFO("+QISTATE: 0,\"TCP\",\"%s\",%u,%u,2,1,0,0,\"uart1\""), families[i].loopback,
                 port, lport);
        prog_expect(p, "AT+QISTATE=1,0\r", line);
        int peer = accept(fd, NULL, NULL);
        prog_expect(p, "AT+QISENDEX=0,\"61\"\r", SENT);
        assert_int_equal(read(peer, &byte, 1), 1);
        assert_int_equal(write(peer, "bc", 2), 2);
        prog_hear(p, RECV(0));
        prog_expect(p, "AT+QIRD=0\r", INFO("+QIRD: 2\r\nbc"));
        close(peer);
        prog_hear(p, "\r\n+QIURC: \"closed\",0\r\n");
        prog_expect(p, "AT+QICLOSE=0\r", FINE);
        close(fd);
    }
    end(p);
}

static void test_a_name_is_opened_in_a_family_of_the_context(void **state)
{
    (void)state;
    for (int type = 1; type <= 2; type++) {
        const struct family *f = &families[type - 1];
        uint16_t port = 0;
        struct program *p = with_context(type);
        int fd = loopback(f->af, SOCK_STREAM, &port);
        assert_int_equal(listen(fd, 1), 0);
        opens(p, 0, "TCP", "dual.test", port, 0, 0);
        opens(p, 1, "TCP", "six.test", port, 0, type == 1 ? 565 : 0);
        close(fd);
        end(p);
    }
}

/* 127.0.0.2 is this machine too, but not where a listener waits. */
static int connects_elsewhere(int type, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002), .sin_port = htons(port)};
    char byte = 'x';
    int fd = socket(AF_INET, type, 0);
    int error = connect(fd, (struct sockaddr *)&in, sizeof in);
    if (!error && type == SOCK_DGRAM) {
        struct timeval patience = {.tv_usec = QUIET_MS * 1000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        error = send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) < 0; /* refused, by an ICMP message */
    }
    close(fd);
    return error;
}

static void test_listeners_of_both_families_wait_on_loopback_only(void **state)
{
    (void)state;
    struct program *p = with_context(3);
    uint16_t port = free_port(AF_INET, SOCK_STREAM);
    for (int i = 0; i < 2; i++) {
        opens(p, i, "TCP LISTENER", families[i].loopback, 0, port, 0);
    }
    for (int i = 0; i < 2; i++) {
        char line[120];
        char got[2];
        int client = connect_to(families[i].af, port);
        snprintf(line, sizeof line, "\r\n+QIURC: \"incoming\",%d,%d,\"%s\",%u\r\n", 11 - i, i, families[i].loopback,
                 port_of(client));
        prog_hear(p, line);
        snprintf(line, sizeof line, "AT+QISENDEX=%d,\"6869\"\r", 11 - i);
        prog_expect(p, line, SENT);
        assert_int_equal(read(client, got, 2), 2);
        assert_int_equal(write(client, "yo", 2), 2);
        snprintf(line, sizeof line, "\r\n+QIURC: \"recv\",%d\r\n", 11 - i);
        prog_hear(p, line);
        close(client);
        snprintf(line, sizeof line, "AT+QISTATE=1,%d\r", i);
        prog_say(p, line);
        snprintf(line, sizeof line, INFO("+QISTATE: %d,\"TCP LISTENER\",\"%s\",0,%u,3,1,%d,0,\"uart1\""), i,
                 families[i].own, port, i);
        prog_hear(p, line);
    }
    assert_int_not_equal(connects_elsewhere(SOCK_STREAM, port), 0);
    end(p);
}

static void test_a_port_in_use_is_556_until_it_is_closed(void **state)
{
    (void)state;
    struct program *p = with_context(3);
    for (size_t i = 0; i < 2; i++) {
        const char *ip = families[i].loopback;
        uint16_t tcp = 0;
        uint16_t udp = 0;
        int tcp_fd = loopback(families[i].af, SOCK_STREAM, &tcp);
        int udp_fd = loopback(families[i].af, SOCK_DGRAM, &udp);
        assert_int_equal(listen(tcp_fd, 1), 0);
        opens(p, 0, "TCP LISTENER", ip, 0, tcp, 556);
        opens(p, 1, "UDP SERVICE", ip, 0, udp, 556);
        opens(p, 2, "UDP", ip, 9, udp, 556);
        opens(p, 3, "TCP", ip, tcp, tcp, 556);
        close(tcp_fd);
        close(udp_fd);
        prog_expect(p, "AT+QICLOSE=0;+QICLOSE=1;+QICLOSE=2;+QICLOSE=3\r", FINE);
        opens(p, 0, "TCP LISTENER", ip, 0, tcp, 0);
        opens(p, 1, "UDP SERVICE", ip, 0, udp, 0);
        opens(p, 2, "UDP SERVICE", ip, 0, udp, 556);
        prog_expect(p, "AT+QICLOSE=0;+QICLOSE=1;+QICLOSE=2\r", FINE);
        opens(p, 2, "UDP SERVICE", ip, 0, udp, 0);
        prog_expect(p, "AT+QICLOSE=2\r", FINE);
    }
    uint16_t both = free_port(AF_INET, SOCK_DGRAM);
    opens(p, 0, "UDP", "127.0.0.1", 9, both, 0);
    opens(p, 1, "UDP", "::1", 9, both, 0); /* the families are apart */
    end(p);
}

/* ---- UDP ---- */

static void test_connected_datagrams_come_from_the_peer_only(void **state)
{
    (void)state;
    struct program *p = with_context(3);
    for (size_t i = 0; i < 2; i++) {
        char buf[16];
        struct sockaddr_storage module;
        socklen_t len = sizeof module;
        uint16_t port = 0;
        uint16_t other_port = 0;
        int peer = loopback(families[i].af, SOCK_DGRAM, &port);
        int other = loopback(families[i].af, SOCK_DGRAM, &other_port);
        opens(p, 0, "UDP", families[i].loopback, port, 0, 0);
        prog_expect(p, "AT+QISENDEX=0,\"6162\"\r", SENT);
        assert_int_equal(recvfrom(peer, buf, sizeof buf, 0, (struct sockaddr *)&module, &len), 2);
        assert_int_equal(sendto(other, "bad", 3, 0, (struct sockaddr *)&module, len), 3);
        prog_quiet(p->host);
        assert_int_equal(sendto(peer, "good", 4, 0, (struct sockaddr *)&module, len), 4);
        prog_hear(p, RECV(0));
        prog_expect(p, "AT+QIRD=0\r", INFO("+QIRD: 4\r\ngood"));
        prog_expect(p, "AT+QIRD=0\r", INFO("+QIRD: 0"));
        prog_expect(p, "AT+QICLOSE=0\r", FINE);
        close(peer);
        close(other);
    }
    end(p);
}

static void test_a_service_of_either_family_waits_on_loopback_only(void **state)
{
    (void)state;
    struct program *p = with_context(3);
    uint16_t lport = free_port(AF_INET, SOCK_DGRAM);
    for (int i = 0; i < 2; i++) {
        char line[120];
        char buf[16];
        struct sockaddr_storage module;
        socklen_t len = sizeof module;
        uint16_t port = 0;
        int peer = loopback(families[i].af, SOCK_DGRAM, &port);
        opens(p, i, "UDP SERVICE", families[i].loopback, 0, lport, 0);
        snprintf(line, sizeof line, "AT+QISEND=%d,3,\"%s\",%u\r", i, families[i].loopback, port);
        prog_expect(p, line, "\r\n> ");
        prog_expect(p, "abc", SENT);
        assert_int_equal(recvfrom(peer, buf, sizeof buf, 0, (struct sockaddr *)&module, &len), 3);
        assert_int_equal(sendto(peer, "", 0, 0, (struct sockaddr *)&module, len), 0);
        assert_int_equal(sendto(peer, "defg", 4, 0, (struct sockaddr *)&module, len), 4);
        snprintf(line, sizeof line, "\r\n+QIURC: \"recv\",%d\r\n", i);
        prog_hear(p, line);
        usleep(QUIET_MS * 1000);
        snprintf(line, sizeof line, "AT+QIRD=%d\r", i);
        prog_say(p, line);
        snprintf(line, sizeof line, INFO("+QIRD: 0,\"%s\",%u\r\n"), families[i].loopback, port);
        prog_hear(p, line);
        snprintf(line, sizeof line, "AT+QIRD=%d\r", i);
        prog_say(p, line);
        snprintf(line, sizeof line, INFO("+QIRD: 4,\"%s\",%u\r\ndefg"), families[i].loopback, port);
        prog_hear(p, line);
        close(peer);
    }
    assert_int_not_equal(connects_elsewhere(SOCK_DGRAM, lport), 0);
    prog_quiet(p->host);
    end(p);
}

/* ---- names ---- */

static void test_names_have_their_addresses_of_the_context(void **state)
{
#define FOUND(count) FINE "\r\n+QIURC: \"dnsgip\",0," #count ",60\r\n"
#define AT(ip)       "\r\n+QIURC: \"dnsgip\",\"" ip "\"\r\n"
#define NUMBER(ip)   FINE "\r\n+QIURC: \"dnsgip\",0,1,0\r\n" AT(ip)
#define NOT_FOUND    FINE "\r\n+QIURC: \"dnsgip\",565,0,0\r\n"
    static const struct {
        int type;
        const char *dual, *six, *number6;
    } cases[] = {
        {1, FOUND(2) AT("127.0.0.1") AT("127.0.0.2"), NOT_FOUND, NOT_FOUND},
        {2, FOUND(1) AT("::1"), FOUND(1) AT("::1"), NUMBER("2001:db8::9")},
        {3, FOUND(3) AT("127.0.0.1") AT("::1") AT("127.0.0.2"), FOUND(1) AT("::1"), NUMBER("2001:db8::9")},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct program *p = with_context(cases[i].type);
        prog_expect(p, "AT+QIDNSGIP=1,\"dual.test\"\r", cases[i].dual);
        prog_expect(p, "AT+QIDNSGIP=1,\"six.test\"\r", cases[i].six);
        prog_expect(p, "AT+QIDNSGIP=1,\"2001:db8::9\"\r", cases[i].number6);
        end(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connection_to_either_family),
        cmocka_unit_test(test_a_name_is_opened_in_a_family_of_the_context),
        cmocka_unit_test(test_listeners_of_both_families_wait_on_loopback_only),
        cmocka_unit_test(test_a_port_in_use_is_556_until_it_is_closed),
        cmocka_unit_test(test_connected_datagrams_come_from_the_peer_only),
        cmocka_unit_test(test_a_service_of_either_family_waits_on_loopback_only),
        cmocka_unit_test(test_names_have_their_addresses_of_the_context),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
