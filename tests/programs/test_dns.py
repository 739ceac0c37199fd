"""dnsmasq asked by UDP through `connect -u`, by dig and by hand, and by TCP through a forwarded port."""

import struct

from programs import SLOW, Programs, main, needs, reset_behind, rig

NO_REPLY = 9  # an exit code of dig
LONG = " ".join(f'"{n:03d}{"-" * 197}"' for n in range(6))  # as dig prints it: 1200 bytes of text


def query(name):
    """A question for the IPv4 address of a name, as RFC 1035 has it."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


@needs("dnsmasq", "dig", "socat")
class Dns(Programs):
    def setUp(self):
        super().setUp()
        self.port = rig.free_port()
        records = [f"--host-record=host{n}.example,192.0.2.{n},2001:db8::{n:x}" for n in range(1, 21)]
        text = LONG.replace('"', "").replace(" ", ",")
        dnsmasq = self.background("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null",
                                  "--user=", "--pid-file=", "--no-resolv", "--no-hosts", "--bind-interfaces",
                                  "--listen-address=127.0.0.1", f"--port={self.port}", "--edns-packet-max=4096",
                                  f"--txt-record=long.example,{text}", *records)
        dnsmasq.wait_for_port(self.port)

    def way(self, modem):
        """A UDP port of this computer that leads to dnsmasq, for who asks from one port, as dig does here."""
        self.at, self.source = rig.free_port(), rig.free_port()
        socat = self.background("socat", "-dd", "-b", 2000, f"UDP4-LISTEN:{self.at},bind=127.0.0.1",
                                f"EXEC:'{rig.USOCKET} -p {modem.port} connect -u 127.0.0.1 {self.port}'")
        socat.wait_for_text("listening on UDP")
        return socat

    def dig(self, *question):
        return self.program("dig", "@127.0.0.1", "-p", self.at, "-b", f"127.0.0.1#{self.source}", "+short", "+tries=1",
                            "+timeout=5", *question)

    def answer(self, *question):
        result = self.dig(*question)
        self.assertEqual(result.code, 0, result.err)
        return result.out.decode().strip()

    def assert_names_are_found(self):
        for n in range(1, 21):
            self.assertEqual(self.answer(f"host{n}.example"), f"192.0.2.{n}")
        self.assertEqual(self.answer("host20.example", "AAAA"), "2001:db8::14")
        self.assertEqual(self.answer("long.example", "TXT", "+bufsize=1400", "+ignore"), LONG)

    def test_a_query_by_hand_is_one_datagram_and_so_is_its_answer(self):
        modem = self.modem()
        question = query("host7.example")
        result = self.run_tool("-p", modem.port, "connect", "-u", "-w", 1, "127.0.0.1", self.port, stdin=question)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out[:2], question[:2])
        self.assertTrue(result.out.endswith(bytes([0, 4, 192, 0, 2, 7])), result.out)
        self.assert_all_is_closed(modem)

    def test_dig_finds_names_and_a_long_text(self):
        modem = self.modem()
        way = self.way(modem)
        self.assert_names_are_found()
        way.end()
        self.assert_all_is_closed(modem)

    def test_dig_finds_them_on_a_slow_line(self):
        modem = self.modem(*SLOW)
        way = self.way(modem)
        self.assert_names_are_found()
        way.end()
        self.assert_all_is_closed(modem)

    def test_a_restart_ends_the_way_with_the_reason_and_the_next_one_works(self):
        modem = self.modem(*reset_behind(6000))
        way = self.way(modem)
        for number in range(20):
            result = self.dig("long.example", "TXT", "+bufsize=1400", "+ignore")
            if result.code != 0:
                break
            self.assertEqual(result.out.decode().strip(), LONG)
        self.assertGreater(number, 0)
        self.assertEqual(result.code, NO_REPLY, result.out)
        self.assertNotEqual(way.ends(), 0)
        self.assertIn("the module has started anew", way.said())
        way = self.way(modem)
        self.assert_names_are_found()
        way.end()
        self.assert_all_is_closed(modem, resets=1)

    def test_by_tcp_through_a_forwarded_port(self):
        modem = self.modem()
        forward, self.at = self.forward(modem, f"0:127.0.0.1:{self.port}")
        self.source = 0
        for question, expected in ((("host3.example",), "192.0.2.3"), (("long.example", "TXT"), LONG)):
            self.assertEqual(self.answer("+tcp", *question), expected)
        self.assert_all_is_closed(modem, forward)


if __name__ == "__main__":
    main()
