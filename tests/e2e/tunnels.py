"""What the tests of `proxy` and `forward` share: the tool that runs until it is told to end, its clients, servers."""

import re
import signal
import socket
import struct
import threading

import rig

LIMIT = 30  # seconds that anything in these tests may take

CONNECT, BIND, ASSOCIATE = 1, 2, 3
OK, FAILURE, HOST_UNREACHABLE, REFUSED, TTL_EXPIRED, NO_COMMAND, NO_ADDRESS_TYPE = 0, 1, 4, 5, 6, 7, 8


def receive(connection, count):
    """Exactly so many bytes, less at the end of the stream."""
    blocks, have = [], 0
    while have < count and (piece := connection.recv(min(65536, count - have))):
        blocks.append(piece)
        have += len(piece)
    return b"".join(blocks)


def receive_all(connection):
    return receive(connection, 1 << 40)


def echo(connection):
    while piece := connection.recv(65536):
        connection.sendall(piece)


class Tunnels(rig.Test):
    def run_command(self, modem, *arguments):
        """Starts the command on this module, or with --port sim if that is what @p modem is."""
        return self.start("-p", modem if isinstance(modem, str) else modem.port, *arguments)

    def listening(self, process):
        """The address of which it says next that it listens there."""
        line = process.stdout.readline().decode()
        found = re.match(r"listening on (\S*):(\d+)( for \S+)?\n", line)
        self.assertTrue(found, line)
        return found[1].strip("[]"), int(found[2])

    def connect(self, at):
        connection = socket.create_connection(at, LIMIT)
        self.addCleanup(connection.close)
        return connection

    def end(self, process):
        """Ends it as ctrl-C does. Returns what it has said on standard error."""
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT), 130)
        return process.stderr.read().decode()

    def assert_echoes(self, client, data):
        """What is sent comes back, both at once."""
        sender = threading.Thread(target=client.sendall, args=(data,), daemon=True)
        sender.start()
        self.assertEqual(rig.sha256(receive(client, len(data))), rig.sha256(data))
        sender.join(LIMIT)

    def assert_module_is_clean(self, modem):
        self.assertEqual(self.run_tool("-p", modem.port, "state").out, b"no sockets\n")
        return self.assert_clean_use(modem)


def packed(host, port):
    """Type, address and port, as RFC 1928 has them in requests and datagrams."""
    for kind, family in ((b"\1", socket.AF_INET), (b"\4", socket.AF_INET6)):
        try:
            return kind + socket.inet_pton(family, host) + struct.pack("!H", port)
        except OSError:
            pass
    return b"\3" + bytes([len(host)]) + host.encode() + struct.pack("!H", port)


def unpacked(data):
    """The address and port at the start of these bytes, and what follows them."""
    size, family = (4, socket.AF_INET) if data[0] == 1 else (16, socket.AF_INET6)
    port, = struct.unpack("!H", data[1 + size:3 + size])
    return (socket.inet_ntop(family, data[1:1 + size]), port), data[3 + size:]


class Proxy(Tunnels):
    """A client of the proxy, written from RFC 1928 and 1929."""

    def proxy(self, modem, *arguments):
        process = self.run_command(modem, "proxy", "--listen", "127.0.0.1:0", *arguments)
        self.at = self.listening(process)
        return process

    def ask(self, connection, command, host, port):
        connection.sendall(b"\5\1\0")
        self.assertEqual(receive(connection, 2), b"\5\0")
        connection.sendall(b"\5" + bytes([command]) + b"\0" + packed(host, port))

    def reply(self, connection):
        """The code of a reply, and the address in it."""
        head = receive(connection, 4)
        self.assertEqual((len(head), head[:1], head[2:3]), (4, b"\5", b"\0"), head)
        address, _ = unpacked(head[3:] + receive(connection, 6 if head[3] == 1 else 18))
        return head[1], address

    def through(self, host, port):
        connection = self.connect(self.at)
        self.ask(connection, CONNECT, host, port)
        self.assertEqual(self.reply(connection)[0], OK)
        return connection

    def refused(self, command, host, port):
        connection = self.connect(self.at)
        self.ask(connection, command, host, port)
        code, _ = self.reply(connection)
        self.assertEqual(connection.recv(1), b"")
        return code
