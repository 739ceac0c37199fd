"""Ports of this computer that lead through the module, and ports of the module that lead to services here."""

import socket

import rig
from tunnels import LIMIT, Tunnels, echo, receive, receive_all


class FromHere(Tunnels):
    def test_a_port_leads_to_its_host_and_data_pass_both_ways(self):
        data = rig.bytes_of_any_value(200000)
        modem = self.modem("--host", "server.example=127.0.0.1")
        server = self.server(echo)
        process = self.run_command(modem, "forward", f"0:server.example:{server.port}")
        client = self.connect(self.listening(process))
        self.assert_echoes(client, data)
        self.assertEqual(self.end(process), "")
        self.assert_module_is_clean(modem)

    def test_several_ports_each_lead_to_their_own_host(self):
        first = self.server(lambda connection: connection.sendall(b"first"))
        second = self.server(lambda connection: connection.sendall(b"second"))
        process = self.run_command("sim", "forward", f"0:127.0.0.1:{first.port}", f"[::1]:0:localhost:{second.port}")
        self.assertEqual(receive_all(self.connect(self.listening(process))), b"first")
        at = self.listening(process)
        self.assertEqual(at[0], "::1")
        self.assertEqual(receive_all(self.connect(at)), b"second")

    def test_input_that_has_ended_does_not_end_the_answer(self):
        got = []

        def serve(connection):
            got.append(receive(connection, 100000))
            connection.sendall(rig.bytes_of_any_value(100000))

        process = self.run_command("sim", "forward", f"0:127.0.0.1:{self.server(serve).port}")
        client = self.connect(self.listening(process))
        client.sendall(bytes(100000))
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(client), rig.bytes_of_any_value(100000))
        self.assertEqual(got, [bytes(100000)])

    def test_who_cant_be_served_is_reset_and_told_of_in_the_log(self):
        port = rig.free_port()
        process = self.run_command("sim", "forward", "-v", f"0:127.0.0.1:{port}")
        at = self.listening(process)
        with self.assertRaises(ConnectionResetError):
            self.connect(at).recv(1)
        self.assertRegex(self.end(process), f"to 127.0.0.1:{port}: 0 bytes sent, 0 received, .*: .*refused")

    def test_p24_a_module_that_restarts_breaks_its_connections_and_serves_the_next_ones(self):
        server = self.server(lambda connection: connection.sendall(bytes(200000)))
        modem = self.modem("--fault", "reset@50000", "--fault", "boot-delay=500")
        at = self.listening(self.run_command(modem, "forward", f"0:127.0.0.1:{server.port}"))
        with self.assertRaises(ConnectionResetError):
            receive_all(self.connect(at))
        self.assertEqual(len(receive_all(self.connect(at))), 200000)

    def test_mistakes_are_told(self):
        for arguments, word in ((["80:host"], "LPORT:HOST:PORT"), (["1:2:3:4:5"], "LPORT:HOST:PORT"),
                                (["[::1:80:host:80"], "LPORT:HOST:PORT"), (["8080:host:0"], "LPORT:HOST:PORT"),
                                (["-R", "1:80:host:80"], "MPORT:HOST:PORT"), ([], "nothing to forward"),
                                (["--max", "1", "-R", "80:127.0.0.1:80"], "--max")):
            self.assert_fails(self.run_tool("-p", "sim", "forward", *arguments), 2, word)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.run_tool("-p", "sim", "forward", f"{port}:host:80")
            self.assert_fails(result, 1, f"127.0.0.1:{port}", "in use")


class FromTheModule(Tunnels):
    def test_clients_of_the_module_reach_the_service_and_data_pass_both_ways(self):
        data = rig.bytes_of_any_value(100000)
        modem = self.modem()
        server = self.server(echo)
        process = self.run_command(modem, "forward", "-v", "-R", f"0:127.0.0.1:{server.port}")
        limits = process.stdout.readline().decode()
        self.assertTrue(limits.startswith("10 connections at once"), limits)
        address, port = self.listening(process)
        self.assertEqual(address, "10.64.0.2")
        for _ in range(2):
            client = self.connect(("127.0.0.1", port))
            self.assert_echoes(client, data)
            client.close()
        rig.wait_until(lambda: not [t for t in server.threads if t.is_alive()], "the service's end")
        self.assertIn(f"to 127.0.0.1:{server.port}: 100000 bytes sent, 100000 received", self.end(process))
        self.assert_module_is_clean(modem)

    def test_two_ports_of_the_module_and_one_of_this_computer_in_one_run(self):
        servers = [self.server(lambda connection, n=n: connection.sendall(b"service %d" % n)) for n in range(3)]
        process = self.run_command("sim", "forward", f"0:127.0.0.1:{servers[0].port}",
                                   "-R", f"0:127.0.0.1:{servers[1].port}", "-R", f"0:localhost:{servers[2].port}")
        self.assertEqual(receive_all(self.connect(self.listening(process))), b"service 0")
        process.stdout.readline()
        for expected in (b"service 1", b"service 2"):
            self.assertEqual(receive_all(self.connect(("127.0.0.1", self.listening(process)[1]))), expected)

    def test_a_service_that_is_not_there_closes_the_client_and_may_come_later(self):
        port = rig.free_port()
        process = self.run_command("sim", "forward", "-R", f"0:127.0.0.1:{port}")
        process.stdout.readline()
        at = ("127.0.0.1", self.listening(process)[1])
        self.assertEqual(self.connect(at).recv(1), b"")
        with socket.create_server(("127.0.0.1", port)) as service:
            client = self.connect(at)
            client.sendall(b"now")
            self.assertEqual(service.accept()[0].recv(3), b"now")

    def test_p24_a_module_that_restarts_listens_again(self):
        modem = self.modem("--fault", "reset@20000", "--fault", "boot-delay=500")
        service = self.server(lambda connection: connection.sendall(b"%d" % len(receive(connection, 5))))
        broken = self.server(receive_all)
        port, lost = rig.free_port(), rig.free_port()
        process = self.run_command(modem, "forward", "-R", f"{port}:127.0.0.1:{service.port}",
                                   "-R", f"{lost}:127.0.0.1:{broken.port}")
        process.stdout.readline()
        self.assertEqual([self.listening(process)[1] for _ in range(2)], [port, lost])
        with self.assertRaises(OSError):
            client = self.connect(("127.0.0.1", lost))
            client.sendall(bytes(100000))
            raise OSError if client.recv(1) == b"" else AssertionError("it did not end")
        self.assertEqual(self.ask_until_it_listens(port), b"5")

    def ask_until_it_listens(self, port):
        answers = []

        def ask():
            try:
                client = self.connect(("127.0.0.1", port))
                client.sendall(b"hello")
                answers.append(client.recv(1))
            except OSError:
                return False
            return answers[-1] != b""

        rig.wait_until(ask, "the module's new listener", LIMIT)
        return answers[-1]

    def test_a_service_without_an_address_is_told_at_once(self):
        result = self.run_tool("-p", "sim", "forward", "-R", "0:no-such-host.invalid:80")
        self.assert_fails(result, 1, "cannot resolve no-such-host.invalid")


if __name__ == "__main__":
    rig.main()
