"""The proxy's protocol beyond CONNECT: users, strangers, datagrams, listeners; and what the proxy says."""

import json
import socket
import time

import rig
from tunnels import (ASSOCIATE, BIND, CONNECT, LIMIT, NO_COMMAND, OK, REFUSED, TTL_EXPIRED, Proxy, echo, packed,
                     receive, receive_all, unpacked)


class Strangers(Proxy):
    def test_user_and_password_must_both_be_right(self):
        server = self.server(echo)
        self.proxy("sim", "--user", "me:se:cret")
        for user, password, answer in ((b"me", b"se:cret", b"\1\0"), (b"me", b"se:creT", b"\1\1"),
                                       (b"me", b"se:crets", b"\1\1"), (b"me!", b"se:cret", b"\1\1"),
                                       (b"", b"", b"\1\1")):
            client = self.connect(self.at)
            client.sendall(b"\5\2\0\2")
            self.assertEqual(receive(client, 2), b"\5\2")
            client.sendall(b"\1" + bytes([len(user)]) + user + bytes([len(password)]) + password)
            self.assertEqual(receive(client, 2), answer)
            if answer == b"\1\0":
                client.sendall(b"\5\1\0" + packed("127.0.0.1", server.port))
                self.assertEqual(self.reply(client)[0], OK)
            else:
                self.assertEqual(client.recv(1), b"")

    def test_who_offers_no_password_where_one_is_wanted_is_refused(self):
        self.proxy("sim", "--user", "me:secret")
        client = self.connect(self.at)
        client.sendall(b"\5\1\0")
        self.assertEqual(receive_all(client), b"\5\xff")

    def test_clients_of_other_protocols_get_a_clear_end(self):
        self.proxy("sim")
        for said, answer in ((b"\4\1\0\x50\x7f\0\0\1me\0", b"\0\x5b\0\0\0\0\0\0"), (b"\4", b"\0\x5b"),
                             (b"GET http://example.com/ HTTP/1.1\r\n\r\n", b"HTTP/1.1 501 Not Implemented\r\n"),
                             (b"\x16\3\1\2\0", b"")):
            client = self.connect(self.at)
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
            text = receive_all(client)
            self.assertEqual((text[:len(answer)], bool(text)), (answer, bool(answer)))

    def test_a_client_that_says_nothing_is_dropped(self):
        self.proxy("sim")
        client = self.connect(self.at)
        began = time.monotonic()
        self.assertEqual(client.recv(1), b"")
        self.assertTrue(9 < time.monotonic() - began < 15)

    def test_silent_clients_hold_nobody_up_who_speaks(self):
        server = self.server(echo)
        self.proxy("sim")
        for _ in range(30):
            self.connect(self.at)
        self.through("127.0.0.1", server.port)


class Datagrams(Proxy):
    def setUp(self):
        super().setUp()
        self.server_socket = self.udp()
        self.server_at = self.server_socket.getsockname()

    def udp(self, host="127.0.0.1"):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        udp.settimeout(LIMIT)
        udp.bind((host, 0))
        return udp

    def associate(self):
        control = self.connect(self.at)
        self.ask(control, ASSOCIATE, "0.0.0.0", 0)
        code, relay = self.reply(control)
        self.assertEqual((code, relay[0]), (OK, "127.0.0.1"))
        return control, relay

    def test_datagrams_go_by_address_and_by_name_and_come_back_with_their_sender(self):
        modem = self.modem("--host", "server.example=127.0.0.1")
        process = self.proxy(modem, "-v")
        control, relay = self.associate()
        client = self.udp()
        for host in ("127.0.0.1", "server.example", "server.example"):
            client.sendto(b"\0\0\0" + packed(host, self.server_at[1]) + b"question", relay)
            data, module_at = self.server_socket.recvfrom(2000)
            self.assertEqual(data, b"question")
            self.server_socket.sendto(b"answer " * 100, module_at)
            reply = client.recv(2000)
            self.assertEqual(reply[:3], b"\0\0\0")
            self.assertEqual(unpacked(reply[3:]), (self.server_at, b"answer " * 100))
        control.close()
        rig.wait_until(lambda: self.is_closed(relay), "the association's end")
        self.assertIn("0 datagrams dropped", self.end(process))
        self.assert_module_is_clean(modem)

    @staticmethod
    def is_closed(at):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(at)
            except OSError:
                return False
        return True

    def test_what_cant_be_sent_is_dropped_and_counted_and_the_rest_goes_on(self):
        process = self.proxy("sim", "-v")
        control, relay = self.associate()
        client, stranger = self.udp(), self.udp("127.0.0.2")
        to_server = packed("127.0.0.1", self.server_at[1])
        client.sendto(b"\0\0\0" + to_server + b"first", relay)
        self.assertEqual(self.server_socket.recv(2000), b"first")
        stranger.sendto(b"\0\0\0" + to_server + b"from another address", relay)
        self.udp().sendto(b"\0\0\0" + to_server + b"from another port", relay)
        client.sendto(b"\0\0\1" + to_server + b"a fragment", relay)
        client.sendto(b"\0\0\0" + to_server + bytes(1461), relay)
        client.sendto(b"\0\0\0" + to_server + bytes(60000), relay)
        client.sendto(b"\0\0\0" + packed("no-such-host.invalid", 5) + b"nowhere", relay)
        client.sendto(b"\0\0", relay)
        client.sendto(b"\0\0\0" + to_server + bytes(1460), relay)
        self.assertEqual(self.server_socket.recv(2000), bytes(1460))
        control.close()
        rig.wait_until(lambda: self.is_closed(relay), "the association's end")
        self.assertIn("7 datagrams dropped", self.end(process))


class Listeners(Proxy):
    def test_bind_gives_a_client_of_the_module_to_the_one_who_asked(self):
        modem = self.modem()
        process = self.proxy(modem)
        control = self.connect(self.at)
        self.ask(control, BIND, "127.0.0.1", 0)
        code, address = self.reply(control)
        self.assertEqual((code, address[0]), (OK, "10.64.0.2"))
        peer = self.connect(("127.0.0.1", address[1]))
        code, address = self.reply(control)
        self.assertEqual((code, address), (OK, peer.getsockname()))
        peer.sendall(b"from outside")
        self.assertEqual(receive(control, 12), b"from outside")
        control.sendall(b"from inside")
        self.assertEqual(receive(peer, 11), b"from inside")
        peer.close()
        self.assertEqual(control.recv(1), b"")
        self.end(process)
        self.assert_module_is_clean(modem)

    def test_bind_accepts_nobody_but_whom_the_client_expects(self):
        self.proxy("sim")
        control = self.connect(self.at)
        self.ask(control, BIND, "127.0.0.9", 0)
        code, address = self.reply(control)
        self.assertEqual(code, OK)
        self.assertEqual(self.connect(("127.0.0.1", address[1])).recv(1), b"")
        expected = socket.create_connection(("127.0.0.1", address[1]), LIMIT, ("127.0.0.9", 0))
        self.addCleanup(expected.close)
        self.assertEqual(self.reply(control), (OK, expected.getsockname()))

    def test_bind_without_room_for_listener_and_client_is_not_supported(self):
        self.proxy("sim", "--max", "1")
        self.assertEqual(self.refused(BIND, "0.0.0.0", 0), NO_COMMAND)

    def test_bind_ends_when_nobody_comes(self):
        self.proxy("sim", "--timeout", "1")
        control = self.connect(self.at)
        self.ask(control, BIND, "0.0.0.0", 0)
        self.assertEqual(self.reply(control)[0], OK)
        self.assertEqual(self.reply(control)[0], TTL_EXPIRED)


class Words(Proxy):
    def test_an_ipv6_address_to_listen_on_stands_in_brackets(self):
        server = self.server(echo)
        process = self.run_command("sim", "proxy", "--listen", "[::1]:0")
        self.at = self.listening(process)
        self.assertEqual(self.at[0], "::1")
        self.through("127.0.0.1", server.port)

    def test_listening_for_others_without_a_user_is_warned_of(self):
        for arguments, warned in ((["--listen", "0.0.0.0:0"], True),
                                  (["--listen", "0.0.0.0:0", "--user", "a:b"], False),
                                  (["--listen", "127.0.0.1:0"], False)):
            process = self.run_command("sim", "proxy", *arguments)
            self.listening(process)
            self.assertEqual("without --user" in self.end(process), warned)

    def test_a_line_a_connection_only_when_asked_for(self):
        server = self.server(rig.http(b"answer"))
        for arguments in ([], ["-v"]):
            process = self.proxy("sim", *arguments)
            client = self.through("127.0.0.1", server.port)
            client.sendall(b"GET\r\n\r\n")
            self.assertEqual(receive_all(client), b"answer")
            text = self.end(process)
            self.assertEqual(f"to 127.0.0.1:{server.port}: 7 bytes sent, 6 received" in text, bool(arguments), text)

    def test_json_is_one_object_a_line(self):
        process = self.run_command("sim", "--json", "proxy", "--listen", "127.0.0.1:0", "-v")
        listening, limits = (json.loads(process.stdout.readline()) for _ in range(2))
        self.assertEqual((listening["event"], limits["event"], limits["connections"]), ("listening", "limits", 11))
        self.at = ("127.0.0.1", int(listening["address"].rsplit(":", 1)[1]))
        self.assertEqual(self.refused(CONNECT, "127.0.0.1", rig.free_port()), REFUSED)
        connection = json.loads(self.end(process))
        self.assertEqual((connection["event"], connection["sent"]), ("connection", 0))
        self.assertIn("refused", connection["error"])

    def test_mistakes_are_told(self):
        for arguments, word in ((["--listen", "nowhere"], "nowhere"), (["--listen", "::1:1080"], "[::1]:1080"),
                                (["--user", "me"], "USER:PASSWORD"), (["--max", "13"], "1 to 12")):
            self.assert_fails(self.run_tool("-p", "sim", "proxy", *arguments), 2, word)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            self.assert_fails(self.run_tool("-p", "sim", "proxy", "--listen", at), 1, at, "in use")


if __name__ == "__main__":
    rig.main()
