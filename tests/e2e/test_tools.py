"""The commands that look at things: ping, time, signal, ports."""

import calendar
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import time
import unittest

import rig
import terminal


class Ping(rig.Test):
    def test_replies_are_printed_as_ping_does(self):
        modem = self.modem()
        result = self.run_tool("-p", modem.port, "ping", "-c", 2, "127.0.0.1")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out.decode().splitlines(), [
            "PING 127.0.0.1 (127.0.0.1)",
            "32 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=40 ms",
            "32 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=40 ms",
            "",
            "--- 127.0.0.1 ping statistics ---",
            "2 packets transmitted, 2 received, 0% packet loss",
            "rtt min/avg/max = 40/40/40 ms",
        ])
        self.assert_clean_use(modem)

    def test_more_than_ten_are_several_commands(self):
        result = self.run_tool("-p", "sim", "--trace", "ping", "-c", 12, "localhost")
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(re.findall(r"> AT\+QPING=(.*)", result.err), ['1,"127.0.0.1",4,10', '1,"127.0.0.1",4,2'])
        self.assertIn(b"icmp_seq=12 ", result.out)
        self.assertIn(b"12 packets transmitted, 12 received", result.out)

    def test_a_lost_one_is_told_and_counted(self):
        modem = self.modem("--fault", "lost-ping=1")
        result = self.run_tool("-p", modem.port, "ping", "-c", 2, "-w", 1, "127.0.0.1")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertIn(b"no answer to icmp_seq=1 within 1 s\n", result.out)
        self.assertIn(b"2 packets transmitted, 1 received, 50% packet loss\n", result.out)

    def test_when_none_comes_back_it_fails(self):
        modem = self.modem("--fault", "lost-ping")
        result = self.run_tool("-p", modem.port, "--json", "ping", "-c", 2, "-w", 1, "127.0.0.1")
        self.assertEqual((result.code, result.err), (1, ""))
        facts = json.loads(result.out)
        self.assertEqual((facts["sent"], facts["received"], facts["loss_percent"]), (2, 0, 100))
        self.assertEqual((facts["min_ms"], facts["average_ms"], facts["max_ms"]), (None, None, None))
        self.assertEqual(facts["replies"], [{"seq": 1, "ms": None}, {"seq": 2, "ms": None}])

    def test_the_replies_as_json(self):
        facts = json.loads(self.run_tool("-p", "sim", "--json", "ping", "-c", 2, "localhost").out)
        self.assertEqual((facts["host"], facts["address"]), ("localhost", "127.0.0.1"))
        self.assertEqual((facts["sent"], facts["received"], facts["average_ms"]), (2, 2, 40))
        self.assertEqual(facts["replies"][1], {"seq": 2, "bytes": 32, "ttl": 64, "ms": 40})

    def test_the_modules_errors_are_told_in_words(self):
        modem = self.modem("--fault", "urc-before-response=+QPING: 559")
        result = self.run_tool("-p", modem.port, "ping", "127.0.0.1")
        self.assert_fails(result, 1, "cannot ping 127.0.0.1: ", "error 559")
        modem.end()
        modem = self.modem("--fault", "error-for=AT+QPING", "--fault", "error-code=570")
        result = self.run_tool("-p", modem.port, "ping", "127.0.0.1")
        self.assert_fails(result, 1, "cannot ping 127.0.0.1: ", "error 570")

    def test_ctrl_c_prints_the_statistics(self):
        modem = self.modem("--fault", "lost-ping=1000")
        process = self.start("-p", modem.port, "ping", "-c", 100, "-w", 1, "127.0.0.1")
        self.assertEqual(process.stdout.readline(), b"PING 127.0.0.1 (127.0.0.1)\n")
        self.assertEqual(process.stdout.readline(), b"no answer to icmp_seq=1 within 1 s\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=rig.LIMIT)
        self.assertEqual((process.returncode, err), (130, b""))
        self.assertRegex(out.decode(), r"\d packets transmitted, 0 received, 100% packet loss")

    def test_a_modem_that_is_unplugged_is_noticed_at_once(self):
        for command in (["ping", "-w", "30", "127.0.0.1"], ["time", "--server", "127.0.0.1"]):
            modem = self.modem("--fault", "lost-ping", "--fault", "drop-urc=QNTP")
            process = self.start("-p", modem.port, "--trace", *command)
            while b"> AT+QPING=" not in (line := process.stderr.readline()) and b"> AT+QNTP=" not in line:
                self.assertTrue(line)
            process.stderr.readline()
            modem.process.kill()
            self.assertEqual(process.wait(10), 3)
            self.assertIn(b"is gone (unplugged?)", process.stderr.read())
            os.unlink(modem.port)

    def test_nothing_breaks_out_of_the_command(self):
        for host in ('a","b', "a\rAT+CFUN=0", "a b", ""):
            self.assert_fails(self.run_tool("-p", "sim", "ping", host), 2, "is not a host name")
            self.assert_fails(self.run_tool("-p", "sim", "time", "--server", host), 2, "is not a host name")

    def test_wrong_numbers_are_mistakes(self):
        for option, value in (("-c", "0"), ("-c", "many"), ("-w", "256"), ("-w", "-1")):
            result = self.run_tool("-p", "sim", "ping", f"{option}{value}", "127.0.0.1")
            self.assert_fails(result, 2, "wants a number", f"'{value}'")


class Time(rig.Test):
    def test_the_time_is_utc_whatever_the_zone(self):
        for zone in ("UTC", "Asia/Tokyo"):
            before = int(time.time())
            result = self.run_tool("-p", "sim", "time", "--server", "localhost", env={"TZ": zone})
            self.assertEqual((result.code, result.err), (0, ""))
            lines = dict(line.split(None, 1) for line in result.out.decode().splitlines())
            told = calendar.timegm(time.strptime(lines["UTC"], "%Y-%m-%dT%H:%M:%SZ"))
            self.assertLessEqual(before - 1, told)
            self.assertLessEqual(told, time.time() + 1)
            self.assertIn("right within a second", lines["difference"])
            self.assertEqual(lines["server"], "localhost (127.0.0.1)")

    def test_the_time_as_json(self):
        facts = json.loads(self.run_tool("-p", "sim", "--json", "time", "--server", "localhost").out)
        self.assertEqual(calendar.timegm(time.strptime(facts["utc"], "%Y-%m-%dT%H:%M:%SZ")), facts["unix"])
        self.assertLess(abs(facts["machine_ahead_s"]), 3)

    def test_the_modules_clock_is_not_set(self):
        result = self.run_tool("-p", "sim", "--trace", "time", "--server", "127.0.0.1")
        self.assertIn('> AT+QNTP=1,"127.0.0.1",123,0', result.err)

    def test_a_failure_is_told_in_words(self):
        modem = self.modem("--fault", "error-for=AT+QNTP", "--fault", "error-code=569")
        result = self.run_tool("-p", modem.port, "time", "--server", "127.0.0.1")
        self.assert_fails(result, 1, "cannot get the time from 127.0.0.1: ", "error 569")
        modem.end()
        modem = self.modem("--fault", "drop-urc=QNTP")
        result = self.run_tool("-p", modem.port, "--timeout", 2, "time", "--server", "127.0.0.1")
        self.assert_fails(result, 1, "cannot get the time from 127.0.0.1: ", "timed out")


class Signal(rig.Test):
    def test_one_line_where_there_is_no_terminal(self):
        result = self.run_tool("-p", "sim", "signal")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out.decode(), "-65 dBm  fair  CAT-M1  RSRP -95 dBm  RSRQ -10 dB  SINR 10.0 dB\n")

    def test_the_signal_as_json(self):
        facts = json.loads(self.run_tool("-p", "sim:EC25", "--json", "signal").out)
        self.assertEqual((facts["signal_dbm"], facts["technology"], facts["quality"]), (-65, "LTE", "fair"))
        self.assertEqual((facts["rsrp_dbm"], facts["rsrq_db"], facts["sinr_db"]), (-95, -10, 10.0))
        self.assertEqual((facts["rscp_dbm"], facts["percent"]), (None, 50))

    def test_without_a_network_there_is_none(self):
        modem = self.modem("--fault", "no-registration")
        self.assertEqual(self.run_tool("-p", modem.port, "signal").out, b"no signal  none  NOSERVICE\n")

    def test_a_module_without_qcsq_tells_the_power(self):
        modem = self.modem("--fault", "error-for=AT+QCSQ")
        self.assertEqual(self.run_tool("-p", modem.port, "signal").out, b"-65 dBm  excellent\n")

    def test_on_a_terminal_a_bar_goes_on_until_q(self):
        tty = terminal.Terminal("-p", "sim", "signal")
        self.addCleanup(tty.close)
        for _ in range(2):
            tty.expect("[##########..........]  -65 dBm  fair")
        self.assertFalse(termios.tcgetattr(tty.fd)[3] & termios.ECHO)
        tty.type("xq")
        self.assertEqual(tty.end(), 0)

    def test_ctrl_c_gives_the_terminal_back_as_it_was(self):
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        self.addCleanup(os.close, follower)
        before = termios.tcgetattr(follower)
        command = f'exec setsid --ctty --wait "{rig.USOCKET}" -p sim signal'
        with subprocess.Popen(["sh", "-c", command], stdin=follower, stdout=follower, stderr=follower) as process:
            text = b""
            while b"dBm" not in text:
                text += os.read(leader, 1000)
            self.assertNotEqual(termios.tcgetattr(follower), before)
            os.write(leader, b"\x03")
            self.assertEqual(process.wait(rig.LIMIT), 130)
        self.assertEqual(termios.tcgetattr(follower), before)


def in_a_system_of_its_own(script):
    """Runs a shell script where mounting hurts nobody; None where that is not allowed."""
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-ec", script]
    if not shutil.which("unshare"):
        return None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("USOCKET_")}
    result = subprocess.run(command, capture_output=True, text=True, timeout=rig.LIMIT, env=environment, check=False)
    return None if "ermission denied" in result.stderr or "not permitted" in result.stderr else result


class Ports(rig.Test):
    def in_a_system_with(self, dev, *arguments):
        """Runs `usocket ports` where /sys/class/tty is our own `class`, and /dev what `dev` makes of it."""
        result = in_a_system_of_its_own(f'mount --bind "{self.directory}/class" /sys/class/tty\n{dev}'
                                        f'exec "{rig.USOCKET}" {" ".join(arguments)} ports')
        if result is None:
            self.skipTest("mounts of its own are not allowed here")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def add_usb(self, name, vendor, product, interface):
        """A port of the driver usb-serial, as Linux shows it in /sys."""
        device = self.path(f"devices/usb1/1-1-{product}")
        port = f"{device}/1-1:1.{interface}/{name}"
        os.makedirs(f"{port}/tty/{name}")
        os.symlink(port, f"{port}/tty/{name}/device")
        for file, text in (("idVendor", vendor), ("idProduct", product), ("busnum", "1"), ("devnum", "2"),
                           (f"1-1:1.{interface}/bInterfaceNumber", f"{interface:02x}")):
            with open(f"{device}/{file}", "w", encoding="ascii") as out:
                out.write(text + "\n")
        os.symlink(f"{port}/tty/{name}", self.path(f"class/{name}"))

    def test_no_port_at_all_says_how_to_go_on(self):
        os.mkdir(self.path("class"))
        self.assertIn("no serial ports: is the modem plugged in", self.in_a_system_with(""))
        self.assertEqual(self.in_a_system_with("", "--json"), "[]\n")

    def test_a_modules_ports_with_their_roles_and_who_holds_them(self):
        os.mkdir(self.path("class"))
        os.mkdir(self.path("pts"))
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        self.addCleanup(os.close, follower)
        dev = (f'mount --bind /dev/pts "{self.directory}/pts"; mount -t tmpfs none /dev; mkdir /dev/pts\n'
               f'mount --bind "{self.directory}/pts" /dev/pts; ln -s {os.ttyname(follower)} /dev/ttyUSB2\n'
               'mknod /dev/ttyUSB10 p; mknod /dev/ttyUSB3 p\n')
        self.add_usb("ttyUSB10", "0403", "6001", 0)
        self.add_usb("ttyUSB2", "2c7c", "0296", 2)
        self.add_usb("ttyUSB3", "2c7c", "0125", 3)
        text = self.in_a_system_with(dev)
        with open("/proc/self/comm", encoding="ascii") as file:
            name = file.read().strip()
        self.assertRegex(text, rf"(?m)^/dev/ttyUSB2 +2c7c:0296 +Quectel BG96 +2 AT +busy: {name} \(pid {os.getpid()}\)$")
        self.assertRegex(text, r"(?m)^/dev/ttyUSB3 +2c7c:0125 +Quectel EC25, EG25 +3 modem +free$")
        rows = json.loads(self.in_a_system_with(dev, "--json"))
        self.assertEqual([row["port"] for row in rows], ["/dev/ttyUSB2", "/dev/ttyUSB3", "/dev/ttyUSB10"])
        self.assertEqual((rows[0]["usb"], rows[0]["module"], rows[0]["interface"], rows[0]["role"]),
                         ("2c7c:0296", "BG96", 2, "AT"))
        self.assertEqual((rows[0]["state"], rows[0]["holder"]), ("busy", {"pid": os.getpid(), "name": name}))
        self.assertEqual((rows[2]["module"], rows[2]["role"], rows[2]["state"]), (None, None, "free"))

    def test_a_port_that_modemmanager_holds_says_how_to_get_it(self):
        modem = self.modem()
        shutil.copy(shutil.which("sleep"), self.path("ModemManager"))
        command = f'exec 3<>"{modem.port}"; flock 3; echo held; exec "{self.path("ModemManager")}" {rig.LIMIT}'
        with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE) as holder:
            self.addCleanup(holder.kill)
            self.assertEqual(holder.stdout.readline(), b"held\n")

            def has_its_name():
                with open(f"/proc/{holder.pid}/comm", encoding="ascii") as file:
                    return file.read() == "ModemManager\n"
            rig.wait_until(has_its_name, "the holder's start")
            result = self.run_tool("-p", modem.port, "info")
            self.assert_fails(result, 3, f"held by ModemManager (pid {holder.pid})", "systemctl stop ModemManager")
            holder.kill()
        self.assertEqual(self.run_tool("-p", modem.port, "info").code, 0)

    def test_it_needs_no_modem_and_no_option(self):
        result = self.run_tool("--json", "ports")
        self.assertEqual((result.code, result.err), (0, ""))
        for row in json.loads(result.out):
            self.assertTrue(row["port"].startswith("/dev/"))

    @unittest.skipIf(os.geteuid() == 0, "root sees who holds a port")
    def test_who_is_not_root_is_told_that_a_port_may_be_held(self):
        result = self.run_tool("ports")
        self.assertTrue(b"no serial ports" in result.out or "only root sees" in result.err)


if __name__ == "__main__":
    rig.main()
