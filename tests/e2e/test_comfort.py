"""What makes the tool pleasant: configuration file, PIN, messages that say what to do, manual pages, completion."""

import os
import re
import shutil
import subprocess
import unittest

import rig

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "usocket")


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"skipped: no {program}")


class Configuration(rig.Test):
    def configure(self, text):
        with open(self.path("config"), "w", encoding="utf-8") as file:
            file.write(text)
        return {"USOCKET_CONFIG": self.path("config")}

    def port_used(self, *arguments, env):
        """The last word of the complaint about a port that is not there."""
        return re.search(r"cannot open (\S+):", self.run_tool(*arguments, "net", env=env).err).group(1)

    def test_the_file_gives_the_port_and_comments_are_nothing(self):
        env = self.configure("# modem on the roof\n\n  port =  sim  # simulated\nflow=none\r\n")
        self.assertEqual(self.run_tool("resolve", "192.0.2.1", env=env).out, b"192.0.2.1\n")

    def test_an_option_counts_more_than_the_environment_and_that_more_than_the_file(self):
        env = self.configure("port = /none/file\n")
        self.assertEqual(self.port_used(env=env), "/none/file")
        env["USOCKET_PORT"] = "/none/environment"
        self.assertEqual(self.port_used(env=env), "/none/environment")
        self.assertEqual(self.port_used("-p", "/none/option", env=env), "/none/option")

    def test_every_key_does_what_its_option_does(self):
        for line, words in (("dialect = klingon", "no dialect 'klingon'"), ("baud = fast", "'fast'"),
                            ("flow = xonxoff", "'xonxoff'"), ("timeout = soon", "'soon'"), ("apn = a,b", "--apn")):
            env = self.configure(f"port = sim\n{line}\n")
            self.assert_fails(self.run_tool("net", env=env), 2, f"{env['USOCKET_CONFIG']}:2: ", words)
            option, value = line.split(" = ")
            self.assert_fails(self.run_tool("-p", "sim", f"--{option}", value, "net"), 2, words)

    def test_an_access_point_password_may_have_a_hash_in_it(self):
        env = self.configure("port = sim\napn = a,me,se#cret\n")
        result = self.run_tool("--trace", "net", env=env)
        self.assertIn('"a","me","se#cret"', result.err)

    def test_a_mistake_is_told_with_file_and_line(self):
        for text, words in (("port = sim\nprot = x\n", ":2: 'prot' is not a key"), ("\n\nport\n", ":3: 'port' is not"),
                            ("pin = 1234\n", "'pin' is not a key")):
            env = self.configure(text)
            self.assert_fails(self.run_tool("-p", "sim", "net", env=env), 2, self.path("config"), words)
            self.assertEqual(self.run_tool("net", "--help", env=env).code, 0)

    def test_the_usual_place_is_in_the_users_configuration(self):
        os.makedirs(self.path("xdg/usocket"))
        os.makedirs(self.path("home/.config/usocket"))
        for place, folder in (("xdg", "xdg"), ("home", "home/.config")):
            with open(self.path(folder + "/usocket/config"), "w", encoding="ascii") as file:
                file.write(f"port = /none/{place}\n")
        env = {"USOCKET_CONFIG": "", "XDG_CONFIG_HOME": self.path("xdg"), "HOME": self.path("home")}
        self.assertEqual(self.port_used(env=env), "/none/xdg")
        env["XDG_CONFIG_HOME"] = ""
        self.assertEqual(self.port_used(env=env), "/none/home")
        env["HOME"] = self.path("nobody")
        self.assert_fails(self.run_tool("net", env=env), 2, "no port given")

    def test_a_file_that_was_named_must_be_there(self):
        for path in ("none", "."):
            env = {"USOCKET_CONFIG": self.path(path)}
            self.assert_fails(self.run_tool("-p", "sim", "net", env=env), 2, "configuration", self.path(path))


class Pin(rig.Test):
    def test_the_pin_is_sent_when_it_is_asked_for_and_shown_nowhere(self):
        for name, arguments, env in (("option", ["--pin", "1234"], {}), ("environment", [], {"USOCKET_PIN": "1234"})):
            modem = self.modem("--fault", "sim-pin", "--log", self.path("log"))
            result = self.run_tool("-p", modem.port, "--trace", "--record", self.path(name), *arguments, "net", env=env)
            self.assertEqual(result.code, 0, result.err)
            modem.end()
            self.assertEqual(self.read("log").count('AT+CPIN="1234"'), 1)
            for text in (result.err, result.out.decode(), self.read(name)):
                self.assertNotIn("1234", text)
            self.assertIn('AT+CPIN="****"', self.read(name))
            self.assertIn('> AT+CPIN="****"', result.err)

    def read(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def test_a_wrong_pin_is_tried_once(self):
        modem = self.modem("--fault", "sim-pin", "--log", self.path("log"))
        result = self.run_tool("-p", modem.port, "--pin", "99999999", "--timeout", "5", "get", "http://127.0.0.1/")
        self.assert_fails(result, 1, "refuses the PIN", "once")
        self.assertNotIn("9999", result.err)
        modem.end()
        self.assertEqual(self.read("log").count("AT+CPIN="), 1)

    def test_a_pin_that_is_not_answered_is_not_sent_again(self):
        modem = self.modem("--fault", "sim-pin", "--fault", "no-answer=AT+CPIN=", "--log", self.path("log"))
        self.assertNotEqual(self.run_tool("-p", modem.port, "--pin", "1234", "--timeout", "2", "net").code, 0)
        modem.end()
        self.assertEqual(self.read("log").count("AT+CPIN="), 1)

    def test_a_pin_that_nobody_asks_for_is_not_sent(self):
        modem = self.modem("--log", self.path("log"))
        self.assertEqual(self.run_tool("-p", modem.port, "--pin", "1234", "net").code, 0)
        modem.end()
        self.assertNotIn("AT+CPIN=", self.read("log"))

    def test_what_is_no_pin_is_refused_without_repeating_it(self):
        for pin in ("123", "123456789", "12a4", '12"4', ""):
            result = self.run_tool("-p", "sim", "--pin", pin, "net")
            self.assert_fails(result, 2, "4 to 8 digits")
            self.assertNotIn(pin or "''", result.err)

    def test_the_list_of_processes_does_not_have_it(self):
        modem = self.modem("--fault", "silent")
        process = self.start("-p", modem.port, "--trace", "--pin", "4711", "net")
        process.stderr.readline()
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            self.assertNotIn(b"4711", file.read())
        process.terminate()
        process.wait(rig.LIMIT)


class Advice(rig.Test):
    """Each thing that stands between a new user and the network says what to do about it."""

    def test_what_is_missing_is_told_with_what_to_do(self):
        for fault, words in (("no-sim", ("no SIM card", "insert")), ("sim-pin", ("wants its PIN", "--pin")),
                             ("registration=3", ("refuses to register", "operator")),
                             ("no-registration", ("searching", "antenna")),
                             ("error-for=AT+QIACT=", ("data call is not up", "--apn NAME", "USOCKET_APN")),
                             ("silent", ("does not answer", "--port", "--baud"))):
            with self.subTest(fault):
                modem = self.modem("--fault", fault)
                result = self.run_tool("-p", modem.port, "--timeout", "2", "resolve", "localhost")
                self.assert_fails(result, 3 if fault == "silent" else 1, *words)
                modem.end()

    def test_a_port_without_permission_says_which_group_to_join(self):
        os.mkfifo(self.path("port"), 0)
        command = [rig.USOCKET]
        if os.geteuid() == 0:  # who may open everything
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
            if subprocess.run([*command, "--version"], capture_output=True, check=False).returncode != 0:
                self.skipTest("another user can't run the tool")
        result = subprocess.run([*command, "-p", self.path("port"), "net"], capture_output=True, text=True, check=False,
                                env={**os.environ, "USOCKET_CONFIG": "/dev/null"}, timeout=rig.LIMIT)
        self.assertEqual(result.returncode, 3)
        self.assertIn("permission denied (join the group of the port: sudo usermod -aG dialout", result.stderr)

    def test_a_port_that_is_not_there_says_how_to_find_one(self):
        self.assert_fails(self.run_tool("-p", "/dev/ttyUSB99", "net"), 3, "no such port", "usocket ports")
        self.assert_fails(self.run_tool("net"), 2, "no port given", "usocket ports", "USOCKET_PORT")

    def test_an_access_point_that_was_given_is_doubted(self):
        modem = self.modem("--fault", "error-for=AT+QIACT=")
        result = self.run_tool("-p", modem.port, "--apn", "wrong", "--timeout", "2", "net")
        self.assert_fails(result, 1, "data call is not up", "is the access point of --apn the one")


class Help(rig.Test):
    def test_every_page_of_the_help_fits_a_screen_and_has_an_example(self):
        commands = re.findall(r"^  (\w+) ", self.run_tool("--help").out.decode(), re.M)
        self.assertIn("shell", commands)
        for arguments in (["help", "options"], *([command, "--help"] for command in commands)):
            lines = self.run_tool(*arguments).out.decode("ascii").splitlines()
            self.assertLessEqual(len(lines), 24, arguments)
            self.assertLessEqual(max(map(len, lines)), 80, arguments)
            self.assertTrue([line for line in lines if line in ("Example:", "Examples:")], arguments)


class Pages(rig.Test):
    def pages(self):
        subprocess.run(["python3", os.path.join(TOOL, "man", "make.py"), rig.USOCKET, rig.MODEMSIM, self.directory],
                       check=True, timeout=rig.LIMIT)
        return sorted(os.path.join(self.directory, name) for name in os.listdir(self.directory))

    def commands(self):
        return re.findall(r"^  (\w+) ", self.run_tool("--help").out.decode(), re.M)

    def test_there_is_a_page_for_each_command(self):
        names = [os.path.basename(page) for page in self.pages()]
        self.assertEqual(names, sorted(["usocket.1", "modemsim.1", *(f"usocket-{c}.1" for c in self.commands())]))

    def test_a_page_has_all_that_the_help_has(self):
        self.pages()
        with open(self.path("usocket-get.1"), encoding="ascii") as file:
            page = file.read()
        for text in (".Nm usocket-get", "Fl o , Fl \\-output Ar FILE", "fetch a page by HTTP", "page.html"):
            self.assertIn(text, page)
        with open(self.path("usocket.1"), encoding="ascii") as file:
            page = file.read()
        options = re.findall(r"(?m)^  .*--([a-z]+)", self.run_tool("help", "options").out.decode())
        for option in options:
            self.assertIn(f"Fl \\-{option}", page)
        self.assertNotIn("@", page)

    @needs("mandoc")
    def test_mandoc_has_nothing_to_complain_about(self):
        for page in self.pages():
            found = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True,
                                   timeout=rig.LIMIT, check=False)
            self.assertEqual(found.stdout, "")

    @needs("groff")
    def test_groff_has_nothing_to_complain_about(self):
        for page in self.pages():
            found = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True,
                                   timeout=rig.LIMIT, check=False)
            self.assertEqual(found.stderr, "")


class Completion(rig.Test):
    def environment(self):
        """A folder in which the tool has its name, first in the path."""
        if not os.path.exists(self.path("usocket")):
            os.symlink(rig.USOCKET, self.path("usocket"))
        return {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"}

    def run_shell(self, *command):
        result = subprocess.run(command, env=self.environment(), cwd=self.directory, capture_output=True, text=True,
                                timeout=rig.LIMIT, check=False)
        self.assertEqual(result.stderr, "")
        return result.stdout.split("\n")

    def script(self, name):
        return os.path.join(TOOL, "completions", name)

    def bash(self, *words):
        """What bash proposes for the last of these words."""
        line = " ".join(f"'{word}'" for word in words)
        return self.run_shell("bash", "-c", f"""
            source {self.script("usocket.bash")}
            COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}
            _usocket usocket '{words[-1]}' '{words[-2]}'
            printf '%s\\n' "${{COMPREPLY[@]}}" """)[:-1]

    @needs("bash")
    def test_bash_proposes_commands_options_and_values(self):
        self.assertEqual(self.bash("usocket", "re"), ["resolve", "record", "replay"])
        self.assertEqual(self.bash("usocket", "--json", "st"), ["state"])
        self.assertEqual(self.bash("usocket", "get", "--out"), ["--output"])
        self.assertEqual(self.bash("usocket", "net", "--out"), [""])
        self.assertEqual(self.bash("usocket", "get", "--ti"), ["--timeout"])
        self.assertEqual(self.bash("usocket", "--flow", ""), ["none", "rtscts"])
        self.assertEqual(self.bash("usocket", "-p", "sim:E"), ["sim:EC25"])
        self.assertIn("options", self.bash("usocket", "help", "o"))

    @needs("fish")
    def test_fish_proposes_commands_options_and_values(self):
        def fish(line):
            command = f"source {self.script('usocket.fish')}; complete -C '{line}'"
            text = self.run_shell("fish", "--no-config", "-c", command)
            return dict((word.split("\t") + [""])[:2] for word in text if word)

        self.assertEqual(fish("usocket mon"), {"monitor": "a full-screen view: network, signal, sockets, counters"})
        self.assertEqual(fish("usocket get --out"), {"--output": "write the body to FILE"})
        self.assertNotIn("--output", fish("usocket net --out"))
        self.assertEqual(list(fish("usocket --flow ")), ["none", "rtscts"])

    @needs("zsh")
    def test_zsh_reads_its_script_and_finds_the_options(self):
        self.run_shell("zsh", "-f", "-n", self.script("_usocket"))
        with open(self.script("_usocket"), encoding="ascii") as file:
            functions = file.read().replace('\n_usocket "$@"\n', "\n")
        found = self.run_shell("zsh", "-f", "-c", functions + "\nwords=(usocket); _usocket_options get")
        self.assertIn("--output[write the body to FILE]:FILE:_files", found)
        found = self.run_shell("zsh", "-f", "-c", functions + "\nwords=(usocket); _usocket_options options")
        self.assertIn("--json[print facts as JSON]", found)
        self.assertIn("--flow[flow control of the line  none or rtscts (none)]:MODE:(none rtscts)", found)


class Udev(rig.Test):
    def test_each_line_of_the_example_is_a_rule(self):
        with open(os.path.join(TOOL, "..", "udev", "60-usocket.rules"), encoding="ascii") as file:
            rules = [line for line in file.read().splitlines() if line and not line.startswith("#")]
        self.assertTrue(rules)
        for rule in rules:
            for part in rule.split(", "):
                self.assertRegex(part, r'^[A-Z]+(\{\w+\})?(==|!=|=|\+=)"[^"]*"$')


if __name__ == "__main__":
    rig.main()
