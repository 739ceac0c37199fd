"""What the tests with other people's programs share: the programs, their servers on loopback, how a test ends.

A server has its keys, certificates and files in the test's own folder and ends with the test. The module, the tool and
its proxy are those of tests/e2e/rig.py and tunnels.py.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import rig  # noqa: E402 (found in the folder above)
import tunnels  # noqa: E402

os.environ["PATH"] += ":/usr/sbin:/sbin"  # where daemons are
LIMIT = 60  # seconds that a program may take
SKIPPED = 77  # what Meson takes for "skipped"

PACKAGES = {
    "curl": "curl",
    "dig": "bind9-dnsutils",
    "dnsmasq": "dnsmasq-base",
    "iperf3": "iperf3",
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "mosquitto_sub": "mosquitto-clients",
    "nc.openbsd": "netcat-openbsd",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "sftp": "openssh-client",
    "socat": "socat",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
}

BAUD = 921600
SLOW = ("--baud", str(BAUD))
NAMED = ("--host", "server.example=127.0.0.1")  # what the module's resolver knows, and nobody else


def reset_behind(count):
    """The module restarts when it has sent so many bytes to its host."""
    return "--fault", f"reset@{count}", "--fault", "boot-delay=500"


def seconds_for(count):
    """What so many bytes take at least on the slow line."""
    return count * 10 / BAUD


def users(modem):
    """The processes that have the module's port open, besides the module itself."""
    port = os.path.realpath(modem.port)
    found = set()
    for path in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(path) == port:
                found.add(int(path.split("/")[2]))
        except OSError:
            pass  # it has just ended, or is somebody else's
    return found - {modem.process.pid}


def needs(*names):
    """Skips a class of tests, and says what to install, where one of these programs is not there."""
    missing = sorted({PACKAGES[name] for name in names if not shutil.which(name)})
    return unittest.skipIf(missing, "not installed: " + " ".join(missing))


class Background:
    """A program that runs beside the test. What it says, on both outputs, is kept in a file."""

    all = []  # each with a session of its own, in which are those that it starts

    def __init__(self, test, command, stdin=subprocess.DEVNULL, stdout=None):
        self.name = os.path.basename(command[0])
        self.log = test.path(f"log-{self.name}-{time.monotonic_ns()}")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*map(str, command)], env=test.environment(), cwd=test.directory,
                                            stdin=stdin, stdout=stdout or log, stderr=log, start_new_session=True)
        self.all.append(self)
        test.addCleanup(self.end)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_until(self, condition, what):
        """Until it is so; a program that has ended, or takes too long, shows what it said."""
        def is_so():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended before {what}: {self.said()}")
            return condition()
        rig.wait_until(is_so, what)

    def wait_for_text(self, text):
        self.wait_until(lambda: text in self.said(), f"'{text}' of {self.name}")

    def wait_for_port(self, port):
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        self.wait_until(answers, f"port {port} of {self.name}")

    def ends(self, limit=LIMIT):
        """Waits for its own end. Returns the exit code."""
        return self.process.wait(limit)

    def end(self):
        """Ends it and all that it has started. May be called again."""
        if self not in self.all:
            return
        self.all.remove(self)
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
                self.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class Programs(tunnels.Proxy):
    """Tests of programs. Each starts its servers, a module, and the tool between them; see `assert_all_is_closed`."""

    def environment(self):
        """Nothing of the user's own settings."""
        keep = {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS") or name == "PATH"}
        return {**keep, "HOME": self.directory, "LC_ALL": "C", "USOCKET_CONFIG": "/dev/null"}

    def file(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def assert_same(self, got, expected):
        """The same bytes; a difference of megabytes is not printed."""
        self.assertEqual((len(got), rig.sha256(got)), (len(expected), rig.sha256(expected)))

    def background(self, *command, **streams):
        return Background(self, command, **streams)

    def program(self, *command, stdin=b"", limit=LIMIT):
        """Runs it to its end. The result is that of rig.run_tool()."""
        began = time.monotonic()
        try:
            ended = subprocess.run([*map(str, command)], env=self.environment(), cwd=self.directory, input=stdin,
                                   capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired as late:
            self.fail(f"{command} took more than {limit} s; it had said {late.stderr!r}")
        err = ended.stderr.decode(errors="replace")
        return rig.Result(ended.returncode, ended.stdout, err, time.monotonic() - began)

    def succeed(self, *command, **more):
        result = self.program(*command, **more)
        self.assertEqual(result.code, 0, f"{command}: {result.err}")
        return result

    def forward(self, modem, *arguments):
        """Starts `usocket forward`. Returns it and the port where it listens."""
        process = self.run_command(modem, "forward", *arguments)
        line = process.stdout.readline()
        if line.startswith(b"listening"):
            return process, int(line.split()[2].rpartition(b":")[2])
        return process, self.listening(process)[1]

    def assert_all_is_closed(self, modem, *commands, resets=0):
        """The tool lives and ends well, no socket of the module is open, and nothing was done against its manual."""
        for process in commands:
            self.assertIsNone(process.poll(), "it is dead")
            self.assertEqual(self.end(process), "")
        # A tool that another program has started may still be closing its sockets when that one has ended.
        rig.wait_until(lambda: not users(modem), "the end of those who use the module")
        report = self.assert_module_is_clean(modem)
        self.assertEqual(modem.process.returncode, 0, modem.report_text)
        self.assertEqual(report.get("resets", 0), resets, "restarts of the module")


class Web:
    """nginx, with the page that it was given, over HTTP and TLS; what is PUT to /up/NAME is in the folder up."""

    CONFIG = """
        daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{ }}
        http {{
            access_log off; client_max_body_size 0;
            client_body_temp_path body; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
            server {{
                listen 127.0.0.1:{http};
                listen 127.0.0.1:{https} ssl;
                ssl_certificate certificate; ssl_certificate_key key;
                root {root};
                location /up/ {{ dav_methods PUT; }}
            }}
        }}
    """

    def __init__(self, test, page):
        self.test, self.page, self.http, self.https = test, page, rig.free_port(), rig.free_port()
        os.mkdir(test.path("up"))
        test.file("page", page)
        test.succeed("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "key", "-out", "certificate", "-days", "2", "-subj", "/CN=server.example",
                     "-addext", "subjectAltName=DNS:server.example")
        test.file("nginx.conf", self.CONFIG.format(http=self.http, https=self.https, root=test.directory).encode())
        server = test.background("nginx", "-p", test.directory, "-e", "stderr", "-c", "nginx.conf")
        server.wait_for_port(self.http)

    def curl(self, *arguments):
        """A command that fails when the server does, and reads no settings."""
        return ["curl", "-q", "-sS", "--fail", "--max-time", str(LIMIT - 5), "--cacert", self.test.path("certificate"),
                *map(str, arguments)]


def interrupted(_signal, _frame):
    """Who runs out of time or is stopped leaves nothing behind."""
    for background in list(Background.all):
        background.end()
    sys.stdout.flush()
    os._exit(1)


def main():
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=rig.Sentences)
    result = unittest.main(module="__main__", testRunner=runner, exit=False).result
    all_skipped = result.wasSuccessful() and len(result.skipped) == result.testsRun
    sys.exit(SKIPPED if all_skipped else not result.wasSuccessful())
