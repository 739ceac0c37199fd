"""nc and socat: files through the proxy, to and from the tool's own connect and listen, echoes, datagrams."""

import signal
import subprocess

from programs import LIMIT, NAMED, SLOW, Programs, main, needs, reset_behind, rig

FILE = rig.bytes_of_any_value(1000000)


class Netcat(Programs):
    def setUp(self):
        super().setUp()
        self.file("file", FILE)
        self.port = rig.free_port()

    def send_file(self):
        return open(self.path("file"), "rb")


@needs("nc.openbsd")
class Nc(Netcat):
    def serve(self, *options, stdin=subprocess.DEVNULL, out="there"):
        """nc as the server of one connection. What it receives goes to the file OUT."""
        with open(self.path(out), "wb") as received:
            server = self.background("nc.openbsd", "-lnv", *options, "127.0.0.1", self.port, stdin=stdin,
                                     stdout=received)
        server.wait_for_text("Listening")
        return server

    def client(self, *options, stdin=subprocess.DEVNULL, out="here"):
        """nc as a client through the proxy."""
        with open(self.path(out), "wb") as received:
            return self.background("nc.openbsd", *options, "-X", "5", "-x", f"127.0.0.1:{self.at[1]}", "server.example",
                                   self.port, stdin=stdin, stdout=received)

    def fetch(self):
        """The server sends the file and closes. Returns how the client ended."""
        with self.send_file() as file:
            server = self.serve("-N", stdin=file)
        client = self.client("-d")
        code = client.ends()
        server.ends()
        return code

    def assert_fetched(self, expected=FILE):
        self.assertEqual(self.fetch(), 0)
        self.assert_same(self.content("here"), expected)

    def assert_sent(self, expected=FILE):
        """The client sends the file and closes, and the server sees the end."""
        server = self.serve("-d")
        with self.send_file() as file:
            client = self.client("-N", "-w", "1", stdin=file)  # behind the end it closes after a second of silence
        self.assertEqual((client.ends(), server.ends()), (0, 0))
        self.assert_same(self.content("there"), expected)

    def test_a_file_comes_and_goes_through_the_proxy(self):
        modem = self.modem(*NAMED)
        proxy = self.proxy(modem)
        self.assert_fetched()
        self.assert_sent()
        self.assert_all_is_closed(modem, proxy)

    def test_a_file_comes_and_goes_on_a_slow_line(self):
        modem = self.modem(*NAMED, *SLOW)
        proxy = self.proxy(modem)
        self.file("file", FILE[:200000])
        self.assert_fetched(FILE[:200000])
        self.assert_sent(FILE[:200000])
        self.assert_all_is_closed(modem, proxy)

    def test_a_restart_cuts_the_file_and_the_next_one_is_whole(self):
        modem = self.modem(*NAMED, *reset_behind(500000))
        proxy = self.proxy(modem)
        self.fetch()
        self.assertLess(len(self.content("here")), 500000)
        self.assertTrue(FILE.startswith(self.content("here")))
        self.assert_fetched()
        self.assert_all_is_closed(modem, proxy, resets=1)

    def test_connect_sends_and_receives_as_nc_does(self):
        modem = self.modem(*NAMED)
        with self.send_file() as file:
            server = self.serve(stdin=file)
        connect = self.start("-p", modem.port, "connect", "server.example", self.port)
        sender = self.background("cat", self.file("back", FILE[::-1]), stdout=connect.stdin)
        self.assert_same(connect.stdout.read(len(FILE)), FILE)
        self.assertEqual(sender.ends(), 0)
        rig.wait_until(lambda: len(self.content("there")) == len(FILE), "the file's way there")
        self.assert_same(self.content("there"), FILE[::-1])
        server.end()
        self.assertEqual((connect.wait(LIMIT), connect.stderr.read()), (0, b""))
        self.assert_all_is_closed(modem)

    def test_listen_receives_from_nc(self):
        modem = self.modem()
        listen = self.start("-p", modem.port, "listen", self.port)
        self.assertTrue(listen.stderr.readline().startswith(b"listening on "))
        with self.send_file() as file:
            client = self.background("nc.openbsd", "-N", "-w", "1", "127.0.0.1", self.port, stdin=file)
        out, err = listen.communicate(timeout=LIMIT)
        self.assertEqual((listen.returncode, err, client.ends()), (0, b"", 0))
        self.assert_same(out, FILE)
        self.assert_all_is_closed(modem)


@needs("socat")
class Socat(Netcat):
    def echo(self, kind="TCP4-LISTEN"):
        """A server that sends back what it receives, for each client anew."""
        server = self.background("socat", "-dd", f"{kind}:{self.port},bind=127.0.0.1,fork", "EXEC:cat")
        server.wait_for_text("listening on" if kind == "TCP4-LISTEN" else "receiving on")

    def client(self, address):
        """socat between this test and an address. It says when that breaks."""
        return self.background("socat", "-d", "-", address, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def assert_echoed(self, port, data):
        """The end of the input is shown when all has come back, for a half of a connection can't be closed."""
        client = self.client(f"TCP4:127.0.0.1:{port}")
        sender = self.background("cat", self.file("data", data), stdout=client.process.stdin)
        self.assert_same(client.process.stdout.read(len(data)), data)
        self.assertEqual(sender.ends(), 0)
        client.process.stdin.close()
        self.assertEqual(client.ends(), 0, client.said())

    def test_an_echo_comes_back_through_a_forwarded_port(self):
        modem = self.modem(*NAMED)
        self.echo()
        forward, port = self.forward(modem, f"0:server.example:{self.port}")
        self.assert_echoed(port, FILE)
        self.assert_all_is_closed(modem, forward)

    def test_an_echo_comes_back_on_a_slow_line(self):
        modem = self.modem(*NAMED, *SLOW)
        self.echo()
        forward, port = self.forward(modem, f"0:server.example:{self.port}")
        self.assert_echoed(port, FILE[:200000])
        self.assert_all_is_closed(modem, forward)

    def test_a_restart_breaks_the_echo_and_the_next_one_is_whole(self):
        modem = self.modem(*NAMED, *reset_behind(200000))
        self.echo()
        forward, port = self.forward(modem, f"0:server.example:{self.port}")
        client = self.client(f"TCP4:127.0.0.1:{port}")
        self.background("cat", self.path("file"), stdout=client.process.stdin)
        self.assertLess(len(client.process.stdout.read()), 200000)
        client.ends()
        self.assertIn("Connection reset by peer", client.said())
        self.assert_echoed(port, FILE)
        self.assert_all_is_closed(modem, forward, resets=1)

    def test_socat_gives_connect_a_port_for_one_client(self):
        modem = self.modem(*NAMED)
        self.echo()
        at = rig.free_port()
        way = self.background("socat", "-dd", f"TCP4-LISTEN:{at},bind=127.0.0.1",
                              f"EXEC:'{rig.USOCKET} -p {modem.port} connect server.example {self.port}'")
        way.wait_for_text("listening on")
        self.assert_echoed(at, FILE)
        way.ends()
        self.assert_all_is_closed(modem)

    def test_datagrams_are_echoed_to_connect(self):
        modem = self.modem()
        self.echo("UDP4-RECVFROM")
        result = self.run_tool("-p", modem.port, "connect", "-u", "-w", 1, "127.0.0.1", self.port, stdin=FILE[:1460])
        self.assertEqual((result.code, result.err), (0, ""))
        self.assert_same(result.out, FILE[:1460])
        self.assert_all_is_closed(modem)

    def test_datagrams_of_socat_reach_listen_and_its_answers_socat(self):
        modem = self.modem()
        listen = self.start("-p", modem.port, "listen", "-u", self.port)
        self.assertTrue(listen.stderr.readline().startswith(b"listening on "))
        client = self.client(f"UDP4:127.0.0.1:{self.port}")
        for number in range(5):
            client.process.stdin.write(b"question %d\n" % number)
            client.process.stdin.flush()
            self.assertEqual(listen.stdout.readline(), b"question %d\n" % number)
            listen.stdin.write(b"answer %d\n" % number)
            listen.stdin.flush()
            self.assertEqual(client.process.stdout.readline(), b"answer %d\n" % number)
        listen.send_signal(signal.SIGINT)
        self.assertEqual((listen.wait(LIMIT), listen.stderr.read()), (130, b""))
        self.assert_all_is_closed(modem)


if __name__ == "__main__":
    main()
