"""The tool as a server, and with datagrams: listen, listen -u, connect -u."""

import re
import signal
import socket
import time

import rig


class Listening(rig.Test):
    def listen(self, *arguments, modem=None):
        """Starts `usocket listen` on a free port and waits until clients may come."""
        modem = modem or self.modem()
        port = rig.free_port()
        process = self.start("-p", modem.port, "listen", *arguments, port)
        line = process.stderr.readline().decode()
        self.assertEqual(line, f"listening on 10.64.0.2 port {port}\n")
        return process, port, modem

    def client(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=rig.LIMIT)
        self.addCleanup(client.close)
        return client


class Tcp(Listening):
    def test_a_client_is_joined_to_standard_input_and_output(self):
        process, port, modem = self.listen()
        client = self.client(port)
        up, down = rig.bytes_of_any_value(50000, 1), rig.bytes_of_any_value(50000, 2)
        process.stdin.write(down)
        process.stdin.flush()
        client.sendall(up)
        got = b""
        while len(got) < len(down):
            got += client.recv(65536)
        client.close()
        out, err = process.communicate(timeout=rig.LIMIT)
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertEqual((rig.sha256(out), rig.sha256(got)), (rig.sha256(up), rig.sha256(down)))
        self.assert_clean_use(modem)

    def test_after_the_first_client_the_port_is_closed(self):
        process, port, _ = self.listen()
        client = self.client(port)
        client.sendall(b"first\n")
        self.assertEqual(process.stdout.readline(), b"first\n")

        def refused():
            try:
                socket.create_connection(("127.0.0.1", port), timeout=rig.LIMIT).close()
            except ConnectionRefusedError:
                return True
            return False
        rig.wait_until(refused, "the closing of the port")
        client.close()
        self.assertEqual(process.wait(rig.LIMIT), 0)

    def test_keep_serves_one_client_after_the_other(self):
        process, port, modem = self.listen("--keep")
        for text in (b"first\n", b"second\n", b"third\n"):
            with self.client(port) as client:
                client.sendall(text)
                self.assertEqual(process.stdout.readline(), text)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(rig.LIMIT), 130)
        self.assert_clean_use(modem)

    def test_a_reader_of_the_output_that_goes_away_ends_it(self):
        process, port, modem = self.listen("-k")
        process.stdout.close()
        client = self.client(port)
        client.sendall(b"into nothing\n")
        self.assertEqual(process.wait(rig.LIMIT), 128 + signal.SIGPIPE)
        self.assert_clean_use(modem)

    def test_ctrl_c_ends_the_waiting_and_leaves_no_listener(self):
        process, _, modem = self.listen()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(rig.LIMIT), 130)
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(self.run_tool("-p", modem.port, "state").out, b"no sockets\n")

    def test_a_port_in_use_is_told(self):
        modem = self.modem()
        for kind, option in ((socket.SOCK_STREAM, []), (socket.SOCK_DGRAM, ["-u"])):
            with socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(("127.0.0.1", 0))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                port = taken.getsockname()[1]
                result = self.run_tool("-p", modem.port, "listen", *option, port)
                self.assert_fails(result, 1, f"cannot listen on port {port}")

    def test_a_wrong_port_is_a_mistake(self):
        for port in ("0", "65536", "http"):
            self.assert_fails(self.run_tool("-p", "sim", "listen", port), 2, f"'{port}'", "1 to 65535")


class Udp(Listening):
    def peer(self):
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peer.settimeout(rig.LIMIT)
        peer.bind(("127.0.0.1", 0))
        self.addCleanup(peer.close)
        return peer

    def test_datagrams_are_written_and_the_last_sender_is_answered(self):
        process, port, modem = self.listen("-u")
        for text in (b"one\n", b"two\n"):
            peer = self.peer()
            peer.sendto(text, ("127.0.0.1", port))
            self.assertEqual(process.stdout.readline(), text)
            process.stdin.write(b"answer to " + text)
            process.stdin.flush()
            self.assertEqual(peer.recv(100), b"answer to " + text)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(rig.LIMIT), 130)
        self.assert_clean_use(modem)

    def test_what_is_typed_before_the_first_datagram_waits_for_a_sender(self):
        process, port, _ = self.listen("-u")
        process.stdin.write(b"early\n")
        process.stdin.close()
        peer = self.peer()
        peer.sendto(b"hello\n", ("127.0.0.1", port))
        self.assertEqual(peer.recv(100), b"early\n")
        self.assertEqual(process.stdout.readline(), b"hello\n")
        peer.sendto(b"again\n", ("127.0.0.1", port))
        self.assertEqual(process.stdout.readline(), b"again\n")

    def test_connect_sends_each_block_as_a_datagram(self):
        peer = self.peer()
        data = rig.bytes_of_any_value(3000)
        modem = self.modem()
        process = self.start("-p", modem.port, "connect", "-u", "-w", 0, "127.0.0.1", peer.getsockname()[1])
        process.stdin.write(data)
        process.stdin.close()
        blocks = [peer.recv(2000) for _ in range(3)]
        self.assertEqual(process.wait(rig.LIMIT), 0)
        self.assertEqual([len(block) for block in blocks], [1460, 1460, 80])
        self.assertEqual(b"".join(blocks), data)
        self.assert_clean_use(modem)

    def test_connect_writes_the_answers_and_ends_after_a_quiet_time(self):
        peer = self.peer()
        process = self.start("-p", "sim", "connect", "-u", "-w", 1, "127.0.0.1", peer.getsockname()[1])
        process.stdin.write(b"question\n")
        process.stdin.close()
        text, address = peer.recvfrom(100)
        self.assertEqual(text, b"question\n")
        began = time.monotonic()
        for number in range(4):  # longer than the quiet time in all
            peer.sendto(b"answer %d\n" % number, address)
            self.assertEqual(process.stdout.readline(), b"answer %d\n" % number)
            time.sleep(0.5)
        self.assertEqual(process.wait(rig.LIMIT), 0)
        self.assertEqual(process.stderr.read(), b"")
        self.assertTrue(2.4 < time.monotonic() - began < 10)

    def test_connect_hears_no_stranger(self):
        peer, stranger = self.peer(), self.peer()
        process = self.start("-p", "sim", "connect", "-u", "127.0.0.1", peer.getsockname()[1])
        process.stdin.write(b"x")
        process.stdin.flush()
        _, address = peer.recvfrom(100)
        stranger.sendto(b"from a stranger\n", address)
        peer.sendto(b"from the peer\n", address)
        self.assertEqual(process.stdout.readline(), b"from the peer\n")

    def test_wrong_numbers_are_mistakes(self):
        self.assert_fails(self.run_tool("-p", "sim", "connect", "-u", "-w", "soon", "127.0.0.1", "7"), 2, "--wait",
                          "'soon'")
        self.assert_fails(self.run_tool("-p", "sim", "listen", "-w", "1", "7"), 2, "--wait")

    def test_the_help_names_what_each_end_needs(self):
        text = self.run_tool("connect", "--help").out.decode()
        self.assertTrue(re.search(r"-w, --wait S +.*\(3\)", text), text)


if __name__ == "__main__":
    rig.main()
