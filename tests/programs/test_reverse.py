"""A web server reached through `forward -R`: curl asks a port of the module, nginx on this computer answers."""

from programs import SLOW, Programs, Web, main, needs, reset_behind, rig, seconds_for

PAGE = rig.bytes_of_any_value(5000000)
BROKEN = (18, 52, 55, 56)  # exit codes of curl: partial file, no answer, send, receive


@needs("curl", "nginx", "openssl")
class Reverse(Programs):
    def setUp(self):
        super().setUp()
        self.web = Web(self, PAGE)

    def publish(self, modem):
        """Makes the web server reachable from the module's side. The port is the same after a restart of the module."""
        self.port = rig.free_port()
        command, _ = self.forward(modem, "-R", f"{self.port}:127.0.0.1:{self.web.http}")
        return command

    def curl(self, *arguments):
        return self.web.curl(*arguments)

    def url(self, path="page"):
        return f"http://127.0.0.1:{self.port}/{path}"

    def assert_transferred(self, count=len(PAGE)):
        got = self.succeed(*self.curl("-r", f"0-{count - 1}", self.url()))
        self.assert_same(got.out, PAGE[:count])
        put = self.succeed(*self.curl("-T", "-", self.url("up/it")), stdin=PAGE[:count])
        self.assert_same(self.content("up/it"), PAGE[:count])
        return min(got.seconds, put.seconds)

    def test_5_mb_are_served_and_taken(self):
        modem = self.modem()
        command = self.publish(modem)
        self.assert_transferred()
        self.assert_all_is_closed(modem, command)

    def test_ten_clients_at_once_are_served(self):
        modem = self.modem()
        command = self.publish(modem)
        part = len(PAGE) // 10
        curls = [self.background(*self.curl("-r", f"{n * part}-{(n + 1) * part - 1}", "-o", f"part{n}", self.url()))
                 for n in range(10)]
        for curl in curls:
            self.assertEqual(curl.ends(), 0, curl.said())
        self.assert_same(b"".join(self.content(f"part{n}") for n in range(10)), PAGE)
        self.assert_all_is_closed(modem, command)

    def test_on_a_slow_line_all_arrives(self):
        modem = self.modem(*SLOW)
        command = self.publish(modem)
        self.assertGreater(self.assert_transferred(200000), seconds_for(200000))
        self.assert_all_is_closed(modem, command)

    def test_a_restart_breaks_the_answer_and_the_module_listens_again(self):
        modem = self.modem(*reset_behind(100000))
        command = self.publish(modem)
        self.assertIn(self.program(*self.curl(self.url())).code, BROKEN)
        again = self.curl("--retry", "50", "--retry-delay", "1", "--retry-connrefused", self.url())
        self.assert_same(self.succeed(*again).out, PAGE)
        self.assert_transferred()
        self.assert_all_is_closed(modem, command, resets=1)


if __name__ == "__main__":
    main()
