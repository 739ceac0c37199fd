"""Several commands at once over one modem: usocket daemon, its virtual modules, and what happens to them."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import rig


class Daemon:
    """The running daemon; `port` is for --port of its clients."""

    def __init__(self, test, modem_port, *options, env=None, path=None):
        arguments = ["--socket", path] if path else []
        self.process = test.start("-p", modem_port, *options, "daemon", *arguments, env=env or {})
        self.pid = self.process.pid
        line = self.process.stderr.readline().decode()
        if not line.startswith("serving "):
            raise AssertionError("the daemon said " + line)
        self.path = line.removeprefix("serving ").strip()
        self.port = "unix:" + self.path

    def wait_for(self, text):
        while text not in (line := self.process.stderr.readline().decode()):
            if not line:
                raise AssertionError("the daemon never said " + text)

    def end(self):
        """Ends it as systemd does. Returns the exit code."""
        self.process.terminate()
        return self.process.wait(rig.LIMIT)


class Terminal:
    """A program that types AT commands."""

    def __init__(self, test, path):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(path)
        self.line.settimeout(20)
        self.have = b""
        test.addCleanup(self.line.close)
        self.command("ATE0")

    def until(self, pattern):
        """Reads until this is there; returns the text up to its end."""
        while not (found := re.search(pattern, self.have)):
            piece = self.line.recv(4096)
            if not piece:
                raise AssertionError(f"the line ended at {self.have!r}")
            self.have += piece
        text, self.have = self.have[:found.end()], self.have[found.end():]
        return text.decode()

    def say(self, text):
        self.line.sendall(text.encode() + b"\r")

    def command(self, text):
        self.say(text)
        return self.until(rb"(^|\n)(OK|ERROR|\+CME ERROR: [^\r]*)\r\n")

    def open(self, connection, port, kind="TCP"):
        self.say(f'AT+QIOPEN=1,{connection},"{kind}","127.0.0.1",{port},0,0')
        return int(re.search(r"(\d+)$", self.until(rb"\+QIOPEN: \d+,\d+").strip())[1])


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Test(rig.Test):
    def daemon(self, *options, faults=()):
        self.module = self.modem(*(word for fault in faults for word in ("--fault", fault)))
        return Daemon(self, self.module.port, *options, path=self.path("socket"))

    def terminal(self, daemon):
        terminal = Terminal(self, daemon.path)
        rig.wait_until(lambda: "OK" in terminal.command("AT+QIACT=1"), "the data call")
        return terminal


class Clients(Test):
    def test_three_commands_at_once_each_with_its_own_bytes(self):
        body = rig.bytes_of_any_value(200000)
        web = self.server(rig.http(rig.page(body)))
        back = self.server(echo)
        daemon = self.daemon()
        typed = rig.bytes_of_any_value(50000, 2)
        get = self.start("-p", daemon.port, "get", f"http://127.0.0.1:{web.port}/", "-o", self.path("page"))
        connect = self.start("-p", daemon.port, "connect", "127.0.0.1", back.port)
        port = rig.free_port()
        listen = self.start("-p", daemon.port, "listen", port)
        self.assertIn(b"listening on", listen.stderr.readline())
        connect.stdin.write(typed)
        connect.stdin.flush()
        self.assertEqual(connect.stdout.read(len(typed)), typed)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"hello")
            self.assertEqual(listen.stdout.read(5), b"hello")
            listen.stdin.write(b"welcome")
            listen.stdin.flush()
            self.assertEqual(client.recv(7, socket.MSG_WAITALL), b"welcome")
        self.assertEqual(listen.wait(rig.LIMIT), 0, listen.stderr.read())
        self.assertEqual(get.wait(rig.LIMIT), 0, get.stderr.read())
        with open(self.path("page"), "rb") as page:
            self.assertEqual(page.read(), body)
        connect.send_signal(signal.SIGINT)
        self.assertEqual(connect.wait(rig.LIMIT), 130)
        self.assertEqual(daemon.end(), 0)
        self.assert_clean_use(self.module)

    def test_facts_are_those_of_the_real_module(self):
        self.module = self.modem("--module", "EC25", "--address", "10.1.2.3")
        daemon = Daemon(self, self.module.port, path=self.path("socket"))
        facts = json.loads(self.run_tool("-p", daemon.port, "--json", "info").out)
        self.assertEqual((facts["model"], facts["dialect"], facts["signal_dbm"]), ("EC25", "ec25", -65))
        facts = json.loads(self.run_tool("-p", daemon.port, "--json", "net").out)
        self.assertEqual((facts["up"], facts["address"]), (True, "10.1.2.3"))
        self.assertIn(b"127.0.0.1\n", self.run_tool("-p", daemon.port, "resolve", "localhost").out)
        self.assertEqual(self.run_tool("-p", daemon.port, "at", "AT+QCCID").out, b"+QCCID: 89860000000000000001\n")

    def test_a_client_that_does_not_wait_for_the_answer_still_gets_it(self):
        daemon = self.daemon()
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(daemon.path)
            line.sendall(b"AT+CGMM\r")
            line.shutdown(socket.SHUT_WR)
            line.settimeout(20)
            answer = b""
            while piece := line.recv(4096):
                answer += piece
        self.assertEqual(answer, b"AT+CGMM\r\r\nBG96\r\n\r\nOK\r\n")

    def test_commands_of_several_clients_wait_for_each_other_and_all_are_answered(self):
        daemon = self.daemon()
        lines = [Terminal(self, daemon.path) for _ in range(5)]
        for line in lines:
            line.say("AT+CSQ;+CGMM;I")
        for line in lines:
            self.assertIn("+CSQ: 24,99\r\nBG96\r\nQuectel\r\nBG96\r\n", line.until(rb"\nOK\r\n"))

    def test_while_the_module_is_silent_about_ones_question_the_others_go_on(self):
        server = self.server(echo)
        daemon = self.daemon(faults=["no-answer=AT+CBC"])
        one, other = self.terminal(daemon), self.terminal(daemon)
        self.assertEqual(other.open(0, server.port), 0)
        one.say("AT+CBC")
        began = time.monotonic()
        for _ in range(50):
            self.assertIn("+QISTATE: 0,", other.command("AT+QISTATE=1,0"))
        self.assertLess(time.monotonic() - began, 10)  # the question is given up after 15 s
        self.assertIn("ERROR", one.until(rb"ERROR\r\n"))
        self.assertIn("+CSQ: 24", one.command("AT+CSQ"))

    def test_the_mode_of_registration_is_each_clients_own(self):
        daemon = self.daemon()
        one, other = self.terminal(daemon), self.terminal(daemon)
        one.command("AT+CEREG=1")
        self.assertIn("+CEREG: 1,1\r", one.command("AT+CEREG?"))
        self.assertIn("+CEREG: 0,1\r", other.command("AT+CEREG?"))

    def test_the_form_of_the_operators_name_is_each_clients_own(self):
        daemon = self.daemon()
        one, other = self.terminal(daemon), self.terminal(daemon)
        one.command("AT+COPS=3,2")
        self.assertIn('+COPS: 0,2,"00101"', one.command("AT+COPS?"))
        self.assertIn('+COPS: 0,0,"Simulated"', other.command("AT+COPS?"))

    def test_a_ping_comes_back_to_the_client_that_asked(self):
        daemon = self.daemon()
        one, other = self.terminal(daemon), self.terminal(daemon)
        one.command('AT+QPING=3,"127.0.0.1",1,2')
        one.until(rb"\+QPING: 0,2,2,0")
        self.assertNotIn("QPING", other.command("AT"))

    def test_what_would_disturb_the_others_stays_the_clients_own(self):
        daemon = self.daemon()
        one, other = self.terminal(daemon), self.terminal(daemon)
        self.assertIn("ERROR", one.command('AT+QIDNSCFG=1,"192.0.2.1"'))
        for command in ("AT+CFUN=4", "AT+CFUN=1,1", "AT+QPOWD=1"):
            self.assertIn("OK", Terminal(self, daemon.path).command(command))
        self.assertIn("+QIACT: 1,1,1", other.command("AT+QIACT?"))
        self.assertIn("+CFUN: 1", other.command("AT+CFUN?"))
        daemon.end()
        self.assertEqual(self.assert_clean_use(self.module).get("resets", 0), 0)

    def test_datagrams_go_there_and_back(self):
        daemon = self.daemon()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            peer.settimeout(20)
            line = self.terminal(daemon)
            self.assertEqual(line.open(3, peer.getsockname()[1], "UDP"), 0)
            line.say("AT+QISEND=3,4")
            line.until(rb"> ")
            line.line.sendall(b"ping")
            line.until(rb"SEND OK")
            data, sender = peer.recvfrom(100)
            self.assertEqual(data, b"ping")
            peer.sendto(b"pong", sender)
            line.until(rb'"recv",3')
            self.assertIn("+QIRD: 4\r\npong\r\n", line.command("AT+QIRD=3,1500"))


class Limits(Test):
    def test_all_clients_together_have_twelve_sockets(self):
        server = self.server(echo)
        daemon = self.daemon()
        one, other = self.terminal(daemon), self.terminal(daemon)
        for connection in range(7):
            self.assertEqual(one.open(connection, server.port), 0)
        for connection in range(5):
            self.assertEqual(other.open(connection, server.port), 0)
        self.assertEqual(other.open(5, server.port), 554)
        self.assertEqual(one.open(7, server.port), 554)
        one.command("AT+QICLOSE=3,1")
        other.command("AT+QICLOSE=5,1")
        self.assertEqual(other.open(5, server.port), 0)

    def test_a_client_that_is_killed_leaves_no_socket_behind(self):
        ended = []
        server = self.server(lambda connection: ended.append(connection.recv(100)))
        daemon = self.daemon()
        watcher = self.terminal(daemon)
        client = self.start("-p", daemon.port, "--trace", "connect", "127.0.0.1", server.port)
        while b"+QIOPEN: 0,0" not in client.stderr.readline():
            pass
        self.assertEqual(watcher.open(0, server.port), 0)
        client.kill()
        rig.wait_until(lambda: ended == [b""], "the end of the dead client's connection")
        self.assertIn("+QISTATE: 0,", watcher.command("AT+QISTATE=1,0"))

    def test_a_client_that_does_not_read_does_not_hold_up_the_others(self):
        body = rig.bytes_of_any_value(3000000)
        web = self.server(rig.http(rig.page(body)))
        daemon = self.daemon()
        lazy = self.terminal(daemon)
        self.assertEqual(lazy.open(0, web.port), 0)
        lazy.say("AT+QISENDEX=0,\"" + b"GET / HTTP/1.0\r\n\r\n".hex() + "\"")
        lazy.until(rb"SEND OK")
        for _ in range(400):
            lazy.say("AT+QIRD=0,1500")
        result = self.run_tool("-p", daemon.port, "info")
        self.assertEqual(result.code, 0, result.err)
        self.assertLess(result.seconds, 5)

    def test_an_idle_daemon_uses_no_time(self):
        server = self.server(echo)
        daemon = self.daemon()
        line = self.terminal(daemon)
        self.assertEqual(line.open(0, server.port), 0)
        before = cpu_seconds(daemon.pid)
        time.sleep(4)
        self.assertLessEqual(cpu_seconds(daemon.pid) - before, 0.02)  # 0.5 %


class Trouble(Test):
    def test_a_module_that_restarts_closes_all_sockets_and_the_daemon_lives_on(self):
        server = self.server(echo)
        daemon = self.daemon(faults=["boot-delay=300", "reset@30000"])
        one, other = self.terminal(daemon), self.terminal(daemon)
        connect = self.start("-p", daemon.port, "--trace", "connect", "127.0.0.1", server.port)
        while b"+QIOPEN: 0,0" not in connect.stderr.readline():
            pass
        self.assertEqual(one.open(0, server.port), 0)
        self.assertEqual(other.open(4, server.port), 0)
        connect.stdin.write(bytes(40000))  # it comes back, and on its way the module restarts
        connect.stdin.flush()
        self.assertIn('"pdpdeact",1', one.until(rb'"closed",0'))
        self.assertIn('"pdpdeact",1', other.until(rb'"closed",4'))
        self.assertEqual(connect.wait(rig.LIMIT), 1)
        self.assertIn(b"the connection broke", connect.stderr.read())
        rig.wait_until(lambda: "OK" in one.command("AT+QIACT=1"), "the data call's return", 30)
        self.assertEqual(one.open(0, server.port), 0)

    def test_bytes_lost_on_the_real_line_are_no_end_of_the_stream(self):
        server = self.server(rig.http(b"HTTP/1.0 200 OK\r\n\r\n" + rig.bytes_of_any_value(300000)))
        daemon = self.daemon(faults=["drop-byte@60000"])
        result = self.run_tool("-p", daemon.port, "get", f"http://127.0.0.1:{server.port}/")
        self.assertNotEqual(result.code, 0)
        self.assertIn("reset", result.err)

    def test_registration_follows_the_real_module(self):
        daemon = self.daemon(faults=["registration-after=1500"])
        line = Terminal(self, daemon.path)
        line.command("AT+CEREG=1")
        line.until(rb"\+CEREG: 1\r")
        rig.wait_until(lambda: "OK" in line.command("AT+QIACT=1"), "the data call")

    def test_a_missing_sim_is_told_by_the_daemon_and_by_its_clients(self):
        daemon = self.daemon(faults=["no-sim"])
        daemon.wait_for("network: no SIM card; insert one")
        result = self.run_tool("-p", daemon.port, "--timeout", "20", "net")
        self.assert_fails(result, 1, "no SIM card")

    def test_the_daemon_gives_the_pin(self):
        self.daemon("--pin", "1234", faults=["sim-pin"]).wait_for("the data call is up")

    def test_a_port_that_goes_away_ends_the_daemon(self):
        daemon = self.daemon()
        daemon.wait_for("the data call is up")
        self.module.process.kill()
        self.assertEqual(daemon.process.wait(rig.LIMIT), 3)
        self.assertIn(b"the line to the modem is gone", daemon.process.stderr.read())
        self.assertFalse(os.path.exists(daemon.path))


class Door(Test):
    def test_only_its_owner_may_open_the_socket(self):
        daemon = self.daemon()
        self.assertEqual(os.stat(daemon.path).st_mode & 0o777, 0o600)

    def test_without_a_path_it_is_named_after_the_port(self):
        module = self.modem()
        daemon = Daemon(self, module.port, env={"XDG_RUNTIME_DIR": self.directory})
        self.assertEqual(daemon.path, self.path("usocket/modem.sock"))
        self.assertEqual(os.stat(self.path("usocket")).st_mode & 0o777, 0o700)

    def test_a_second_process_on_the_port_is_told_who_holds_it_and_what_to_do(self):
        daemon = self.daemon()
        words = f"held by usocket daemon (pid {daemon.pid}): use --port {daemon.port}"
        self.assert_fails(self.run_tool("-p", self.module.port, "info"), 3, words)
        self.assert_fails(self.run_tool("-p", self.module.port, "daemon", "--socket", self.path("b")), 3, words)

    def test_a_second_daemon_on_the_socket_is_refused(self):
        daemon = self.daemon()
        result = self.run_tool("-p", "sim", "daemon", "--socket", daemon.path)
        self.assert_fails(result, 1, "is served already", str(daemon.pid), daemon.port)
        self.assertEqual(self.run_tool("-p", daemon.port, "info").code, 0)

    def test_what_a_dead_daemon_left_is_replaced_and_nothing_else(self):
        daemon = self.daemon()
        daemon.process.kill()
        daemon.process.wait()
        self.assertTrue(os.path.exists(daemon.path))
        self.assertEqual(Daemon(self, "sim", path=daemon.path).end(), 0)
        with open(self.path("letter"), "w", encoding="ascii") as file:
            file.write("precious")
        self.assert_fails(self.run_tool("-p", "sim", "daemon", "--socket", self.path("letter")), 1, "no socket")

    def test_sigterm_leaves_the_module_clean(self):
        ended = []
        server = self.server(lambda connection: ended.append(connection.recv(100)))
        daemon = self.daemon()
        line = self.terminal(daemon)
        self.assertEqual(line.open(0, server.port), 0)
        self.assertEqual(daemon.end(), 0)
        self.assertFalse(os.path.exists(daemon.path))
        self.assertEqual(self.run_tool("-p", self.module.port, "state").out, b"no sockets\n")
        self.assertEqual(ended, [b""])


if __name__ == "__main__":
    rig.main()
