#!/usr/bin/env python3
"""Runs the firmware images in QEMU: `run.py linked` the ones with the module inside, `run.py uart` the ones that talk
by UART1 to modemsim on this machine, and by it to servers on loopback.

usage: run.py linked FOLDER | run.py uart FOLDER MODEMSIM | run.py figures FOLDER      (FOLDER has the images)
"""
import os
import re
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77
LIMIT = 100  # seconds that one image may take
HASH_START, HASH_PRIME = 0xCBF29CE484222325, 0x100000001B3
SOURCE_BYTES, SEED = 256 * 1024, 1
BAUD = 460800


class Failure(Exception):
    pass


# --- QEMU ------------------------------------------------------------------------------------------------------------


def qemu(machine, image, arguments, *options):
    words = [os.path.basename(image), *map(str, arguments)]
    semihosting = ",".join(["enable=on", "target=native", *("arg=" + word for word in words)])
    return subprocess.Popen(
        ["qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none", "-nodefaults", "-serial", "stdio",
         *options, "-semihosting-config", semihosting, "-kernel", image],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def console(process, on_line=lambda line: None):
    """All that the image says, at most for LIMIT seconds; its exit code must be 0."""
    end = time.monotonic() + LIMIT
    text = b""
    with process, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0, end - time.monotonic())):
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                break
            for line in (text.rpartition(b"\n")[2] + piece).split(b"\n")[:-1]:
                on_line(line.decode(errors="replace").strip())
            text += piece
        else:
            process.kill()
            raise Failure(f"the image took more than {LIMIT} s; it had said:\n{text.decode(errors='replace')}")
    said = text.decode(errors="replace")
    if process.returncode != 0:
        raise Failure(f"exit code {process.returncode}; the image had said:\n{said}")
    return said


def run_linked(folder, image, *arguments):
    """With -icount all time is counted in instructions, 64 ns each, so every run is the same."""
    return console(qemu("mps2-an385", os.path.join(folder, image + "-linked.elf"), arguments,
                        "-icount", "shift=6,align=off,sleep=off"))


# --- the servers -----------------------------------------------------------------------------------------------------


def pattern(count):
    """memnet_pattern() of tools/modemsim."""
    words = []
    for place in range((count + 7) // 8):
        word = (SEED + place + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1
        word ^= word >> 29
        word = word * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        words.append(word ^ word >> 32)
    return struct.pack(f"<{len(words)}Q", *words)[:count]


def read_exactly(connection, count):
    data = b""
    while len(data) < count and (piece := connection.recv(count - len(data))):
        data += piece
    return data


class Servers:
    """HTTP, source, sink and echo by TCP, echo by UDP; each on a port of its own, each connection in a thread."""

    def __init__(self):
        self.data = pattern(SOURCE_BYTES)
        self.sockets = []
        self.http, self.source, self.sink, self.echo = map(self.listen, (self.page, self.give, self.take, self.repeat))
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 0))
        self.udp = datagrams.getsockname()[1]
        threading.Thread(target=self.repeat_datagrams, args=(datagrams,), daemon=True).start()

    def listen(self, serve):
        listener = socket.create_server(("127.0.0.1", 0), backlog=32)

        def each():
            while True:
                connection, _ = listener.accept()
                connection.settimeout(LIMIT)
                threading.Thread(target=self.attend, args=(serve, connection), daemon=True).start()

        threading.Thread(target=each, daemon=True).start()
        return listener.getsockname()[1]

    @staticmethod
    def attend(serve, connection):
        try:
            with connection:
                serve(connection)
        except OSError:
            pass  # the module was reset, or lost its line: what the image makes of that is its test

    @staticmethod
    def page(connection):
        request = b""
        while not request.endswith(b"\r\n\r\n") and (piece := connection.recv(4096)):
            request += piece
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")

    def give(self, connection):
        connection.sendall(self.data)

    @staticmethod
    def take(connection):
        count = struct.unpack("<I", read_exactly(connection, 4))[0]
        value = HASH_START
        for byte in read_exactly(connection, count):
            value = (value ^ byte) * HASH_PRIME & (1 << 64) - 1
        connection.sendall(struct.pack("<Q", value))

    @staticmethod
    def repeat(connection):
        while piece := connection.recv(4096):
            connection.sendall(piece)

    @staticmethod
    def repeat_datagrams(datagrams):
        while True:
            data, sender = datagrams.recvfrom(4096)
            datagrams.sendto(data, sender)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Clients:
    """Two clients, who connect when the image says that it listens, and must get their own answers."""

    def __init__(self):
        self.threads, self.content = [], []

    def on_line(self, line):
        if found := re.fullmatch(r"listening on (\d+)", line):
            for number in (1, 2):
                thread = threading.Thread(target=self.talk, args=(number, int(found[1])), daemon=True)
                thread.start()
                self.threads.append(thread)

    def talk(self, number, port):
        said = f"client {number}\n".encode()
        with socket.create_connection(("127.0.0.1", port), LIMIT) as connection:
            connection.sendall(said)
            answer = b"hello " + said
            self.content.append(read_exactly(connection, len(answer)) == answer)

    def check(self):
        for thread in self.threads:
            thread.join(LIMIT)
        if self.content != [True, True]:
            raise Failure("a client of the listener did not get its answer")


# --- the image at a real UART ----------------------------------------------------------------------------------------


def run_uart(folder, modemsim, baud, image, arguments, *options, on_line=lambda line: None):
    """The image with modemsim at its UART1; the module must not have seen anything that its manual forbids."""
    with tempfile.TemporaryDirectory(prefix="usocket-firmware-") as directory:
        path = os.path.join(directory, "line")
        module = subprocess.Popen(
            [modemsim, "--unix", path, "--baud", str(baud), "--host", "server.test=127.0.0.1",
             "--fault", "boot-delay=500", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            if not module.stdout.readline().startswith("ready"):
                raise Failure("modemsim did not start")
            machine = qemu("lm3s6965evb", os.path.join(folder, image + "-uart.elf"), arguments,
                           "-chardev", f"socket,id=module,path={path},server=off", "-serial", "chardev:module")
            said = console(machine, on_line)
        finally:
            module.terminate()
            report = module.communicate(timeout=10)[0]
    return said, report


def uart(folder, modemsim):
    servers = Servers()
    ports = (servers.source, servers.sink, servers.echo, servers.udp, free_port())
    said, _ = run_uart(folder, modemsim, BAUD, "example", ("uart", "server.test", servers.http, "/"))
    print("--- the example", said, sep="\n", flush=True)
    if "hello" not in said:
        raise Failure("the example did not show the page")
    clients = Clients()
    said, report = run_uart(folder, modemsim, BAUD, "acceptance", ("suite", *ports), on_line=clients.on_line)
    print("--- the suite", said, sep="\n", flush=True)
    clients.check()
    if "wrong use" in report:
        raise Failure("the module was used wrongly:\n" + report)
    # Without a pace, so that bytes come as fast as the image can take them; one is lost in a download.
    said, _ = run_uart(folder, modemsim, 0, "acceptance", ("losses", *ports), "--fault", "drop-byte@9000")
    print("--- losses", said, sep="\n", flush=True)


def linked(folder):
    for image, *arguments in (("example", "uart", "server.test", 80, "/"), ("acceptance", "suite"),
                              ("acceptance", "losses"), ("acceptance", "figures")):
        said = run_linked(folder, image, *arguments)
        print(f"--- {image} {' '.join(map(str, arguments))}", said, sep="\n", flush=True)
        if run_linked(folder, image, *arguments) != said:
            raise Failure("a second run of it went otherwise")


def figures(folder):
    print(run_linked(folder, "acceptance", "figures").removesuffix("passed\n"), end="")


def main():
    if not os.path.exists(os.path.join(sys.argv[2], "acceptance-linked.elf")):
        print("skipped: no images; install gcc-arm-none-eabi and libnewlib-arm-none-eabi, and set the build up again")
        return SKIPPED
    if not shutil.which("qemu-system-arm"):
        print("skipped: no qemu-system-arm; install the package of this name")
        return SKIPPED
    try:
        {"linked": linked, "uart": uart, "figures": figures}[sys.argv[1]](*sys.argv[2:])
    except Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
