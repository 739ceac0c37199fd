"""The proxy as its clients see it: what passes, what waits, how a connection ends."""

import shutil
import socket
import subprocess
import threading
import time
import unittest

import rig
from tunnels import (CONNECT, FAILURE, HOST_UNREACHABLE, LIMIT, NO_ADDRESS_TYPE, NO_COMMAND, OK, REFUSED, TTL_EXPIRED,
                     Proxy, echo, packed, receive, receive_all)


class Connections(Proxy):
    def test_names_and_addresses_of_both_kinds_are_reached_and_data_pass_both_ways(self):
        data = rig.bytes_of_any_value(200000)
        modem = self.modem("--host", "server.example=127.0.0.1", "--address6", "2001:db8::2")
        self.assertEqual(self.run_tool("-p", modem.port, "at", 'AT+QICSGP=1,3,"internet","","",0').code, 0)
        process = self.proxy(modem)
        server = self.server(echo)
        server6 = rig.Server.__new__(rig.Server)
        server6.listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        self.addCleanup(server6.listener.close)
        acceptor = threading.Thread(target=lambda: echo(server6.listener.accept()[0]), daemon=True)
        acceptor.start()
        for host, port in (("server.example", server.port), ("127.0.0.1", server.port),
                           ("::1", server6.listener.getsockname()[1])):
            with self.subTest(host), self.through(host, port) as client:
                self.assert_echoes(client, data)
        self.assertEqual(self.end(process), "")
        self.assert_module_is_clean(modem)

    def test_what_a_client_sends_right_behind_its_request_arrives(self):
        server = self.server(echo)
        self.proxy("sim")
        client = self.connect(self.at)
        client.sendall(b"\5\2\1\0" + b"\5\1\0" + packed("127.0.0.1", server.port) + b"early")
        self.assertEqual(receive(client, 2 + 10 + 5)[12:], b"early")

    def test_each_address_of_a_name_is_tried(self):
        port = rig.free_port()
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        self.proxy(self.modem("--host", "two.example=127.0.0.2", "--host", "two.example=127.0.0.1"))
        self.through("two.example", port)
        self.assertEqual(listener.accept()[1][0], "127.0.0.1")

    def test_failures_have_the_code_of_their_kind(self):
        self.proxy("sim", "--timeout", "20")
        self.assertEqual(self.refused(CONNECT, "127.0.0.1", rig.free_port()), REFUSED)
        self.assertEqual(self.refused(CONNECT, "no-such-host.invalid", 80), HOST_UNREACHABLE)
        self.assertEqual(self.refused(9, "127.0.0.1", 80), NO_COMMAND)
        self.assertEqual(self.refused(CONNECT, "a name", 80), FAILURE)
        client = self.connect(self.at)
        client.sendall(b"\5\1\0\5\1\0\2abc")
        self.assertEqual(receive_all(client)[2:4], bytes([5, NO_ADDRESS_TYPE]))

    def test_a_server_that_does_not_answer_in_time_is_a_ttl_that_expired(self):
        self.proxy(self.modem("--fault", "open-delay=20000"), "--timeout", "1")
        self.assertEqual(self.refused(CONNECT, "127.0.0.1", 80), TTL_EXPIRED)

    def test_eleven_are_served_at_once_and_the_twelfth_waits_for_its_turn(self):
        server = self.server(echo)
        process = self.proxy("sim", "--timeout", "20")
        self.assertRegex(process.stdout.readline().decode(), r"^11 connections at once, \d+ bytes each; \d+ clients")
        clients = [self.through("127.0.0.1", server.port) for _ in range(11)]
        twelfth = self.connect(self.at)
        self.ask(twelfth, CONNECT, "127.0.0.1", server.port)
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
            self.assertEqual(receive(client, len(b"%d" % number)), b"%d" % number)
        twelfth.settimeout(0.3)
        self.assertRaises(TimeoutError, twelfth.recv, 1)
        twelfth.settimeout(LIMIT)
        clients[5].close()
        self.assertEqual(self.reply(twelfth)[0], OK)

    def test_who_has_waited_too_long_gets_an_error(self):
        server = self.server(echo)
        self.proxy("sim", "--max", "1", "--timeout", "1")
        self.through("127.0.0.1", server.port)
        self.assertEqual(self.refused(CONNECT, "127.0.0.1", server.port), FAILURE)

    def test_a_hundred_clients_are_all_served_in_turn(self):
        server = self.server(rig.http(rig.page(b"served")))
        modem = self.modem()
        process = self.proxy(modem)
        served = []

        def fetch():
            with self.through("127.0.0.1", server.port) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                served.append(receive_all(client).endswith(b"served"))

        threads = [threading.Thread(target=fetch, daemon=True) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(served, [True] * 100)
        self.end(process)
        self.assert_module_is_clean(modem)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl_fetches_a_page_by_name_with_user_and_password(self):
        server = self.server(rig.http(rig.page(b"by curl")))
        self.proxy("sim", "--user", "me:secret")
        result = subprocess.run(["curl", "-sS", "-x", f"socks5h://me:secret@127.0.0.1:{self.at[1]}",
                                 f"http://localhost:{server.port}/"], capture_output=True, timeout=LIMIT, check=False)
        self.assertEqual((result.stdout, result.stderr), (b"by curl", b""))


class Ends(Proxy):
    def test_a_client_that_ends_its_half_gets_the_whole_answer(self):
        question, answer = rig.bytes_of_any_value(200000, 1), rig.bytes_of_any_value(300000, 2)
        got = []

        def serve(connection):
            got.append(receive(connection, len(question)))
            time.sleep(2.5)  # a server that thinks
            connection.sendall(answer)

        modem = self.modem()
        process = self.proxy(modem)
        client = self.through("127.0.0.1", self.server(serve).port)
        client.sendall(question)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(rig.sha256(receive_all(client)), rig.sha256(answer))
        self.assertEqual(rig.sha256(got[0]), rig.sha256(question))
        self.end(process)
        self.assert_module_is_clean(modem)

    def test_a_server_learns_soon_that_a_client_has_closed(self):
        data, got = rig.bytes_of_any_value(100000), []
        self.proxy("sim")
        server = self.server(lambda connection: got.append(receive_all(connection)))
        with self.through("127.0.0.1", server.port) as client:
            client.sendall(data)
        rig.wait_until(lambda: got, "the end of the stream", 5)
        self.assertEqual(got, [data])

    def test_all_that_a_client_sent_before_it_broke_off_arrives(self):
        data, got, ended = rig.bytes_of_any_value(30000), [], threading.Event()

        def serve(connection):
            connection.sendall(bytes(1000))  # nobody reads it: the client's close is a reset
            got.append(receive(connection, len(data)))
            ended.set()

        self.proxy("sim")
        client = self.through("127.0.0.1", self.server(serve).port)
        self.assertEqual(client.recv(1), b"\0")
        client.sendall(data)
        client.close()
        self.assertTrue(ended.wait(LIMIT))
        self.assertEqual(rig.sha256(got[0]), rig.sha256(data))

    def test_a_slow_client_holds_the_server_back_and_loses_nothing(self):
        sent, stopped = [], threading.Event()

        def serve(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            connection.settimeout(1)
            try:
                while sum(sent) < 32 << 20:
                    sent.append(connection.send(bytes(16384)))
            except TimeoutError:
                pass
            stopped.set()

        self.proxy("sim")
        server = self.server(serve)
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        client.connect(self.at)
        client.settimeout(LIMIT)
        self.ask(client, CONNECT, "127.0.0.1", server.port)
        self.assertEqual(self.reply(client)[0], OK)
        self.assertTrue(stopped.wait(LIMIT))
        self.assertLess(sum(sent), 32 << 20)
        self.assertEqual(len(receive_all(client)), sum(sent))

    def test_a_slow_server_holds_the_client_back_and_loses_nothing(self):
        go_on, got = threading.Event(), []

        def serve(connection):
            go_on.wait(LIMIT)
            got.append(len(receive(connection, expected[0])))
            connection.sendall(b"all")

        expected = [1 << 40]
        self.proxy("sim")
        server = self.server(serve)
        server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        client = self.through("127.0.0.1", server.port)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        client.settimeout(1)
        sent = 0
        with self.assertRaises(TimeoutError):
            while sent < 32 << 20:
                sent += client.send(bytes(16384))
        client.settimeout(LIMIT)
        expected[0] = sent
        go_on.set()
        self.assertEqual((receive(client, 3), got), (b"all", [sent]))

    def test_p24_a_module_that_restarts_breaks_its_connections_and_serves_the_next_ones(self):
        server = self.server(rig.http(rig.page(bytes(200000))))
        modem = self.modem("--fault", "reset@50000", "--fault", "boot-delay=500")
        process = self.proxy(modem, "-v")
        client = self.through("127.0.0.1", server.port)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with self.assertRaises(ConnectionResetError):
            receive_all(client)
        client = self.through("127.0.0.1", server.port)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(len(receive_all(client)), len(rig.page(bytes(200000))))
        self.assertRegex(self.end(process), "(?m)48000 received.*: .*given up$")

    def test_ctrl_c_closes_all_and_leaves_the_module_clean(self):
        modem = self.modem()
        process = self.proxy(modem)
        may_close = threading.Event()
        server = self.server(lambda connection: may_close.wait(LIMIT))
        self.addCleanup(may_close.set)
        clients = [self.through("127.0.0.1", server.port) for _ in range(11)]
        began = time.monotonic()
        self.end(process)
        self.assertLess(time.monotonic() - began, 5)
        for client in clients:
            with self.assertRaises(ConnectionResetError):
                client.recv(1)
        self.assert_module_is_clean(modem)

    def test_an_idle_proxy_sleeps(self):
        modem = self.modem()
        process = self.proxy(modem)
        client = self.through("127.0.0.1", self.server(echo).port)
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        before = self.cpu_ns(process)
        time.sleep(5)
        self.assertLess(self.cpu_ns(process) - before, 0.005 * 5e9)
        self.end(process)

    @staticmethod
    def cpu_ns(process):
        with open(f"/proc/{process.pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])


if __name__ == "__main__":
    rig.main()
