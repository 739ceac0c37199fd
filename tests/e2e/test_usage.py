"""The command line itself: what needs no modem, or only the embedded simulated one."""

import os
import signal
import subprocess
import unittest

import rig

COMMANDS = ["get", "connect", "resolve", "net", "info", "at", "state", "replay"]


class Usage(rig.Test):
    def test_help_names_every_command_and_fits_a_screen(self):
        result = self.run_tool("--help")
        self.assertEqual((result.code, result.err), (0, ""))
        text = result.out.decode("ascii")
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", text)
        self.assert_fits(text)

    def test_help_of_each_command_fits_a_screen_and_has_an_example(self):
        for command in COMMANDS:
            for arguments in ([command, "--help"], ["--help", command]):
                result = self.run_tool(*arguments)
                self.assertEqual((result.code, result.err), (0, ""))
                text = result.out.decode("ascii")
                self.assertIn("Example", text)
                self.assertIn(f" {command} ", text.splitlines()[0] + " ")
                self.assert_fits(text)

    def assert_fits(self, text):
        lines = text.splitlines()
        self.assertLessEqual(len(lines), 24, text)
        self.assertLessEqual(max(map(len, lines)), 80, text)

    def test_version_is_printed(self):
        result = self.run_tool("--version")
        self.assertEqual(result.code, 0)
        self.assertRegex(result.out.decode(), r"^usocket \d+\.\d+\.\d+\n$")

    def test_no_command_prints_the_usage_as_an_error(self):
        result = self.run_tool()
        self.assertEqual((result.code, result.out), (2, b""))
        self.assertIn("usage: usocket", result.err)

    def test_no_port_says_how_to_give_one(self):
        self.assert_fails(self.run_tool("net"), 2, "--port", "USOCKET_PORT")

    def test_wrong_arguments_are_told_in_one_line(self):
        wrong = [
            (["frobnicate"], "frobnicate"),
            (["net", "--frob"], "--frob"),
            (["net", "-x"], "-x"),
            (["net", "--port"], "--port"),
            (["net", "extra", "-p", "sim"], "usage: usocket net"),
            (["get", "-p", "sim"], "get URL"),
            (["connect", "host", "-p", "sim"], "connect HOST PORT"),
            (["connect", "127.0.0.1", "99999", "-p", "sim"], "99999"),
            (["connect", "127.0.0.1", "http", "-p", "sim"], "http"),
            (["net", "-p", "sim", "--baud", "fast"], "fast"),
            (["net", "-p", "sim", "--flow", "xonxoff"], "xonxoff"),
            (["net", "-p", "sim", "--timeout", "soon"], "soon"),
            (["net", "-p", "sim", "--timeout", "-1"], "-1"),
            (["net", "-p", "sim", "--timeout", "nan"], "nan"),
            (["net", "-p", "sim", "--dialect", "klingon"], "klingon"),
            (["net", "-p", "sim", "--apn", "a,b"], "--apn"),
            (["net", "-p", "sim", "--apn", 'a"b'], "--apn"),
            (["net", "-p", "sim:ABC", ], "ABC"),
            (["net", "-p", "sim", "-o", "file"], "not an option of usocket net"),
            (["net", "-p", "sim", "--events"], "not an option of usocket net"),
            (["get", "https://example.com/", "-p", "sim"], "https"),
            (["get", "ftp://example.com/", "-p", "sim"], "http"),
            (["get", "http://me:secret@example.com/", "-p", "sim"], "user name"),
            (["get", "http://exa mple.com/", "-p", "sim"], "URL"),
            (["get", "http://example.com/a\r\nEvil: 1", "-p", "sim"], "URL"),
            (["get", 'http://exam"ple.com/', "-p", "sim"], "URL"),
        ]
        for arguments, word in wrong:
            with self.subTest(arguments):
                self.assert_fails(self.run_tool(*arguments), 2, word)

    def test_options_stand_before_or_after_the_command(self):
        for arguments in (["-p", "sim", "resolve", "192.0.2.1"], ["resolve", "-p", "sim", "192.0.2.1"],
                          ["resolve", "192.0.2.1", "--port=sim"]):
            self.assertEqual(self.run_tool(*arguments).out, b"192.0.2.1\n")

    def test_the_port_may_come_from_the_environment(self):
        result = self.run_tool("resolve", "192.0.2.1", env={"USOCKET_PORT": "sim"})
        self.assertEqual((result.code, result.out), (0, b"192.0.2.1\n"))

    def test_p35_a_name_with_a_quote_in_it_is_refused_before_anything_is_sent(self):
        for name in ('a"b', "a\rAT+CFUN=0", "a b", "", "a" * 254):
            for command in (["resolve", name], ["connect", name, "80"]):
                # One line, though the trace is on: no command was sent.
                self.assert_fails(self.run_tool("-p", "sim", "--trace", *command), 2, "not a host name")


class NoPort(rig.Test):
    def test_a_port_that_is_not_there(self):
        self.assert_fails(self.run_tool("-p", "/dev/ttyUSB99", "net"), 3, "/dev/ttyUSB99", "no such port")

    def test_a_file_that_is_no_port(self):
        with open(self.path("file"), "w", encoding="ascii"):
            pass
        self.assert_fails(self.run_tool("-p", self.path("file"), "net"), 3, "cannot open")

    def test_a_socket_where_nobody_listens(self):
        self.assert_fails(self.run_tool("-p", "unix:" + self.path("none"), "net"), 3, "cannot open")
        self.assert_fails(self.run_tool("-p", f"tcp:127.0.0.1:{rig.free_port()}", "net"), 3, "refused")

    def test_a_module_that_hangs_up(self):
        server = self.server(lambda connection: connection.recv(1))
        result = self.run_tool("-p", f"tcp:127.0.0.1:{server.port}", "--timeout", "5", "net")
        self.assertEqual(result.code, 3, result.err)
        self.assertIn("gone", result.err)

    @unittest.skipIf(os.geteuid() == 0, "root may open everything")
    def test_a_port_without_permission_names_the_group(self):
        os.mkfifo(self.path("port"))
        os.chmod(self.path("port"), 0)
        self.assert_fails(self.run_tool("-p", self.path("port"), "net"), 3, "permission denied", "dialout")

    def test_a_port_that_another_program_holds(self):
        def serve(connection):
            connection.sendall(b"ready\n")
            connection.recv(1)

        server = self.server(serve)
        modem = self.modem()
        holder = self.start("-p", modem.port, "connect", "127.0.0.1", server.port)
        self.assertEqual(holder.stdout.readline(), b"ready\n")
        self.assert_fails(self.run_tool("-p", modem.port, "net"), 3, f"held by usocket (pid {holder.pid})")
        holder.terminate()
        self.assertEqual(holder.wait(rig.LIMIT), 128 + signal.SIGTERM)


class Terminal(rig.Test):
    def run_on_terminal(self, *arguments, env=None):
        """Runs the tool with standard error on a terminal; returns its text."""
        return rig.on_terminal("stderr", *arguments, env=env, stdout=subprocess.DEVNULL).decode()

    def test_the_trace_is_coloured_on_a_terminal(self):
        self.assertIn("\033[", self.run_on_terminal("-p", "sim", "--trace", "at", "AT+CSQ"))

    def test_the_trace_has_no_colour_where_no_color_is_set(self):
        text = self.run_on_terminal("-p", "sim", "--trace", "at", "AT+CSQ", env={"NO_COLOR": "1"})
        self.assertNotIn("\033[", text)
        self.assertIn("> AT+CSQ", text)

    def test_get_shows_a_bar_on_a_terminal(self):
        server = self.server(rig.http(rig.page(b"x" * 100000)))
        text = self.run_on_terminal("-p", "sim", "get", f"http://127.0.0.1:{server.port}/")
        self.assertIn("100 %  97.7 KiB of 97.7 KiB", text)


if __name__ == "__main__":
    rig.main()
