"""curl through the proxy: nginx's pages down and up, over TLS, ten at once, a slow line, a module that restarts."""

from programs import BAUD, NAMED, SLOW, Programs, Web, main, needs, reset_behind, rig, seconds_for

PAGE = rig.bytes_of_any_value(5000000)
FIND_NO_HOST, BROKEN = 97, (18, 35, 55, 56)  # exit codes of curl: the proxy's refusal; partial file, TLS, send, receive


@needs("curl", "nginx", "openssl")
class Curl(Programs):
    def setUp(self):
        super().setUp()
        self.web = Web(self, PAGE)

    def curl(self, *arguments):
        """The command, through the proxy; the name is resolved by the module."""
        return self.web.curl("--socks5-hostname", f"127.0.0.1:{self.at[1]}", *arguments)

    def url(self, path="page", tls=False):
        start = f"https://server.example:{self.web.https}" if tls else f"http://server.example:{self.web.http}"
        return f"{start}/{path}"

    def download(self, count=len(PAGE), tls=False):
        """The first so many bytes of the page are asked for and arrive."""
        result = self.succeed(*self.curl("-r", f"0-{count - 1}", self.url(tls=tls)))
        self.assert_same(result.out, PAGE[:count])
        return result

    def upload(self, count=len(PAGE), tls=False):
        result = self.succeed(*self.curl("-T", "-", self.url("up/it", tls)), stdin=PAGE[:count])
        self.assert_same(self.content("up/it"), PAGE[:count])
        return result

    def ten_at_once(self, count):
        """Each fetches another tenth of the page's first bytes. Returns them with their exit codes."""
        part = count // 10
        curls = [self.background(*self.curl("-r", f"{n * part}-{(n + 1) * part - 1}", "-o", f"part{n}", self.url()))
                 for n in range(10)]
        return [(curl, curl.ends()) for curl in curls]

    def assert_ten_arrive(self, count):
        for curl, code in self.ten_at_once(count):
            self.assertEqual(code, 0, curl.said())
        self.assert_same(b"".join(self.content(f"part{n}") for n in range(10)), PAGE[:count])

    def test_5_mb_come_down_and_go_up(self):
        modem = self.modem(*NAMED)
        proxy = self.proxy(modem)
        self.download()
        self.upload()
        self.assert_all_is_closed(modem, proxy)

    def test_5_mb_come_down_and_go_up_over_tls(self):
        modem = self.modem(*NAMED)
        proxy = self.proxy(modem)
        self.download(tls=True)
        self.upload(tls=True)
        self.assert_all_is_closed(modem, proxy)

    def test_ten_at_once_share_5_mb(self):
        modem = self.modem(*NAMED)
        proxy = self.proxy(modem)
        self.assert_ten_arrive(len(PAGE))
        self.assert_all_is_closed(modem, proxy)

    def test_a_forwarded_port_carries_5_mb_both_ways(self):
        modem = self.modem(*NAMED)
        forward, port = self.forward(modem, f"0:server.example:{self.web.http}")
        self.assert_same(self.succeed(*self.web.curl(f"http://127.0.0.1:{port}/page")).out, PAGE)
        self.succeed(*self.web.curl("-T", "-", f"http://127.0.0.1:{port}/up/it"), stdin=PAGE)
        self.assert_same(self.content("up/it"), PAGE)
        self.assert_all_is_closed(modem, forward)

    def test_on_a_slow_line_all_arrives_in_the_time_that_it_takes(self):
        modem = self.modem(*NAMED, *SLOW)
        proxy = self.proxy(modem)
        for transfer in (self.download, self.upload):
            for tls in (False, True):
                with self.subTest(transfer.__name__, tls=tls):
                    seconds = transfer(200000, tls).seconds
                    self.assertGreater(seconds, seconds_for(200000))
                    print(f"{transfer.__name__}{' over TLS' * tls}: {200000 / seconds / (BAUD / 10):.0%} of the line")
        self.assert_ten_arrive(200000)
        self.assert_all_is_closed(modem, proxy)

    def test_a_name_that_the_module_cannot_resolve_is_an_error_of_its_own(self):
        modem = self.modem()
        proxy = self.proxy(modem)
        self.assertEqual(self.program(*self.curl("http://no-such-host.invalid/")).code, FIND_NO_HOST)
        self.assert_all_is_closed(modem, proxy)

    def assert_breaks_once(self, transfer, bytes_to_host, **how):
        """The module restarts meanwhile: curl fails, and the proxy carries the next one whole."""
        modem = self.modem(*NAMED, *reset_behind(bytes_to_host))
        proxy = self.proxy(modem)
        with self.assertRaisesRegex(AssertionError, r"^({}) != 0".format("|".join(map(str, BROKEN)))):
            transfer(**how)
        transfer(**how)
        self.assert_all_is_closed(modem, proxy, resets=1)

    def test_a_restart_in_a_download_breaks_it_and_the_next_one_works(self):
        self.assert_breaks_once(self.download, 2000000)

    def test_a_restart_in_an_upload_breaks_it_and_the_next_one_works(self):
        self.assert_breaks_once(self.upload, 50000)

    def test_a_restart_in_a_tls_session_breaks_it_and_the_next_one_works(self):
        self.assert_breaks_once(self.download, 2000000, tls=True)

    def test_a_restart_breaks_ten_at_once_and_the_next_ten_work(self):
        modem = self.modem(*NAMED, *reset_behind(1000000))
        proxy = self.proxy(modem)
        for curl, code in self.ten_at_once(len(PAGE)):
            self.assertIn(code, BROKEN, curl.said())
        self.assert_ten_arrive(len(PAGE))
        self.assert_all_is_closed(modem, proxy, resets=1)


if __name__ == "__main__":
    main()
