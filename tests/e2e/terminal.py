"""The tool on a terminal of its own: what it draws, and keys for it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import rig

try:
    import pyte
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, for a Python that is not Debian's
    try:
        import pyte
    except ImportError:
        pyte = None


class Terminal:
    """`text` is all that was printed, without escape sequences; `screen` is what can be seen, where there is pyte."""

    def __init__(self, *arguments, env=None, rows=24, columns=80):
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR" and not k.startswith("USOCKET_")}
        environment.update({"TERM": "linux", "USOCKET_CONFIG": "/dev/null", **(env or {})})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(rig.USOCKET, [rig.USOCKET, *map(str, arguments)], environment)
        self.raw, self.seen, self.code = b"", 0, None
        self.display = pyte.Screen(columns, rows) if pyte else None
        self.stream = pyte.ByteStream(self.display) if pyte else None

    @property
    def text(self):
        return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78])", "", self.raw.decode(errors="replace"))

    @property
    def screen(self):
        return "\n".join(line.rstrip() for line in self.display.display)

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.display.resize(rows, columns)

    def _read(self, seconds):
        """Takes what the tool prints. Returns False when it has gone."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:  # Linux: the terminal's last user is gone
            return False
        self.raw += piece
        if self.stream:
            self.stream.feed(piece)
        return bool(piece)

    def until(self, condition, what, limit=20):
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end or not self._read(0.1):
                raise AssertionError(f"no {what!r} in what was printed:\n{self.text}")

    def expect(self, text, limit=20):
        """Waits for text behind what was expected before."""
        self.until(lambda: text in self.text[self.seen:], text, limit)
        self.seen = self.text.index(text, self.seen) + len(text)

    def expect_screen(self, pattern, limit=20):
        self.until(lambda: re.search(pattern, self.screen, re.M), pattern, limit)

    def end(self, limit=20):
        """Waits for the tool's end. Returns its exit code."""
        end = time.monotonic() + limit
        while self.code is None and time.monotonic() < end:
            if not self._read(0.05):
                time.sleep(0.01)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        if self.code is None:
            raise AssertionError(f"the tool does not end:\n{self.text}")
        return self.code

    def close(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.code = -signal.SIGKILL
        os.close(self.fd)
