"""What the end-to-end tests stand on: the real tool, a real simulated module on a pty, real servers on loopback.

The meson tests give the programs by environment: USOCKET, MODEMSIM, TWELVE. Everything started here is ended by the
test's own clean-up, and nothing waits without a limit.
"""

import contextlib
import hashlib
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

USOCKET = os.environ["USOCKET"]
MODEMSIM = os.environ["MODEMSIM"]
LIMIT = 60  # seconds that a run of the tool may take


def wait_until(condition, what, limit=10):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} took more than {limit} s")
        time.sleep(0.01)


def on_terminal(stream, *arguments, env=None, **others):
    """Runs the tool with that standard stream on a terminal; returns all that was written to it."""
    leader, follower = pty.openpty()
    with subprocess.Popen([USOCKET, *map(str, arguments)], stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                          **{stream: follower}, **others) as process:
        os.close(follower)
        text = b""
        try:
            while piece := os.read(leader, 65536):
                text += piece
        except OSError:  # Linux: the terminal's last user is gone
            pass
        process.wait(LIMIT)
    os.close(leader)
    return text


class Modem:
    """A simulated module on a pseudo-terminal. `port` is for --port."""

    def __init__(self, directory, *options):
        self.port = os.path.join(directory, "modem")
        self.report = None
        self.process = subprocess.Popen(
            [MODEMSIM, "--link", self.port, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: os.path.exists(self.port) or self.process.poll() is not None, "the module's start")
        if self.process.poll() is not None:
            raise AssertionError("modemsim ended: " + self.process.communicate()[0])

    def end(self):
        """Ends the module and returns its report as a dict of counters. May be called again."""
        if self.report is None:
            self.process.terminate()
            try:
                self.report_text = self.process.communicate(timeout=10)[0]
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.report_text = self.process.communicate()[0]
            counters = re.findall(r"^(\w+) +(\d+)", self.report_text, re.M)
            self.report = {name: int(value) for name, value in counters}
        return self.report


class Server:
    """A TCP server on loopback; `serve` is called with each connection, in a thread of its own."""

    def __init__(self, serve):
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self.listener.getsockname()[1]
        self.threads = []
        self.errors = []
        self.stopped = False
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(LIMIT)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _serve(self, connection):
        try:
            with connection:
                self.serve(connection)
        except OSError as error:
            self.errors.append(error)

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join(LIMIT)
        for thread in self.threads:
            thread.join(LIMIT)


def read_request(connection):
    """Reads up to the empty line of an HTTP request."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(4096)
        if not piece:
            break
        text += piece
    return text


def http(response):
    """A server's function that answers each request with these bytes and closes."""
    def serve(connection):
        read_request(connection)
        connection.sendall(response)
    return serve


def page(body, status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def bytes_of_any_value(count, seed=1):
    """The same bytes each time, all 256 values, nothing that compresses or repeats soon."""
    blocks, have = [], 0
    while have < count:
        blocks.append(hashlib.sha256(f"{seed} {have}".encode()).digest())
        have += 32
    return b"".join(blocks)[:count]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def free_port():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Test(unittest.TestCase):
    """A test with a directory of its own, and the programs within reach."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="usocket-e2e-")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.directory], check=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def modem(self, *options):
        modem = Modem(self.directory, *options)
        self.addCleanup(modem.end)
        return modem

    def server(self, serve):
        server = Server(serve)
        self.addCleanup(server.end)
        return server

    def start(self, *arguments, **options):
        """Starts the tool; for those who talk to it while it runs."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("USOCKET_")}
        environment["USOCKET_CONFIG"] = "/dev/null"
        environment.update(options.pop("env", {}))
        process = subprocess.Popen([USOCKET, *map(str, arguments)], env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        with contextlib.suppress(ValueError):
            process.communicate()

    def run_tool(self, *arguments, stdin=b"", limit=LIMIT, **options):
        """Runs the tool to its end. The result has code, out (bytes), err (text) and seconds."""
        began = time.monotonic()
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(stdin, timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"usocket {arguments} took more than {limit} s; it had said {err!r}")
        return Result(process.returncode, out, err.decode(), time.monotonic() - began)

    def assert_clean_use(self, modem):
        """The module saw nothing that its manual forbids, and no socket is left open in it."""
        report = modem.end()
        self.assertNotIn("wrong use", modem.report_text)
        return report

    def assert_fails(self, result, code, *words):
        """One clear line that has these words in it, and this exit code."""
        self.assertEqual(result.code, code, result.err)
        lines = result.err.splitlines()
        self.assertEqual(len(lines), 1, result.err)
        self.assertTrue(lines[0].startswith("usocket: "), result.err)
        for word in words:
            self.assertIn(word, lines[0])


class Result:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds


class Sentences(unittest.TextTestResult):
    """Prints the name of a test as the sentence that it is."""

    def getDescription(self, test):
        return test.id().split(".")[-1].removeprefix("test_").replace("_", " ")


def main():
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Sentences)
    unittest.main(module="__main__", testRunner=runner)
