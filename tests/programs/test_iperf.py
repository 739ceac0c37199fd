"""iperf3 through a forwarded port: up and down, several streams, the share of a slow line, a module that restarts."""

import json

from programs import BAUD, SLOW, Programs, main, needs, reset_behind, rig


@needs("iperf3")
class Iperf(Programs):
    def setUp(self):
        super().setUp()
        self.port = rig.free_port()
        self.server = self.background("iperf3", "-s", "-B", "127.0.0.1", "-p", self.port, "--forceflush")
        self.runs = 0

    def start_forward(self, *options):
        self.tested = self.modem(*options)
        self.command, self.at = self.forward(self.tested, f"0:127.0.0.1:{self.port}")

    def assert_well(self, resets=0):
        self.assert_all_is_closed(self.tested, self.command, resets=resets)

    def iperf(self, *options):
        """Runs the client, when the server has done with the one before. In its report is "error" if it failed."""
        self.runs += 1
        self.server.wait_for_text(f"(test #{self.runs})")
        # With small buffers what is on its way at the end of a run is little.
        result = self.program("iperf3", "-c", "127.0.0.1", "-p", self.at, "-w", "32K", "-J", *options)
        return json.loads(result.out)

    def received(self, *options):
        """Bytes that have come to the other end in a run which succeeds, and the seconds that it took."""
        report = self.iperf(*options)
        self.assertNotIn("error", report)
        end = report["end"]["sum_received"]
        return end["bytes"], end["seconds"]

    def test_5_mb_go_up_and_come_down(self):
        self.start_forward()
        for direction in ((), ("-R",)):
            with self.subTest(direction=direction):
                count, _ = self.received("-n", "5M", *direction)
                self.assertGreaterEqual(count, 4500000)
        self.assert_well()

    def test_five_streams_at_once(self):
        self.start_forward()
        for direction in ((), ("-R",)):
            with self.subTest(direction=direction):
                report = self.iperf("-P", "5", "-t", "2", *direction)
                streams = [stream["receiver"]["bytes"] for stream in report["end"]["streams"]]
                self.assertEqual(len(streams), 5)
                self.assertGreater(min(streams), 0.5 * max(streams), streams)
        self.assert_well()

    def test_a_slow_line_is_used_and_no_more_than_that(self):
        self.start_forward(*SLOW)
        for name, direction in (("up", ()), ("down", ("-R",))):
            with self.subTest(name):
                count, seconds = self.received("-t", "5", *direction)
                share = count / seconds / (BAUD / 10)
                print(f"{name}: {share:.0%} of the line")
                self.assertLess(share, 1)
                self.assertGreater(share, 0.4)
        self.assert_well()

    def test_a_restart_is_an_error_and_the_next_run_works(self):
        self.start_forward(*reset_behind(1000000))
        self.assertIn("error", self.iperf("-R", "-t", "10"))
        self.assertGreater(self.received("-R", "-n", "2M")[0], 0)
        self.assert_well(resets=1)


if __name__ == "__main__":
    main()
