"""mosquitto's publisher and subscriber through the proxy: a minute of messages both ways, a module that restarts."""

import subprocess
import time

from programs import NAMED, Programs, main, needs, reset_behind, rig

MINUTE = 60
LOST = 7  # an exit code of mosquitto_pub
LARGE = rig.bytes_of_any_value(500000)


def message(number):
    """A line of 10 to 500 bytes."""
    return f"{number:08d} " + "x" * (1 + number * 37 % 490)


@needs("mosquitto", "mosquitto_pub", "mosquitto_sub")
class Mqtt(Programs):
    def setUp(self):
        super().setUp()
        self.port = rig.free_port()
        # Started by root it would become a user who may not read this folder, unless it is told to stay.
        self.file("broker.conf", f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n".encode())
        self.broker = self.background("mosquitto", "-v", "-c", self.path("broker.conf"))
        self.broker.wait_for_port(self.port)

    def here(self):
        """The way to the broker, not through the module."""
        return ["-h", "127.0.0.1", "-p", str(self.port)]

    def there(self):
        """The way through it."""
        return ["-h", "server.example", "-p", str(self.port), "--proxy", f"socks5h://127.0.0.1:{self.at[1]}"]

    def subscribe(self, way, topic, name, *more):
        """A subscriber that the broker has taken. What it receives goes to the file NAME."""
        with open(self.path(name), "wb") as out:
            subscriber = self.background("mosquitto_sub", *way, "-i", name, "-t", topic, "-q", "2", *more, stdout=out)
        subscriber.wait_until(lambda: f"Sending SUBACK to {name}" in self.broker.said(), f"{name}'s subscription")
        return subscriber

    def publish_lines(self, way, topic, name):
        """A publisher of the lines that are written to its standard input."""
        return self.background("mosquitto_pub", *way, "-i", name, "-t", topic, "-q", "2", "-l", stdin=subprocess.PIPE)

    def lines(self, name):
        return self.content(name).decode().splitlines()

    def assert_messages_pass_both_ways(self, seconds, each_second=10):
        """Each message arrives once and in its turn, and so does the only one of a topic that was quiet till then."""
        count = seconds * each_second
        up = self.subscribe(self.here(), "up", "up-subscriber", "-C", count)
        down = self.subscribe(self.there(), "down", "down-subscriber", "-C", count)
        quiet = self.subscribe(self.there(), "quiet", "quiet-subscriber", "-k", "5", "-C", "1")
        publishers = [self.publish_lines(self.there(), "up", "up-publisher"),
                      self.publish_lines(self.here(), "down", "down-publisher")]
        began = time.monotonic()
        for number in range(count):
            time.sleep(max(0, began + number / each_second - time.monotonic()))
            for publisher in publishers:
                publisher.process.stdin.write(message(number).encode() + b"\n")
                publisher.process.stdin.flush()
        self.succeed("mosquitto_pub", *self.there(), "-t", "quiet", "-m", "at last")
        for publisher in publishers:
            publisher.process.stdin.close()
        for program in (*publishers, up, down, quiet):
            self.assertEqual(program.ends(20), 0, program.said())
        for name in ("up-subscriber", "down-subscriber"):
            self.assertEqual(self.lines(name), [message(number) for number in range(count)])
        self.assertEqual(self.lines("quiet-subscriber"), ["at last"])
        self.assertEqual(self.broker.said().count("Sending CONNACK to quiet-subscriber"), 1)
        self.assertIn("Received PINGREQ from quiet-subscriber", self.broker.said())

    def test_a_minute_of_messages_passes_both_ways(self):
        modem = self.modem(*NAMED)
        proxy = self.proxy(modem)
        self.assert_messages_pass_both_ways(MINUTE)
        self.assert_all_is_closed(modem, proxy)

    def test_messages_pass_both_ways_on_a_slow_line(self):
        modem = self.modem(*NAMED, "--baud", "115200")
        proxy = self.proxy(modem)
        self.assert_messages_pass_both_ways(10, each_second=5)
        self.assert_all_is_closed(modem, proxy)

    def test_a_restart_in_a_message_breaks_the_connection_and_the_subscriber_gets_it_by_the_next(self):
        modem = self.modem(*NAMED, *reset_behind(len(LARGE) // 2))
        proxy = self.proxy(modem)
        subscriber = self.subscribe(self.there(), "large", "large-subscriber", "-c", "-C", "1", "-N")
        self.succeed("mosquitto_pub", *self.here(), "-t", "large", "-q", "2", "-f", self.file("large", LARGE))
        self.assertEqual(subscriber.ends(), 0, subscriber.said())
        self.assert_same(self.content("large-subscriber"), LARGE)
        self.assertEqual(self.broker.said().count("Sending CONNACK to large-subscriber"), 2)
        self.assert_all_is_closed(modem, proxy, resets=1)

    def test_a_restart_in_a_message_that_is_published_breaks_it_and_the_next_one_arrives(self):
        modem = self.modem(*NAMED, *reset_behind(8000))
        proxy = self.proxy(modem)
        subscriber = self.subscribe(self.here(), "large", "large-subscriber", "-C", "1", "-N")
        publish = ["mosquitto_pub", *self.there(), "-t", "large", "-q", "2", "-f", self.file("large", LARGE)]
        self.assertEqual(self.program(*publish).code, LOST)
        self.succeed(*publish)
        self.assertEqual(subscriber.ends(), 0, subscriber.said())
        self.assert_same(self.content("large-subscriber"), LARGE)
        self.assert_all_is_closed(modem, proxy, resets=1)


if __name__ == "__main__":
    main()
