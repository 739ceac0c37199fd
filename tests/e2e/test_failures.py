"""What can be wrong with module, network and peer: the exit code and the one line for each, over a pty."""

import signal
import time

import rig


class Network(rig.Test):
    def test_no_sim(self):
        modem = self.modem("--fault", "no-sim")
        result = self.run_tool("-p", modem.port, "--timeout", "30", "resolve", "localhost")
        self.assert_fails(result, 1, "no SIM card", "stage 1, sub-code 0", "insert")
        self.assertLess(result.seconds, 25)

    def test_the_sim_wants_a_pin(self):
        modem = self.modem("--fault", "sim-pin")
        self.assert_fails(self.run_tool("-p", modem.port, "get", "http://127.0.0.1/"), 1, "wants its PIN", "--pin")
        self.assertEqual(self.run_tool("-p", modem.port, "at", "AT+CPIN=1234").code, 0)
        self.assertEqual(self.run_tool("-p", modem.port, "net").code, 0)

    def test_no_registration(self):
        modem = self.modem("--fault", "no-registration")
        result = self.run_tool("-p", modem.port, "--timeout", "4", "net")
        self.assert_fails(result, 1, "searching", "stage 2, sub-code 2")
        self.assertIn("stage        2 (registration)", result.out.decode())

    def test_registration_denied(self):
        modem = self.modem("--fault", "registration=3")
        result = self.run_tool("-p", modem.port, "--timeout", "4", "net")
        self.assert_fails(result, 1, "refuses", "stage 2, sub-code 3")

    def test_no_answer_at_all(self):
        modem = self.modem("--fault", "silent")
        for command in (["net"], ["info"], ["state"], ["at", "AT+CSQ"], ["get", "http://127.0.0.1/"]):
            result = self.run_tool("-p", modem.port, "--timeout", "1.5", *command)
            self.assert_fails(result, 3, "does not answer", "--baud")
            self.assertLess(result.seconds, 5)

    def test_ctrl_c_ends_the_wait_for_a_silent_module(self):
        modem = self.modem("--fault", "silent")
        for command in (["net"], ["at", "AT"], ["connect", "127.0.0.1", "1"]):
            process = self.start("-p", modem.port, "--trace", *command)
            process.stderr.readline()
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(rig.LIMIT), 130)
            self.assertLess(time.monotonic() - began, 3)

    def test_a_module_whose_events_go_to_another_port_is_set_right(self):
        server = self.server(rig.http(rig.page(b"heard")))
        modem = self.modem("--fault", "urcport=usbat")
        result = self.run_tool("-p", modem.port, "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual((result.code, result.out), (0, b"heard"), result.err)

    def test_p08_events_inside_answers_make_no_difference(self):
        body = rig.bytes_of_any_value(20000)
        server = self.server(rig.http(rig.page(body)))
        modem = self.modem("--fault", "urc-inside-response", "--fault", "urc-before-response")
        result = self.run_tool("-p", modem.port, "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual((result.code, result.out), (0, body), result.err)


class Peer(rig.Test):
    def test_connection_refused(self):
        port = rig.free_port()
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "connect", "127.0.0.1", port)
        self.assert_fails(result, 1, f"cannot connect to 127.0.0.1 port {port}", "refused")
        self.assert_clean_use(modem)

    def test_unknown_host(self):
        modem = self.modem()
        for command in (["resolve", "no-such-host.invalid"], ["get", "http://no-such-host.invalid/"]):
            self.assert_fails(self.run_tool("-p", modem.port, *command), 1, "cannot resolve no-such-host.invalid")
        self.assert_clean_use(modem)

    def test_a_server_that_falls_silent_is_given_up(self):
        server = self.server(lambda connection: connection.recv(100000) and time.sleep(4))
        result = self.run_tool("-p", "sim", "--timeout", "2", "get", f"http://127.0.0.1:{server.port}/")
        self.assert_fails(result, 1, "timed out")

    def test_p24_a_module_that_restarts_in_the_middle_is_told_and_the_next_command_works(self):
        server = self.server(rig.http(rig.page(rig.bytes_of_any_value(200000))))
        url = f"http://127.0.0.1:{server.port}/"
        modem = self.modem("--fault", "reset@50000", "--fault", "boot-delay=500")
        self.assert_fails(self.run_tool("-p", modem.port, "get", url), 1, "did not come to its end")
        self.assertEqual(self.run_tool("-p", modem.port, "get", url).code, 0)


if __name__ == "__main__":
    rig.main()
