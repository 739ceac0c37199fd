"""Data through the tool, the line and the module to real servers and back, compared by SHA-256."""

import json
import os
import signal
import socket
import subprocess
import threading

import rig

MIB = 1 << 20


class Get(rig.Test):
    def test_1_mib_comes_down_unchanged(self):
        body = rig.bytes_of_any_value(MIB)
        server = self.server(rig.http(rig.page(body)))
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "get", f"http://127.0.0.1:{server.port}/", "-o", self.path("page"))
        self.assertEqual((result.code, result.err), (0, ""))
        with open(self.path("page"), "rb") as file:
            self.assertEqual(rig.sha256(file.read()), rig.sha256(body))
        report = self.assert_clean_use(modem)
        self.assertGreaterEqual(report["payload_received"], MIB)

    def test_the_request_is_http_1_1_and_names_the_host(self):
        requests = []

        def serve(connection):
            requests.append(rig.read_request(connection))
            connection.sendall(rig.page(b"ok"))

        server = self.server(serve)
        result = self.run_tool("-p", "sim", "get", f"http://localhost:{server.port}/a/b?c=d&e#part")
        self.assertEqual((result.code, result.out), (0, b"ok"), result.err)
        lines = requests[0].split(b"\r\n")
        self.assertEqual(lines[0], b"GET /a/b?c=d&e HTTP/1.1")
        self.assertIn(b"Host: localhost:%d" % server.port, lines)

    def test_a_query_without_a_path_and_a_url_without_a_scheme(self):
        requests = []

        def serve(connection):
            requests.append(rig.read_request(connection).split(b"\r\n")[0])
            connection.sendall(rig.page(b"ok"))

        server = self.server(serve)
        for url in (f"http://127.0.0.1:{server.port}?a=b", f"127.0.0.1:{server.port}/c"):
            self.assertEqual(self.run_tool("-p", "sim", "get", url).code, 0)
        self.assertEqual(requests, [b"GET /?a=b HTTP/1.1", b"GET /c HTTP/1.1"])

    def test_chunks_are_put_together(self):
        response = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"5\r\nhello\r\n1;x=y\r\n \r\n6\r\nworld\n\r\n0\r\nTrailer: 1\r\n\r\n")
        self.assert_page(response, b"hello world\n")

    def test_a_body_may_end_with_the_connection(self):
        self.assert_page(b"HTTP/1.0 200 OK\r\n\r\n" + b"line\r\nOK\r\n+QIURC: \"closed\",0\r\n",
                         b"line\r\nOK\r\n+QIURC: \"closed\",0\r\n")

    def test_an_interim_response_is_passed_over(self):
        self.assert_page(b"HTTP/1.1 100 Continue\r\n\r\n" + rig.page(b"final"), b"final")

    def test_an_empty_page_makes_an_empty_file(self):
        server = self.server(rig.http(rig.page(b"")))
        result = self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/", "-o", self.path("page"))
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(os.path.getsize(self.path("page")), 0)

    def assert_page(self, response, body):
        server = self.server(rig.http(response))
        result = self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual((result.code, result.out, result.err), (0, body, ""))

    def test_a_truncated_body_is_a_failure_and_what_came_is_written(self):
        server = self.server(rig.http(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
        result = self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/")
        self.assert_fails(result, 1, "4 of 100 bytes")
        self.assertEqual(result.out, b"half")

    def test_truncated_chunks_are_a_failure(self):
        server = self.server(rig.http(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"))
        self.assert_fails(self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/"), 1, "ended before")

    def test_what_is_not_http_is_a_failure(self):
        server = self.server(rig.http(b"SSH-2.0-OpenSSH_9.2\r\n"))
        self.assert_fails(self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/"), 1, "not HTTP")

    def test_no_answer_at_all_is_a_failure(self):
        server = self.server(rig.http(b""))
        self.assert_fails(self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/"), 1, "ended before")

    def test_status_404_is_a_failure_and_writes_nothing(self):
        server = self.server(rig.http(rig.page(b"sorry", "404 Not Found")))
        url = f"http://127.0.0.1:{server.port}/"
        result = self.run_tool("-p", "sim", "get", url)
        self.assert_fails(result, 1, "404 Not Found")
        self.assertEqual(result.out, b"")
        self.assert_fails(self.run_tool("-p", "sim", "get", url, "-o", self.path("page")), 1, "404")
        self.assertFalse(os.path.exists(self.path("page")))

    def test_a_redirect_is_told_and_not_followed(self):
        server = self.server(rig.http(rig.page(b"moved", "301 Moved Permanently", "Location: http://other.example/")))
        result = self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/")
        self.assertEqual((result.code, result.out), (0, b"moved"))
        self.assertIn("301 Moved Permanently", result.err)
        self.assertIn("http://other.example/", result.err)

    def test_a_file_that_cant_be_written_is_told(self):
        server = self.server(rig.http(rig.page(b"x")))
        result = self.run_tool("-p", "sim", "get", f"http://127.0.0.1:{server.port}/", "-o", self.path("no/page"))
        self.assert_fails(result, 1, "no/page", "No such file")

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        server = self.server(rig.http(rig.page(rig.bytes_of_any_value(MIB))))
        process = self.start("-p", "sim", "get", f"http://127.0.0.1:{server.port}/")
        process.stdout.read(10)
        process.stdout.close()
        process.stdin.close()
        self.assertEqual(process.wait(rig.LIMIT), 128 + signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_json_with_a_file_prints_a_summary(self):
        server = self.server(rig.http(rig.page(b"hello", "200 OK", "Content-Type: text/plain")))
        result = self.run_tool("-p", "sim", "--json", "get", f"http://127.0.0.1:{server.port}/", "-o", self.path("f"))
        summary = json.loads(result.out)
        self.assertEqual((summary["status"], summary["bytes"], summary["type"]), (200, 5, "text/plain"))


class Connect(rig.Test):
    def test_1_mib_goes_up_unchanged(self):
        data = rig.bytes_of_any_value(MIB)
        got = []

        def serve(connection):
            piece, have = b"", 0
            while have < MIB and (piece := connection.recv(65536)):
                got.append(piece)
                have += len(piece)

        server = self.server(serve)
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "connect", "127.0.0.1", server.port, stdin=data)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(rig.sha256(b"".join(got)), rig.sha256(data))
        self.assert_clean_use(modem)

    def test_both_directions_at_once(self):
        self.assert_echo(rig.bytes_of_any_value(MIB // 4), self.modem())

    def test_p07_payload_that_looks_like_protocol_passes_unchanged(self):
        data = (b"\r\nOK\r\n\r\nERROR\r\n> \r\n+QIURC: \"closed\",0\r\n\r\nSEND OK\r\n\x1a\x1b+++\r\n+QIRD: 1500\r\n"
                b"\r\nRDY\r\n\x00\xff" * 100)
        self.assert_echo(data, self.modem())

    def test_p11_any_split_of_the_bytes_gives_the_same_data(self):
        self.assert_echo(rig.bytes_of_any_value(30000), self.modem("--fault", "chunk=random", "--seed", "11"))

    def test_p15_a_module_whose_buffer_is_full_gets_the_data_later(self):
        modem = self.modem("--fault", "send-fail=3")
        self.assert_echo(rig.bytes_of_any_value(30000), modem)
        self.assertEqual(modem.end()["send_fail"], 3)

    def test_a_line_of_115200_baud_and_a_slow_module_change_nothing(self):
        self.assert_echo(rig.bytes_of_any_value(10000), self.modem("--baud", "115200", "--latency-ms", "5"))

    def assert_echo(self, data, modem):
        def serve(connection):
            left = len(data)
            while left and (piece := connection.recv(65536)):
                connection.sendall(piece)
                left -= len(piece)

        server = self.server(serve)
        result = self.run_tool("-p", modem.port, "connect", "127.0.0.1", server.port, stdin=data)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(rig.sha256(result.out), rig.sha256(data))
        self.assert_clean_use(modem)

    def test_input_may_be_a_file(self):
        with open(self.path("in"), "wb") as file:
            file.write(rig.bytes_of_any_value(50000))
        got = []

        def serve(connection):
            have = 0
            while have < 50000:
                got.append(connection.recv(65536))
                have += len(got[-1])

        server = self.server(serve)
        with open(self.path("in"), "rb") as file, open(self.path("out"), "wb") as out:
            code = subprocess.run([rig.USOCKET, "-p", "sim", "connect", "127.0.0.1", str(server.port)], stdin=file,
                                  stdout=out, timeout=rig.LIMIT, check=False).returncode
        self.assertEqual(code, 0)
        self.assertEqual(b"".join(got), rig.bytes_of_any_value(50000))

    def test_p03_data_that_is_unread_when_the_peer_closes_still_comes(self):
        data = rig.bytes_of_any_value(30000)
        server = self.server(lambda connection: connection.sendall(data))
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "connect", "127.0.0.1", server.port)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(rig.sha256(result.out), rig.sha256(data))
        self.assert_clean_use(modem)

    def test_closed_standard_input_is_an_empty_one(self):
        server = self.server(lambda connection: connection.sendall(b"hello\n"))
        command = f'exec "{rig.USOCKET}" -p sim connect 127.0.0.1 {server.port} <&-'
        result = subprocess.run(["sh", "-c", command], capture_output=True, timeout=rig.LIMIT, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"hello\n", b""))

    def test_it_ends_when_the_peer_closes_though_input_is_open(self):
        server = self.server(lambda connection: connection.sendall(b"bye\n"))
        process = self.start("-p", "sim", "connect", "127.0.0.1", server.port)
        self.assertEqual(process.stdout.read(), b"bye\n")
        self.assertEqual(process.wait(rig.LIMIT), 0)

    def test_a_slow_reader_holds_the_peer_back(self):
        sent = []
        reader_may_go_on = threading.Event()

        def serve(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            connection.settimeout(1)
            block = bytes(16384)
            try:
                while len(sent) < 200:
                    connection.sendall(block)
                    sent.append(len(block))
            except TimeoutError:
                pass
            reader_may_go_on.set()

        server = self.server(serve)
        process = self.start("-p", "sim", "connect", "127.0.0.1", server.port)
        self.assertTrue(reader_may_go_on.wait(rig.LIMIT))
        self.assertLess(len(sent), 200)
        got = process.stdout.read()
        self.assertGreaterEqual(len(got), sum(sent))
        self.assertEqual(process.wait(rig.LIMIT), 0)

    def test_ctrl_c_closes_the_socket_and_exits_130(self):
        ended = threading.Event()

        def serve(connection):
            connection.sendall(b"ready\n")
            if connection.recv(1) == b"":
                ended.set()

        server = self.server(serve)
        modem = self.modem()
        process = self.start("-p", modem.port, "connect", "127.0.0.1", server.port)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(rig.LIMIT), 130)
        self.assertTrue(ended.wait(rig.LIMIT))
        state = self.run_tool("-p", modem.port, "state")
        self.assertEqual(state.out, b"no sockets\n")
        self.assert_clean_use(modem)


class Sockets(rig.Test):
    def test_twelve_connections_at_once(self):
        server = self.server(self.echo)
        modem = self.modem()
        result = subprocess.run([os.environ["TWELVE"], modem.port, str(server.port)], capture_output=True, text=True,
                                timeout=rig.LIMIT, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assert_clean_use(modem)

    @staticmethod
    def echo(connection):
        while piece := connection.recv(65536):
            connection.sendall(piece)


if __name__ == "__main__":
    rig.main()
