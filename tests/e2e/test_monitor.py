"""usocket monitor: the screen, its keys, and the snapshot as JSON."""

import json
import threading
import unittest

import rig
from terminal import Terminal, pyte


class Snapshot(rig.Test):
    def snapshot(self, modem):
        result = self.run_tool("-p", modem.port, "--json", "monitor")
        self.assertEqual(result.code, 0, result.err)
        return json.loads(result.out)

    def test_it_has_network_sockets_and_counters_and_brings_nothing_up(self):
        modem = self.modem()
        now = self.snapshot(modem)
        self.assertEqual((now["stage"], now["sub"], now["address"], now["sockets"]), (3, 0, None, []))
        self.assertEqual((now["model"], now["operator"]), ("BG96", "Simulated"))
        self.assertLess(now["signal_dbm"], -50)
        self.assertGreater(now["counters"]["commands"], 5)
        self.assertEqual(self.run_tool("-p", modem.port, "net").code, 0)
        now = self.snapshot(modem)
        self.assertEqual((now["stage"], now["sub"], now["address"]), (3, 1, "10.64.0.2"))

    def test_each_stage_is_told_apart(self):
        for fault, stage, sub in (("no-sim", 1, 0), ("sim-pin", 1, 2), ("no-registration", 2, 2),
                                  ("registration=3", 2, 3), ("registration=5", 3, 0)):
            with self.subTest(fault):
                modem = self.modem("--fault", fault)
                now = self.snapshot(modem)
                self.assertEqual((now["stage"], now["sub"]), (stage, sub))
                modem.end()

    def test_without_a_terminal_it_says_so(self):
        self.assert_fails(self.run_tool("-p", "sim", "monitor"), 2, "terminal", "--json")

    def test_a_silent_module_is_told(self):
        modem = self.modem("--fault", "silent")
        result = self.run_tool("-p", modem.port, "--timeout", "1", "--json", "monitor")
        self.assert_fails(result, 3, "does not answer")


@unittest.skipUnless(pyte, "skipped: no pyte (Debian: python3-pyte)")
class Screen(rig.Test):
    def monitor(self, port, *arguments, env=None, **size):
        terminal = Terminal("-p", port, *arguments, "monitor", env=env, **size)
        self.addCleanup(terminal.close)
        terminal.expect_screen("^usocket monitor +" + port)
        return terminal

    def test_it_shows_module_network_and_signal_and_q_quits(self):
        terminal = self.monitor("sim")
        for pattern in (r"BG96 \(bg96\) .*q quits", "^operator   Simulated",
                        r"^signal     \[#+\.+\] -\d+ dBm, \w+, CAT-M1",
                        "^network    stage 3 data call, sub-code 0: the data call is not up", "^no sockets",
                        r"^bytes received +\d"):
            terminal.expect_screen(pattern)
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)

    def test_it_shows_sockets_with_bytes_and_rates_and_the_last_event(self):
        send, close = threading.Event(), threading.Event()

        def serve(connection):
            send.wait(rig.LIMIT)
            connection.sendall(b"x" * 1000)
            close.wait(rig.LIMIT)

        server = self.server(serve)
        self.addCleanup(close.set)
        self.addCleanup(send.set)
        modem = self.modem()
        opened = self.run_tool("-p", modem.port, "shell", stdin=(
            f'AT+QICSGP=1,1,"internet"\nAT+QIACT=1\nAT+QIOPEN=1,0,"TCP","127.0.0.1",{server.port}\n').encode())
        self.assertEqual(opened.code, 0, opened.out)
        terminal = self.monitor(modem.port, columns=120)
        terminal.expect_screen(rf"^0  TCP          connected 127\.0\.0\.1:{server.port} +0 +0 +0 +0 ")
        send.set()
        terminal.expect_screen(rf"^0  TCP          connected 127\.0\.0\.1:{server.port} +1000 +[1-9]\d* +1000 +0 ")
        terminal.expect_screen(r'^\+QIURC: "recv",0   data came for connection 0')
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)
        # It has only looked.
        rows = json.loads(self.run_tool("-p", modem.port, "--json", "state").out)
        self.assertEqual([row["id"] for row in rows], [0])

    def test_it_follows_the_size_of_the_terminal(self):
        terminal = self.monitor("sim", columns=80)
        terminal.expect_screen("q quits$")
        terminal.resize(30, 60)
        terminal.expect_screen("^.{53}q quits$")
        terminal.resize(3, 12)
        terminal.expect_screen("q quits$")
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)

    def test_ctrl_c_leaves_the_terminal_as_it_was(self):
        terminal = self.monitor("sim")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertIn(b"\x1b[?25h", terminal.raw.split(b"\x1b[?25l")[-1])  # the cursor is back

    def test_a_module_that_falls_silent_is_shown_and_keys_still_work(self):
        modem = self.modem("--fault", "silent-after=1500")
        terminal = self.monitor(modem.port, "--timeout", "1")
        terminal.expect_screen("^network    no answer from the module")
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)

    def test_no_color_is_heeded(self):
        for env, colour in (({}, True), ({"NO_COLOR": "1"}, False)):
            terminal = self.monitor("sim", env=env)
            terminal.expect_screen("^operator")
            self.assertEqual(b"\x1b[31m" in terminal.raw or b";31m" in terminal.raw, colour)

    def test_an_unknown_terminal_is_told(self):
        terminal = Terminal("-p", "sim", "monitor", env={"TERM": "no-such-terminal"})
        self.addCleanup(terminal.close)
        terminal.expect("the terminal 'no-such-terminal' is not known")
        self.assertEqual(terminal.end(), 2)


if __name__ == "__main__":
    rig.main()
