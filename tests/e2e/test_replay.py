"""usocket record and replay: a session is written, told, and tried on a modem again."""

import glob
import json
import os
import re
import signal

import rig

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRANSCRIPTS = sorted(glob.glob(TESTS + "/transcripts/*.atlog"))
SESSIONS = sorted(glob.glob(TESTS + "/replay/sessions/*.atlog"))

OPEN = r'> AT+QIOPEN=1,0,"TCP","203.0.113.5",80,0,0\r' + "\n" + r"< \r\nOK\r\n" + "\n"


class Told(rig.Test):
    def transcript(self, *lines, name="session.atlog"):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write("\n".join(line.rstrip("\n") for line in lines) + "\n")
        return self.path(name)

    def items(self, *lines):
        result = self.run_tool("--json", "replay", self.transcript(*lines))
        self.assertEqual((result.code, result.err), (0, ""))
        return json.loads(result.out)

    def faults(self, *lines):
        return [(item["text"], item["meaning"]) for item in self.items(*lines) if item["fault"]]


class Text(Told):
    def show(self, *lines):
        result = self.run_tool("replay", self.transcript(*lines))
        self.assertEqual((result.code, result.err), (0, ""))
        return result.out.decode("ascii")

    def test_a_session_is_told_line_by_line_with_time_direction_and_meaning(self):
        text = self.show("# a note", OPEN, "@ +250", r"< \r\n+QIOPEN: 0,0\r\n", "@ +1500", r"> AT+QISEND=0,5\r",
                         r"< \r\n> ", "> hello", "@ +20", r"< \r\nSEND OK\r\n", r'< \r\n+QIURC: "closed",0\r\n',
                         r"> AT+QICLOSE=0,1\r", "@ +40", r"< \r\nOK\r\n")
        self.assertEqual([re.sub(" {2,}", "  ", line) for line in text.splitlines()], [
            "# a note",
            '  0.000  > AT+QIOPEN=1,0,"TCP","203.0.113.5",80,0,0  open TCP connection 0 to 203.0.113.5 port 80',
            "  0.000  < OK  done",
            "  0.250  < +QIOPEN: 0,0  connection 0 is open",
            "  1.750  > AT+QISEND=0,5  send 5 bytes on connection 0",
            "  1.750  < >  the module waits for the bytes",
            "  1.750  > [5 bytes] hello  payload of connection 0",
            "  1.770  < SEND OK  the module has taken the bytes (0.020 s)",
            '  1.770  < +QIURC: "closed",0  the peer closed connection 0',
            "  1.770  > AT+QICLOSE=0,1  close connection 0",
            "  1.810  < OK  done; connection 0 is closed (0.040 s)",
            "",
            "id  connection  open  closed  sent  received",
            "0  TCP 203.0.113.5:80  0.250  1.810  5  0",
            "",
            "11 items, 1.810 s, 0 faults",
        ])

    def test_a_silence_is_shown(self):
        self.assertIn("... 10.0 s of silence\n", self.show(r"> AT\r", "@ +10000", r"< \r\nOK\r\n"))

    def test_control_bytes_of_the_module_are_shown_not_obeyed(self):
        told = self.on_terminal("replay", self.transcript(
            r"> AT+QIRD=0,9\r", r"< \r\n+QIRD: 3\r\n\x1b]0\r\n\r\nOK\r\n", r"< \r\n+COPS: 0,0,\x22\x9b\x1b[2J\x22\r\n",
            r"< \r\nHello\x1b[31m\xff\r\n"), NO_COLOR="1")
        self.assertIn(r"\x1b]0", told)
        self.assertIn(r"Hello\x1b[31m\xff", told)
        self.assertFalse(re.findall(r"[^\x20-\x7e\r\n]", told))

    def on_terminal(self, *arguments, **environment):
        """Runs the tool with standard output on a terminal; returns its text."""
        return rig.on_terminal("stdout", *arguments, env=environment).decode("latin-1")

    def test_colours_are_for_a_terminal_and_not_where_no_color_is_set(self):
        session = self.transcript(r"> AT\r", r"< \r\nERROR\r\n")
        self.assertIn("\033[31m", self.on_terminal("replay", session, NO_COLOR=""))
        self.assertNotIn("\033", self.on_terminal("replay", session, NO_COLOR="1"))
        self.assertNotIn(b"\033", self.run_tool("replay", session).out)

    def test_a_file_that_is_no_transcript_is_told_with_its_line(self):
        self.assert_fails(self.run_tool("replay", self.transcript("# fine", "what?")), 1, "session.atlog:2")
        self.assert_fails(self.run_tool("replay", self.path("none")), 1, "none", "No such file")

    def test_options_that_need_another_are_told(self):
        for option in ("--all", "-v"):
            self.assert_fails(self.run_tool("replay", self.transcript("# fine"), option), 2, "--against")

    def test_help_fits_a_screen_and_has_an_example(self):
        for command in ("record", "replay", "trace"):
            lines = self.run_tool(command, "--help").out.decode().splitlines()
            self.assertLessEqual(len(lines), 24)
            self.assertLessEqual(max(map(len, lines)), 80)
            self.assertIn("Example:", lines)


class Kept(Told):
    """All transcripts of this tree, those of real modules and those of the driver."""

    def test_events_are_those_that_are_kept(self):
        kept = [path for path in TRANSCRIPTS if os.path.exists(path.replace(".atlog", ".events"))]
        self.assertGreater(len(kept), 30)
        for path in kept:
            with open(path.replace(".atlog", ".events"), "rb") as events, self.subTest(path):
                self.assertEqual(self.run_tool("replay", path, "--events").out, events.read())

    def test_the_story_has_what_the_events_have_in_the_same_order(self):
        names = {"command": "> ", "answer": "response ", "final": "final ", "urc": "urc ", "stray": "unknown "}
        for path in TRANSCRIPTS + SESSIONS:
            if path.endswith("/reset.atlog"):
                continue  # the story gives up a payload after two seconds; events know no time
            told = []
            for item in json.loads(self.run_tool("--json", "replay", path).out):
                if item["kind"] in names:
                    told.append(names[item["kind"]] + item["text"])
                elif item["kind"] == "prompt":
                    told.append("prompt")
                elif item["kind"] == "payload" and item["from"] == "module":
                    told.append(f"data {item['bytes']}")
            events = self.run_tool("replay", path, "--events").out.decode().splitlines()
            with self.subTest(path):
                self.assertEqual(told, [event for event in events if event != "echo"])

    def test_all_of_them_can_be_shown_and_drawn(self):
        for path in TRANSCRIPTS + SESSIONS:
            with self.subTest(path):
                self.assertEqual(self.run_tool("replay", path).code, 0)
                result = self.run_tool("trace", path, "--html", self.path("a.html"), "--pcapng", self.path("a.pcapng"))
                self.assertEqual((result.code, result.err), (0, ""))

    def test_a_good_session_of_the_driver_has_no_faults(self):
        for name in ("download", "upload", "twelve", "listener", "push", "udp-service", "ipv6"):
            text = self.run_tool("replay", f"{TESTS}/replay/sessions/{name}.atlog").out.decode()
            self.assertTrue(text.endswith(", 0 faults\n"), name + text[-300:])


class Meaning(Told):
    def states(self, *lines):
        return [(change["connection"], change["state"]) for item in self.items(*lines)
                for change in item.get("changes", [])]

    def test_a_command_knows_its_answer_and_how_long_it_took(self):
        items = self.items(r"> AT+CSQ\r", "@ +70", r"< AT+CSQ\r\r\n+CSQ: 24,99\r\n\r\nOK\r\n")
        command, answer, final = items
        self.assertEqual((command["kind"], command["took_ms"], command["final"], command["echoed"]),
                         ("command", 70, 2, True))
        self.assertEqual((answer["kind"], answer["command"], answer["meaning"]), ("answer", 0, "signal -65 dBm"))
        self.assertEqual((final["kind"], final["command"], final["at_ms"]), ("final", 0, 70))

    def test_the_form_of_a_command_decides_what_it_means(self):
        commands = ["AT+CPIN?", 'AT+CPIN="1"', "AT+COPS=?", "AT+QIACT=1", "AT+QIACT?", "ATE0", "AT+FOO=?", "AT+FOO"]
        self.assertEqual([item["meaning"].split(";")[0] for item in self.items(*(f"> {c}\\r" for c in commands))],
                         ["ask for the state of the SIM card", "give the SIM card its PIN", "search for operators",
                          "bring data call 1 up", "list the data calls", "echo off", "ask what can be set by +FOO",
                          "run +FOO"])

    def test_a_connection_opens_is_closed_by_the_peer_and_closed(self):
        self.assertEqual(self.states(OPEN, r"< \r\n+QIOPEN: 0,0\r\n", r'< \r\n+QIURC: "closed",0\r\n',
                                     r"> AT+QICLOSE=0\r", r"< \r\nOK\r\n"),
                         [(0, "opening"), (0, "open"), (0, "closing"), (0, "closed")])

    def test_connections_that_fail_are_refused_or_taken_away_are_closed(self):
        for end in (r"< \r\n+QIOPEN: 0,566\r\n", r'< \r\n+QIURC: "pdpdeact",1\r\n', r"< \r\nRDY\r\n",
                    r"> AT+QIDEACT=1\r" + "\n" + r"< \r\nOK\r\n"):
            self.assertEqual(self.states(OPEN, end), [(0, "opening"), (0, "closed")], end)

    def test_listeners_clients_and_other_families_have_lives_too(self):
        self.assertEqual(self.states(r'> AT+QIOPEN=1,0,"TCP LISTENER","127.0.0.1",0,2020,0\r', r"< \r\nOK\r\n",
                                     r"< \r\n+QIOPEN: 0,0\r\n", r'< \r\n+QIURC: "incoming",11,0,"10.0.0.1",5000\r\n'),
                         [(0, "opening"), (0, "open"), (11, "open")])
        self.assertEqual(self.states(r'> AT+QSSLOPEN=1,1,4,"example.com",443,0\r', r"< \r\nOK\r\n",
                                     r"< \r\n+QSSLOPEN: 4,0\r\n", r'< \r\n+QSSLURC: "closed",4\r\n'),
                         [(4, "opening"), (4, "open"), (4, "closing")])
        self.assertEqual(self.states(r'> AT+QIOPEN="TCP","203.0.113.5",80\r', r"< \r\nOK\r\n\r\nCONNECT OK\r\n",
                                     r"> AT+QICLOSE\r", r"< \r\nCLOSE OK\r\n"),
                         [(0, "opening"), (0, "open"), (0, "closing"), (0, "closed")])

    def test_bytes_are_counted_when_the_module_has_taken_or_brought_them(self):
        session = [OPEN.replace("80,0,0", "80,0,1"), r"< \r\n+QIOPEN: 0,0\r\n",
                   r"> AT+QISEND=0,5\r", r"< \r\n> ", "> hello", r"< \r\nSEND FAIL\r\n",
                   r"> AT+QISEND=0,7\r", r"< \r\n> ", r"> AT\r\nOK\r", r"< \r\nSEND OK\r\n",
                   r"> AT+QIRD=0,1500\r", r"< \r\n+QIRD: 9\r\n\r\nERROR\r\n\r\n\r\nOK\r\n",
                   r'< \r\n+QIURC: "recv",0,3\r\nabc\r\n']
        text = self.run_tool("replay", self.transcript(*session)).out.decode()
        self.assertRegex(text, r"\n0 +TCP 203\.0\.113\.5:80 +0\.000 +- +7 +12\n")

    def test_refusals_are_faults_with_the_modules_reason(self):
        self.assertEqual(self.faults(r"> AT+CPIN?\r", r"< \r\n+CME ERROR: 10\r\n"),
                         [("+CME ERROR: 10", "the module refuses: SIM not inserted (10)")])
        self.assertEqual(self.faults(r"> AT+X\r", r"< \r\nERROR\r\n"), [("ERROR", "the module refuses")])

    def test_a_setting_that_a_module_lacks_is_no_fault(self):
        self.assertEqual(self.faults(r'> AT+QICFG="x",1\r', r"< \r\nERROR\r\n"), [])

    def test_what_takes_longer_than_the_manual_says_is_a_fault(self):
        slow = [r"> AT+QICLOSE=0,1\r", "@ +9000", r"< \r\nOK\r\n"]
        self.assertIn("it took 9 s, the manual says 2 s at most", self.faults(*slow)[0][1])
        self.assertEqual(self.faults(r"> AT+QICLOSE=0,10\r", *slow[1:]), [])

    def test_a_missing_answer_is_a_fault_and_so_is_one_that_nobody_asked_for(self):
        told = self.faults(r"> AT+CSQ\r", "@ +1000", r"> AT+CPIN?\r", r"< \r\n+CSQ: 9,99\r\n", r"< \r\nOK\r\n")
        self.assertEqual(told, [("AT+CSQ", "ask for the signal; no answer in 1.000 s"),
                                ("+CSQ: 9,99", "unexpected: signal -95 dBm")])

    def test_a_payload_that_lost_bytes_is_a_fault(self):
        lost = self.faults(r"> AT+QIRD=0,9\r", r"< \r\n+QIRD: 9\r\n123456\r\n\r\nOK\r\n")
        self.assertIn("bytes of this payload were lost or added", lost[0][1])
        stalled = self.faults(r"> AT+QIRD=0,9\r", r"< \r\n+QIRD: 900\r\n123456", "@ +3000", r"< \r\nRDY\r\n")
        self.assertIn("the rest of this payload did not come", stalled[1][1])
        self.assertEqual(stalled[2][0], "RDY")

    def test_a_payload_ends_where_its_length_says_also_when_no_answer_comes(self):
        items = self.items(r"> AT+QISEND=0,5\r", r"< \r\n> ", "> hello", "@ +9000", r"> AT+CMEE?\r", r"< \r\nOK\r\n")
        self.assertEqual([item["text"] for item in items if item["from"] == "host"],
                         ["AT+QISEND=0,5", "hello", "AT+CMEE?"])

    def test_a_payload_without_a_length_ends_with_ctrl_z_which_does_not_count(self):
        session = [OPEN, r"> AT+QISEND=0\r", r"< \r\n> ", r"> hello\x1a", r"> AT\r", r"< \r\nSEND OK\r\n"]
        items = self.items(*session[:-1])
        self.assertEqual([item["text"] for item in items if item["from"] == "host"][1:],
                         ["AT+QISEND=0", r"hello\x1a", "AT"])
        del session[-2]
        self.assertRegex(self.run_tool("replay", self.transcript(*session)).out, rb"\n0 +TCP .* 5 +0\n")

    def test_a_restart_is_a_fault_in_a_session_and_none_at_its_beginning(self):
        self.assertEqual(self.faults(r"< \r\nRDY\r\n", r"> AT\r", r"< \r\nOK\r\n"), [])
        self.assertEqual(len(self.faults(r"> AT\r", r"< \r\nOK\r\n", r"< \r\nRDY\r\n")), 1)
        back = self.faults(r"> ATE0\r", r"< ATE0\r\r\nOK\r\n", r"> AT\r", r"< AT\r\r\nOK\r\n")
        self.assertIn("the echo is back", back[0][1])


class Record(Told):
    def test_record_runs_a_command_with_its_options_and_those_before(self):
        server = self.server(rig.http(rig.page(b"a page")))
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "record", self.path("a.atlog"), "--", "get",
                               f"http://127.0.0.1:{server.port}/", "-o", self.path("page"))
        self.assertEqual((result.code, result.out), (0, b""), result.err)
        with open(self.path("page"), "rb") as page:
            self.assertEqual(page.read(), b"a page")
        told = self.run_tool("replay", self.path("a.atlog")).out.decode()
        self.assertRegex(told, r"> AT\+QIOPEN=1,0,\S+ +open TCP connection 0 to 127\.0\.0\.1 port")
        self.assertIn("connection 0 is closed", told)
        self.assert_clean_use(modem)

    def test_the_command_may_bring_the_port_itself_and_print_json(self):
        result = self.run_tool("record", self.path("a.atlog"), "--", "--json", "-p", "sim", "at", "AT+CSQ")
        self.assertEqual(json.loads(result.out)["final"], "OK")
        self.assertIn("AT+CSQ", self.run_tool("replay", self.path("a.atlog")).out.decode())

    def test_the_exit_code_is_the_commands(self):
        self.assertEqual(self.run_tool("-p", "sim", "record", self.path("a"), "--", "at", "AT+NO").code, 1)
        self.assertEqual(self.run_tool("-p", self.path("no"), "record", self.path("a"), "--", "net").code, 3)

    def test_mistakes_are_told(self):
        self.assert_fails(self.run_tool("record", self.path("a")), 2, "usage: usocket record FILE -- COMMAND")
        self.assert_fails(self.run_tool("record", self.path("a"), "--", "frob"), 2, "frob")
        self.assert_fails(self.run_tool("record", self.path("a"), "--", "net"), 2, "no port given")
        self.assert_fails(self.run_tool("record", self.path("a"), "--", "get", "-p", "sim"), 2, "usage: usocket get")
        self.assert_fails(self.run_tool("-p", "sim", "record", self.path("no/a"), "--", "net"), 1, "no/a")

    def test_a_command_without_a_modem_leaves_nothing_to_record(self):
        session = self.transcript("# nothing", name="b.atlog")
        result = self.run_tool("record", self.path("a"), "--", "replay", session)
        self.assertEqual(result.code, 2)
        self.assertIn("nothing was recorded", result.err)


class Against(Told):
    def against(self, session, port="sim", *options):
        return self.run_tool("replay", session, "--against", port, *options)

    def recorded(self, body=b"the same page each time"):
        """A server whose answers come in one piece, and a session with it."""
        self.requests = []

        def serve(connection):
            self.requests.append(rig.read_request(connection))
            connection.sendall(rig.page(body))

        server = self.server(serve)
        result = self.run_tool("-p", "sim", "record", self.path("page.atlog"), "--", "get",
                               f"http://127.0.0.1:{server.port}/")
        self.assertEqual((result.code, result.out), (0, body), result.err)
        return self.path("page.atlog")

    def test_the_same_module_and_peer_give_the_same_answers(self):
        session = self.recorded()
        modem = self.modem()
        result = self.against(session, modem.port)
        self.assertEqual((result.code, result.err), (0, ""), result.out)
        self.assertRegex(result.out.decode(), r"^\d+ commands sent, 0 skipped, 0 lines differ\n$")
        self.assertEqual(len(self.requests), 2)
        self.assertEqual(self.requests[0], self.requests[1], "the payload was sent at the prompt")
        self.assert_clean_use(modem)

    def test_another_module_differs_line_by_line(self):
        result = self.against(self.recorded(), "sim:EC25")
        text = result.out.decode()
        self.assertEqual(result.code, 1)
        self.assertIn("ATI\n  - BG96\n  + EC25\n", text)
        self.assertIn('AT+QICFG="udp/readmode",0\n  - ERROR\n  + OK\n', text)
        self.assertNotIn("+QIRD", text)

    def test_a_peer_that_says_something_else_is_noticed_at_the_byte(self):
        session = self.recorded(b"0123456789")
        with open(session, encoding="ascii") as file:
            text = file.read()
        with open(session, "w", encoding="ascii") as file:
            file.write(text.replace("0123456789", "0123x56789"))
        result = self.against(session)
        self.assertEqual(result.code, 1)
        self.assertRegex(result.out.decode(), r"connection 0\n  - (\d+) bytes received\n"
                                              r"  \+ \1 bytes received, others from byte \d+ on\n")

    def test_signals_addresses_and_numbers_of_devices_are_only_shown(self):
        session = self.transcript(r"> AT+CSQ\r", r"< \r\n+CSQ: 3,99\r\n\r\nOK\r\n", r"> AT+GSN\r",
                                  r"< \r\n123456789012345\r\n\r\nOK\r\n", r"> AT+CEREG?\r",
                                  r"< \r\n+CEREG: 0,1\r\n\r\nOK\r\n")
        quiet = self.against(session)
        self.assertEqual((quiet.code, quiet.out), (0, b"3 commands sent, 0 skipped, 0 lines differ\n"))
        told = self.against(session, "sim", "-v").out.decode()
        self.assertRegex(told, r"AT\+CSQ\n  ~ \+CSQ: 3,99\n  ~ \+CSQ: \d+,99\n  = OK\n")
        self.assertRegex(told, r"AT\+GSN\n  ~ 123456789012345\n  ~ \d{15}\n")

    def test_the_order_of_events_does_not_count_but_a_missing_one_does(self):
        server = self.server(lambda connection: connection.recv(1))
        opens = [rf'> AT+QIOPEN=1,{i},"TCP","127.0.0.1",{server.port},0,0\r' + "\n" + r"< \r\nOK\r\n" for i in (0, 1)]
        before = [r"> AT+QIACT=1\r", r"< \r\nOK\r\n"]
        both = [*before, *opens, r"< \r\n+QIOPEN: 1,0\r\n", r"< \r\n+QIOPEN: 0,0\r\n"]
        result = self.against(self.transcript(*both))
        self.assertEqual(result.code, 0, result.out)
        self.assertIn(b"connection 1 is still open in the modem", result.out)
        more = self.against(self.transcript(*both, r'< \r\n+QIURC: "closed",0\r\n'), "sim", "--timeout", "1")
        self.assertEqual(more.code, 1)
        self.assertIn(b'events\n  - +QIURC: "closed",0\n', more.out)
        fewer = self.against(self.transcript(*before, *opens, r"< \r\n+QIOPEN: 1,0\r\n", r"> AT\r", r"< \r\nOK\r\n"))
        self.assertEqual(fewer.code, 1)
        self.assertIn(b"events\n  + +QIOPEN: 0,0\n", fewer.out)
        last = self.against(self.transcript(*before, opens[0]))
        self.assertIn(b"events\n  + +QIOPEN: 0,0\n", last.out)

    def test_what_changes_the_modem_is_skipped_unless_all_is_asked_for(self):
        harmful = ["AT+CFUN=1,1", "AT&W", "AT+QPOWD", 'AT+CLCK="SC",1,"1234"', 'AT+CPIN="1234"', "AT+IPR=9600",
                   "AT+CMEE=1;+CFUN=0", "at+cfun=0", 'AT+QURCCFG="urcport","usbat"', "ATD*99#"]
        harmless = ["AT", "AT+CFUN?", "AT+CFUN=?", "AT+CPIN?", 'AT+QURCCFG="urcport"', "AT+CMEE=1"]
        session = self.transcript(*(f"> {command}\\r" for command in harmful + harmless))
        modem = self.modem()
        report = json.loads(self.against(session, modem.port, "--json", "--timeout", "2").out)
        self.assertEqual([skipped["command"] for skipped in report["skipped"]], harmful)
        self.assertEqual(report["sent"], len(harmless))
        stored = self.transcript(r"> AT&W\r", r"< \r\nOK\r\n", name="stored.atlog")
        self.assertIn(b"skipped AT&W: it changes what the module keeps\n", self.against(stored, modem.port).out)
        self.assertNotIn(b"skipped AT", self.against(stored, modem.port, "--all").out)

    def test_a_modem_that_is_not_there_or_silent_is_told(self):
        session = self.transcript(r"> AT\r", r"< \r\nOK\r\n", r"> AT\r", r"< \r\nOK\r\n")
        self.assert_fails(self.against(session, self.path("no")), 3, "cannot open")
        silent = self.server(lambda connection: connection.recv(100) and connection.recv(100))
        self.assert_fails(self.against(session, f"tcp:127.0.0.1:{silent.port}", "--timeout", "0.5"), 3,
                          "does not answer")
        gone = self.server(lambda connection: connection.recv(100))
        self.assertEqual(self.against(session, f"tcp:127.0.0.1:{gone.port}").code, 3)

    def test_a_signal_ends_it(self):
        waiting = self.server(lambda connection: connection.recv(100) and connection.recv(100))
        process = self.start("replay", self.transcript(r"> AT\r", r"< \r\nOK\r\n"), "--against",
                             f"tcp:127.0.0.1:{waiting.port}")
        rig.wait_until(lambda: waiting.threads, "the connection")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(rig.LIMIT), 128 + signal.SIGTERM)

    def test_a_trial_can_be_recorded_and_told(self):
        session = self.transcript(r"> AT\r", r"< \r\nOK\r\n")
        result = self.run_tool("record", self.path("trial.atlog"), "--", "replay", session, "--against", "sim")
        self.assertEqual(result.code, 0, result.err)
        self.assertIn(b"> AT ", self.run_tool("replay", self.path("trial.atlog")).out)


if __name__ == "__main__":
    rig.main()
