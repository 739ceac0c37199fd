"""ssh and sftp, by ProxyCommand and through the proxy: files both ways, a slow line, a module that restarts."""

import os
import pwd
import shlex
import shutil

from programs import LIMIT, NAMED, SLOW, Programs, main, needs, reset_behind, rig, seconds_for

FILE = rig.bytes_of_any_value(1000000)
LOST = 255  # the exit code of ssh and sftp without a connection
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
AuthenticationMethods publickey
PermitRootLogin yes
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
"""


@needs("nc.openbsd", "ssh", "sftp", "ssh-keygen", "sshd")
class Ssh(Programs):
    def setUp(self):
        super().setUp()
        for name in ("host_key", "user_key"):
            self.succeed("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name)
        self.port = rig.free_port()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.file("sshd_config", CONFIG.format(port=self.port, folder=self.directory).encode())
        self.file("known_hosts", b"server.example " + self.content("host_key.pub"))
        self.file("file", FILE)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # without it sshd does not start as root
        sshd = self.background(shutil.which("sshd"), "-D", "-e", "-f", self.path("sshd_config"))
        sshd.wait_for_port(self.port)

    def by_command(self, port):
        """A modem's port, as the way to the server: one connection has it for itself."""
        return shlex.join([rig.USOCKET, "-p", port, "connect"]) + " %h %p"

    def by_proxy(self):
        """The running proxy as the way to the server."""
        return f"nc.openbsd -X 5 -x 127.0.0.1:{self.at[1]} %h %p"

    def client(self, program, way, *more):
        options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=server.example",
                   f"UserKnownHostsFile={self.path('known_hosts')}", f"ProxyCommand={way}", f"Port={self.port}",
                   f"User={self.user}"]
        return [program, "-F", "none", "-i", self.path("user_key"), *(f"-o{option}" for option in options), *more,
                "server.example"]

    def ssh(self, way, command, stdin=b""):
        return self.program(*self.client("ssh", way), command, stdin=stdin)

    def sftp(self, way):
        """Puts the file there and gets it back. Returns how it ended."""
        batch = f"cd {self.directory}\nput file there\nget there here\n"
        return self.program(*self.client("sftp", way, "-b", "-"), stdin=batch.encode())

    def assert_copied(self, result, expected=FILE):
        self.assertEqual(result.code, 0, result.err)
        for name in ("there", "here"):
            self.assert_same(self.content(name), expected)

    def test_a_command_reads_and_writes_and_its_exit_code_comes_back(self):
        modem = self.modem(*NAMED)
        result = self.ssh(self.by_command(modem.port), "tr a-z A-Z; exit 42", b"by ssh\n" * 1000)
        self.assertEqual((result.code, result.out, result.err), (42, b"BY SSH\n" * 1000, ""))
        self.assert_all_is_closed(modem)

    def test_sftp_puts_and_gets_1_mb(self):
        modem = self.modem(*NAMED)
        self.assert_copied(self.sftp(self.by_command(modem.port)))
        self.assert_all_is_closed(modem)

    def test_sftp_puts_and_gets_a_file_on_a_slow_line(self):
        modem = self.modem(*NAMED, *SLOW)
        self.file("file", FILE[:200000])
        result = self.sftp(self.by_command(modem.port))
        self.assert_copied(result, FILE[:200000])
        self.assertGreater(result.seconds, seconds_for(2 * 200000))
        self.assert_all_is_closed(modem)

    def test_a_restart_ends_the_session_with_the_reason_and_the_next_one_works(self):
        modem = self.modem(*NAMED, *reset_behind(500000))
        result = self.sftp(self.by_command(modem.port))
        self.assertEqual(result.code, LOST)
        # The second is what a restart inside of an answer looks like: what it says first is taken for payload.
        self.assertRegex(result.err, "usocket: .*(the module has started anew|bytes were lost)")
        self.assert_copied(self.sftp(self.by_command(modem.port)))
        self.assert_all_is_closed(modem, resets=1)

    def test_a_restart_ends_the_session_through_the_proxy_and_the_next_one_works(self):
        modem = self.modem(*NAMED, *reset_behind(500000))
        proxy = self.proxy(modem)
        self.assertEqual(self.sftp(self.by_proxy()).code, LOST)
        self.assert_copied(self.sftp(self.by_proxy()))
        self.assert_all_is_closed(modem, proxy, resets=1)

    def test_two_at_once_share_a_modem_by_the_daemon(self):
        modem = self.modem(*NAMED)
        daemon = self.start("-p", modem.port, "daemon", "--socket", self.path("door"))
        self.assertTrue(daemon.stderr.readline().startswith(b"serving "))
        way = self.by_command("unix:" + self.path("door"))
        put = [self.background(*self.client("ssh", way), f"cat >{self.path(name)}", stdin=open(self.path("file"), "rb"))
               for name in ("first", "second")]
        for ssh in put:
            self.assertEqual(ssh.ends(LIMIT), 0, ssh.said())
        for name in ("first", "second"):
            self.assert_same(self.content(name), FILE)
        daemon.terminate()
        self.assertEqual(daemon.wait(LIMIT), 0)
        self.assert_all_is_closed(modem)


if __name__ == "__main__":
    main()
