"""The commands that print facts, as text and as JSON, and the recording."""

import json
import os
import subprocess

import rig


class Facts(rig.Test):
    def json_of(self, *arguments, code=0):
        result = self.run_tool("--json", *arguments)
        self.assertEqual(result.code, code, result.err)
        return json.loads(result.out)

    def test_net_prints_stage_and_address(self):
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "net")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out.decode().splitlines(), [
            "stage        3 (data call)",
            "sub-code     1 (the data call is up)",
            "address      10.64.0.2",
        ])
        facts = self.json_of("-p", modem.port, "net")
        self.assertEqual((facts["stage"], facts["sub"], facts["up"], facts["address"]), (3, 1, True, "10.64.0.2"))

    def test_net_prints_json_also_when_the_network_is_down(self):
        modem = self.modem("--fault", "no-registration")
        facts = self.json_of("-p", modem.port, "--timeout", "4", "net", code=1)
        self.assertEqual((facts["stage"], facts["sub"], facts["up"], facts["address"]), (2, 2, False, None))

    def test_info_prints_facts_about_the_module(self):
        for module in ("BG96", "BG95", "EC25"):
            facts = self.json_of("-p", f"sim:{module}", "info")
            self.assertIn(module, facts["model"])
            self.assertRegex(facts["imei"], r"^\d{15}$")
            self.assertLess(facts["signal_dbm"], -50)
            self.assertTrue(facts["dialect"])
        text = self.run_tool("-p", "sim", "info").out.decode()
        self.assertRegex(text, r"(?m)^signal       -\d+ dBm$")

    def test_info_works_without_a_sim(self):
        modem = self.modem("--fault", "no-sim")
        self.assertIsNone(self.json_of("-p", modem.port, "info")["sim"])

    def test_resolve_prints_one_address_a_line(self):
        modem = self.modem()
        self.assertIn(b"127.0.0.1\n", self.run_tool("-p", modem.port, "resolve", "localhost").out)
        facts = self.json_of("-p", modem.port, "resolve", "localhost")
        self.assertEqual(facts["host"], "localhost")
        self.assertIn("127.0.0.1", facts["addresses"])

    def test_at_prints_the_lines_of_the_answer(self):
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "at", "AT+CSQ")
        self.assertEqual(result.code, 0)
        self.assertRegex(result.out.decode(), r"^\+CSQ: \d+,\d+\n$")
        facts = self.json_of("-p", modem.port, "at", "AT+CSQ")
        self.assertEqual((facts["ok"], facts["final"]), (True, "OK"))

    def test_p08_an_answer_that_looks_like_an_event_is_still_the_answer(self):
        modem = self.modem()
        for command, line in (("AT+CPIN?", "+CPIN: READY"), ("AT+CEREG?", "+CEREG: 0,1"), ("AT+CFUN?", "+CFUN: 1")):
            self.assertEqual(self.run_tool("-p", modem.port, "at", command).out.decode(), line + "\n")
        self.assertEqual(self.json_of("-p", modem.port, "info")["sim"], "READY")

    def test_at_fails_with_the_modules_own_word(self):
        modem = self.modem()
        self.assert_fails(self.run_tool("-p", modem.port, "at", "AT+NONSENSE"), 1, "ERROR")
        facts = self.json_of("-p", modem.port, "at", "AT+NONSENSE", code=1)
        self.assertFalse(facts["ok"])

    def test_at_refuses_what_is_no_command(self):
        for command in ("hello", "AT+CSQ\rAT+CFUN=0", ""):
            self.assert_fails(self.run_tool("-p", "sim", "at", command), 2, "not an AT command")
        self.assert_fails(self.run_tool("-p", "sim", "at", "AT+X=" + "1" * 400), 2, "longer than")

    def test_p23_what_an_earlier_program_left_behind_is_listed_and_then_closed(self):
        server = self.server(lambda connection: connection.recv(1))
        modem = self.modem()
        process = self.start("-p", modem.port, "--trace", "connect", "127.0.0.1", server.port)
        while b"+QIOPEN: 0,0" not in (line := process.stderr.readline()):
            self.assertTrue(line)
        process.kill()
        process.wait()
        rows = self.json_of("-p", modem.port, "state")
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["service"], rows[0]["peer"], rows[0]["peer_port"]), ("TCP", "127.0.0.1", server.port))
        self.assertEqual((rows[0]["state"], rows[0]["access"]), ("connected", "buffer"))
        text = self.run_tool("-p", modem.port, "state").out.decode().splitlines()
        self.assertEqual(text[0].split(), ["id", "service", "state", "peer", "local", "ctx", "server", "access"])
        self.assertEqual(text[1].split()[:4], ["0", "TCP", "connected", f"127.0.0.1:{server.port}"])
        self.assertEqual(self.run_tool("-p", modem.port, "net").code, 0)
        self.assertEqual(self.run_tool("-p", modem.port, "state").out, b"no sockets\n")
        self.assertEqual(self.json_of("-p", modem.port, "state"), [])

    def test_the_trace_shows_lines_and_only_the_size_of_payload(self):
        server = self.server(rig.http(rig.page(b"secret payload")))
        result = self.run_tool("-p", "sim", "--trace", "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual(result.code, 0)
        self.assertRegex(result.err, r"(?m)^ *\d+\.\d{3} > AT\+QIOPEN=")
        self.assertRegex(result.err, r"(?m)^ *\d+\.\d{3} < OK$")
        self.assertRegex(result.err, r"(?m)> \[\d+ bytes\]$")
        self.assertRegex(result.err, r"(?m)< \[\d+ bytes\]$")
        self.assertNotIn("secret", result.err)


class Recording(rig.Test):
    def test_a_recorded_session_is_a_transcript_with_both_sides(self):
        server = self.server(rig.http(rig.page(b"recorded \x00\xff page")))
        modem = self.modem()
        file = self.path("session.atlog")
        result = self.run_tool("-p", modem.port, "--record", file, "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual(result.code, 0, result.err)
        with open(file, encoding="ascii") as lines:
            text = lines.read()
        self.assertIn("> AT+QIRD=0,1500\\r\n", text)
        self.assertIn("recorded \\x00\\xff page", text)

    def test_a_recorded_session_replays_strictly(self):
        server = self.server(rig.http(rig.page(rig.bytes_of_any_value(5000))))
        modem = self.modem()
        file = self.path("session.atlog")
        program = os.environ["REPLAYED"]
        for arguments in (["record", modem.port, file], ["replay", file]):
            result = subprocess.run([program, *arguments, str(server.port)], capture_output=True, text=True,
                                    timeout=rig.LIMIT, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assert_clean_use(modem)

    def test_a_recording_that_cant_be_written_is_told(self):
        self.assert_fails(self.run_tool("-p", "sim", "--record", self.path("no/file"), "net"), 1, "no/file")


if __name__ == "__main__":
    rig.main()
