"""usocket shell: AT commands from a script and at a terminal."""

import os
import stat
import termios
import threading

import rig
from terminal import Terminal

PEER = 'AT+QICSGP=1,1,"internet"\nAT+QIACT=1\nAT+QIOPEN=1,0,"TCP","127.0.0.1",{}\n'


class Script(rig.Test):
    def shell(self, text, *arguments):
        return self.run_tool("-p", "sim", *arguments, "shell", stdin=text.encode())

    def test_answers_are_printed_with_their_final_result(self):
        result = self.shell("AT+CPIN?\nAT+CSQ")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertRegex(result.out.decode(), r"^\+CPIN: READY\nOK\n\+CSQ: \d+,\d+\nOK\n$")

    def test_the_exit_code_is_that_of_the_last_command(self):
        self.assertEqual(self.shell("AT+CPIN=\"1234\"\nAT\n").code, 0)
        result = self.shell("AT\nAT+CPIN=\"1234\"\n")
        self.assertEqual(result.code, 1)
        self.assertEqual(result.out.decode(), "OK\n+CME ERROR: 3   operation not allowed\n")
        self.assertEqual(self.shell("hello\n").code, 2)

    def test_comments_and_empty_lines_are_nothing_and_quit_ends(self):
        result = self.shell("# AT+X\n\n  \r\nAT\r\nquit\nAT+CSQ\n")
        self.assertEqual((result.code, result.out, result.err), (0, b"OK\n", ""))

    def test_a_script_may_be_a_file(self):
        modem = self.modem("--running")
        with open(self.path("script"), "w", encoding="ascii") as script:
            script.write("AT\n" * 1000)
        with open(self.path("script"), encoding="ascii") as script:
            process = rig.subprocess.run([rig.USOCKET, "-p", modem.port, "shell"], stdin=script, capture_output=True,
                                         env={**os.environ, "USOCKET_CONFIG": "/dev/null"}, timeout=rig.LIMIT,
                                         check=True)
        self.assertEqual(process.stdout, b"OK\n" * 1000)

    def test_help_finds_commands_by_their_meaning(self):
        self.assertIn("AT+CSQ", self.shell("help signal quality\n").out.decode())
        self.assertIn("manual", self.shell("help frobnication\n").out.decode())

    def test_a_silent_module_is_told(self):
        modem = self.modem("--fault", "silent")
        result = self.run_tool("-p", modem.port, "--timeout", "1", "shell")
        self.assert_fails(result, 3, "does not answer", "--baud")

    def test_a_command_that_asks_for_data_is_cancelled(self):
        gone = threading.Event()
        server = self.server(lambda connection: gone.wait(rig.LIMIT))
        self.addCleanup(gone.set)
        modem = self.modem()
        opened = self.run_tool("-p", modem.port, "shell", stdin=PEER.format(server.port).encode())
        self.assertEqual(opened.code, 0, opened.out)
        result = self.run_tool("-p", modem.port, "shell", stdin=b"AT+QISEND=0,5\nAT\n")
        self.assertEqual((result.code, result.out.splitlines()[-1]), (0, b"OK"))
        self.assertIn("prompt", result.err)
        self.assertIn("cancelled", result.err)


class Typed(rig.Test):
    def shell(self, port="sim", *arguments, env=None):
        terminal = Terminal("-p", port, *arguments, "shell", env={"XDG_STATE_HOME": self.path("state"), **(env or {})})
        self.addCleanup(terminal.close)
        terminal.expect("at> ")
        return terminal

    def test_a_command_is_sent_and_ctrl_d_ends(self):
        terminal = self.shell()
        terminal.type("AT+CPIN?\r")
        terminal.expect("+CPIN: READY\r\nOK\r\n")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_what_is_typed_while_a_command_runs_is_the_next_line_and_the_terminal_is_left_as_it_was(self):
        terminal = self.shell(self.modem("--running", "--latency-ms", "100").port)
        terminal.type("AT+CSQ\r")
        terminal.expect("AT+CSQ\r\n")
        terminal.type("AT+CPIN?\r")
        terminal.expect("OK\r\nat> AT+CPIN?\r\n")
        terminal.type("\x04")
        terminal.expect("+CPIN: READY\r\nOK\r\nat> ")
        self.assertEqual(terminal.end(), 0)
        local = termios.tcgetattr(terminal.fd)[3]
        for flag in (termios.ICANON, termios.ECHO, termios.ISIG):
            self.assertTrue(local & flag)

    def test_tab_completes_a_command_or_lists_what_there_is(self):
        terminal = self.shell()
        terminal.type("at+qccid\t")
        terminal.type("\r")
        terminal.expect("\r\nOK\r\n")
        terminal.type("AT+CF\t")
        terminal.expect("AT+CFUN")
        terminal.type("\t")
        terminal.expect("AT+CFUN?       functionality\r\n")
        terminal.type("?\r")
        terminal.expect("+CFUN: 1\r\nOK")

    def test_an_event_is_shown_with_its_meaning_and_the_line_being_typed_stays(self):
        close = threading.Event()
        server = self.server(lambda connection: close.wait(rig.LIMIT))
        self.addCleanup(close.set)
        modem = self.modem()
        terminal = self.shell(modem.port)
        *setup, call = PEER.format(server.port).splitlines()
        for line in setup:
            terminal.type(line + "\r")
            terminal.expect("OK\r\n")
        terminal.type(call + "\r")
        opened = "+QIOPEN: 0,0   connection 0 is open"  # before or after OK
        terminal.until(lambda: opened in terminal.text and terminal.text.endswith("at> "), opened)
        terminal.type("AT+CS")
        terminal.expect("AT+CS")
        close.set()
        terminal.expect('+QIURC: "closed",0   the peer closed connection 0')
        terminal.expect("at> AT+CS")
        terminal.type("Q\r")
        terminal.expect("+CSQ: ")

    def test_the_history_is_kept_without_pins(self):
        terminal = self.shell()
        for line in ("AT+CSQ", 'AT+CPIN="4711"', 'AT+QICSGP=1,1,"a","me","secret",1'):
            terminal.type(line + "\r")
            terminal.expect("at> ")
        terminal.type("quit\r")
        terminal.end()
        path = self.path("state/usocket/history")
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertIn("AT+CSQ", text)
        self.assertNotIn("4711", text)
        self.assertNotIn("secret", text)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        terminal = self.shell()
        terminal.type("\x1b[A\x1b[A\r")  # above "quit"
        terminal.expect("+CSQ: ")

    def test_ctrl_c_gives_up_the_line_being_typed(self):
        terminal = self.shell()
        terminal.type("AT+CFUN=0")
        terminal.expect("AT+CFUN=0")
        terminal.type("\x03")
        terminal.expect("^C\r\nat> ")
        terminal.type("AT+CFUN?\r")
        terminal.expect("+CFUN: 1")

    def test_ctrl_c_gives_up_the_command_that_waits_and_the_next_one_works(self):
        modem = self.modem("--fault", "no-answer=AT+QTEMP")
        terminal = self.shell(modem.port, "--trace")
        terminal.type("AT+QTEMP\r")
        terminal.expect("> AT+QTEMP\r\n")
        terminal.type("\x03")
        terminal.expect("given up", limit=3)
        terminal.type("AT+CSQ\r")
        terminal.expect("+CSQ: ")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_colours_are_for_terminals_that_want_them(self):
        for env, colour in (({}, True), ({"NO_COLOR": "1"}, False)):
            terminal = self.shell(env=env)
            terminal.type("AT\r")
            terminal.expect("OK\r\n")
            self.assertEqual(b"\x1b[32mOK" in terminal.raw, colour)


EVENTS = {
    '+QIURC: "recv",3': "data came for connection 3",
    '+QIURC: "incoming",11,0,"192.0.2.1",80': "a client came: connection 11",
    '+QIURC: "incoming full"': "a client was refused: no connection is free",
    '+QIURC: "pdpdeact",1': "the network took data call 1 away",
    '+QIURC: "dnsgip",0,2,300': "the name has 2 addresses, for 300 s",
    '+QIURC: "dnsgip","192.0.2.7"': "an address of the name: 192.0.2.7",
    '+QIURC: "dnsgip",565': "the name can't be resolved: ",
    '+QIURC: "nonsense"': "an event of a socket",
    "+QIOPEN: 2,566": "connection 2 could not be opened: ",
    "+CEREG: 2": "LTE network: not registered, searching for a network",
    "+CREG: 5,\"00A1\",\"00B2\",8": "circuit network: registered, roaming",
    "+CPIN: SIM PUK": "the SIM card wants SIM PUK",
    "+CPIN: NOT INSERTED": "the SIM card is missing",
    "+CFUN: 4": "functionality is now 4: 0 minimal, 1 full, 4 flight mode",
    "+QIND: SMS DONE": "the module reports: SMS DONE",
    '+CMTI: "ME",3': "a short message was stored in ME",
    "RING": "somebody calls",
    "+QGPSURC": "positioning: ",
}


class Outside(rig.Test):
    """A module that says what the test wants."""

    def say(self, answers, script):
        """Runs a shell on a module that sends answers[command] before its OK."""
        answers = {b"ATI": b"\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n", **answers}

        def serve(connection):
            text = b""
            while piece := connection.recv(100):
                text += piece
                while b"\r" in text:
                    line, text = text.split(b"\r", 1)
                    connection.sendall(answers.get(line, b"") + b"\r\nOK\r\n")

        server = self.server(serve)
        result = self.run_tool("-p", f"tcp:127.0.0.1:{server.port}", "--timeout", "5", "shell", stdin=script)
        self.assertEqual(result.code, 0, result.err)
        return result.out.decode()

    def test_what_the_module_says_gives_the_terminal_no_orders(self):
        self.assertEqual(self.say({b"AT+EVIL": b"\r\nA\x1b[31mB\r\n"}, b"AT+EVIL\n"), "A\\x1b[31mB\nOK\n")

    def test_each_kind_of_event_has_its_words(self):
        lines = "".join(f"\r\n{event}\r\n" for event in EVENTS).encode()
        said = self.say({b"AT+CSQ": b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n" + lines}, b"AT+CSQ\nAT\nAT\n")
        for event, words in EVENTS.items():
            self.assertIn(f"{event}   {words}", said)


if __name__ == "__main__":
    rig.main()
