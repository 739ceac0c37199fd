"""usocket trace: the page in a real browser, the capture in a real tshark."""

import collections
import html.parser
import json
import os
import shutil
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

import rig

EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

# Two connections, one of them refused; payload both ways; a fault, a silence, a module that restarts; markup all over.
SESSION = "\n".join([
    "# a session with everything in it <script>document.title='owned'</script>",
    r'> AT+QIOPEN=1,0,"TCP","203.0.113.5",80,0,0\r', r"< \r\nOK\r\n", "@ +300", r"< \r\n+QIOPEN: 0,0\r\n",
    "@ +100", rf"> AT+QISEND=0,{len(EVIL)}\r", r"< \r\n> ", f"> {EVIL}", "@ +20", r"< \r\nSEND OK\r\n",
    "@ +200", r'< \r\n+QIURC: "recv",0\r\n', r"> AT+QIRD=0,1500\r", r"< \r\n+QIRD: 6\r\n\x00<b>\r\n\r\n\r\nOK\r\n",
    "@ +80", r'> AT+QIOPEN=1,1,"TCP","203.0.113.6",81,0,0\r', r"< \r\nOK\r\n", "@ +400", r"< \r\n+QIOPEN: 1,566\r\n",
    r"> AT+QICLOSE=1,1\r", r"< \r\nOK\r\n", "@ +6000", r"> AT+CPIN?\r", "@ +15", r"< \r\n+CME ERROR: 10\r\n",
    r'< \r\n+QIURC: "closed",0\r\n', "@ +500", r"> AT+QICLOSE=0,1\r", "@ +40", r"< \r\nOK\r\n",
    f"< \\r\\n{EVIL}\\r\\n", "@ +100", r"< \r\nRDY\r\n", ""])

# The colours of the page, by day and by night, that a picture of it must show.
DAY = {"background": "#ffffff", "opening": "#e6a117", "open": "#2e9e4f", "closing": "#7d93ab", "lost": "#c62828",
       "sent": "#1763b6", "received": "#23753a", "payload": "#8a3fa8", "row of a fault": "#fdecea"}
NIGHT = {"background": "#15181c", "opening": "#d29922", "open": "#3fb950", "row of a fault": "#3a1d1d"}

# Run in a copy of the page without its policy: what the browser makes of it.
MEASURE = """<script>addEventListener('load', () => {
  const box = e => e.getBoundingClientRect();
  const rows = [...document.querySelectorAll('main .r:not(.head)')];
  const measure = fragment => {
    location.hash = fragment;
    const shown = rows.filter(r => getComputedStyle(r).display != 'none');
    const first = shown.slice(0, 60);  // the browser lays out only what is seen; to measure more takes long
    return {
      shown: shown.map(r => r.className),
      times: shown.map(r => r.querySelector('time').textContent),
      lanes: shown.map(r => r.querySelector('.l').className),
      arrows: first.map(r => Math.round(box(r.querySelector('.p')).width)),
      overlap: first.some((r, i) => i > 0 && box(r).top < box(first[i - 1]).bottom - 1),
      beyond: document.documentElement.scrollWidth > innerWidth,
      svg: [...document.querySelectorAll('svg rect')].map(r => r.getAttribute('class')),
      title: document.title,
    };
  };
  document.body.dataset.result = JSON.stringify(FRAGMENTS.map(measure));
})</script>"""


class Elements(html.parser.HTMLParser):
    """All elements of a page, by name, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def colours_of(path):
    """How many pixels of a PNG have each colour."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed, width, size = 8, b"", 0, 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, _, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            size = {2: 3, 6: 4}[colour]
            assert depth == 8
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, stride, colours = zlib.decompress(packed), width * size, collections.Counter()
    above = bytearray(stride)
    for begin in range(0, len(raw), stride + 1):
        above = unfilter(raw[begin], bytearray(raw[begin + 1:begin + 1 + stride]), above, size)
        colours.update(bytes(above[i:i + 3]) for i in range(0, stride, size))
    return colours


def unfilter(kind, row, above, size):
    """One row of a PNG, by the five filters of its specification."""
    for i in range(len(row) if kind else 0):
        a, b, c = row[i - size] if i >= size else 0, above[i], above[i - size] if i >= size else 0
        if kind == 4:
            pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            guess = a if pa <= pb and pa <= pc else b if pb <= pc else c
        else:
            guess = (0, a, b, (a + b) // 2)[kind]
        row[i] = (row[i] + guess) & 255
    return row


def transcript(count):
    """So many records: blocks that are read on five connections, now and then a new connection, or a fault."""
    lines, records = [], 0
    while records < count:
        conn = records // 4 % 5
        if records % 100 < 20:
            lines += [rf'> AT+QIOPEN=1,{conn},"TCP","203.0.113.1",80,0,0\r', r"< \r\nOK\r\n", "@ +30",
                      rf"< \r\n+QIOPEN: {conn},0\r\n", rf"> AT+QISEND={conn},1\r"]
        else:
            lines += [rf"> AT+QIRD={conn},1500\r", rf"< \r\n+QIRD: 100\r\n{'x' * 100}\r\n", r"< \r\nOK\r\n", "@ +10"]
        records += 4
    return "\n".join(lines) + "\n"


class Traced(rig.Test):
    def trace(self, text, option, name):
        with open(self.path("session.atlog"), "w", encoding="ascii") as file:
            file.write(text)
        result = self.run_tool("trace", self.path("session.atlog"), option, self.path(name))
        self.assertEqual((result.code, result.out, result.err), (0, b"", ""))
        return self.path(name)


class Page(Traced):
    def page(self, text=SESSION):
        with open(self.trace(text, "--html", "page.html"), encoding="ascii") as file:
            return file.read()

    def test_the_page_loads_nothing_and_runs_nothing(self):
        page = self.page()
        names = {tag for tag, _ in Elements(page).found}
        self.assertFalse(names & {"script", "img", "iframe", "object", "embed", "link"}, names)
        for tag, attributes in Elements(page).found:
            self.assertFalse([a for a in attributes if a.startswith("on") or a == "src"], (tag, attributes))
            if "href" in attributes:
                self.assertTrue(attributes["href"].startswith("#"), attributes)
        policy = [a for tag, a in Elements(page).found if tag == "meta" and "http-equiv" in a]
        self.assertEqual(policy[0]["content"], "default-src 'none'; style-src 'unsafe-inline'")
        self.assertNotIn("url(", page)
        self.assertNotIn("@import", page)

    def test_the_page_has_a_row_for_each_item_with_its_meaning(self):
        page = self.page()
        for words in ("open TCP connection 0 to 203.0.113.5 port 80", "connection 0 is open",
                      "connection 1 could not be opened: connect failed", "the peer closed connection 0",
                      "connection 0 is closed", "SIM not inserted", "6.0 s of silence",
                      "the module has started; all it knew is lost"):
            self.assertIn(words, page)
        rows = [a["class"] for tag, a in Elements(page).found if tag == "div"]
        self.assertEqual(sum("payload" in c for c in rows), 2)
        self.assertEqual(sum("gap" in c for c in rows), 1)
        self.assertEqual(sum("fault" in c for c in rows), 3)

    def test_a_page_that_cant_be_written_is_told(self):
        with open(self.path("a.atlog"), "w", encoding="ascii") as file:
            file.write("> AT\\r\n")
        for option in ("--html", "--pcapng"):
            self.assert_fails(self.run_tool("trace", self.path("a.atlog"), option, self.path("no/page")), 1, "no/page")
            self.assert_fails(self.run_tool("trace", self.path("a.atlog"), option, "/dev/full"), 1, "not complete")
            self.assert_fails(self.run_tool("trace", self.path("none.atlog"), option, self.path("x")), 1, "none.atlog")
        self.assert_fails(self.run_tool("trace", self.path("a.atlog")), 2, "--html", "--pcapng")

    def test_ten_thousand_records_take_a_moment_and_ten_times_as_many_ten_times_that(self):
        seconds = []
        for count in (10000, 100000):
            text = transcript(count)
            began = time.monotonic()
            self.trace(text, "--html", "page.html")
            seconds.append(time.monotonic() - began)
        print(f"10000 records: {seconds[0]:.2f} s, 100000: {seconds[1]:.2f} s")
        self.assertLess(seconds[0], 5)
        self.assertLess(seconds[1], 20 * seconds[0] + 1)


@unittest.skipUnless(shutil.which("chromium"), "no chromium")
class Browser(Traced):
    def browse(self, page, *flags):
        """Opens a page in a browser that has no network, and returns what it writes."""
        with tempfile.TemporaryDirectory(prefix="usocket-chromium-") as profile:
            result = subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--hide-scrollbars", "--proxy-server=127.0.0.1:9",
                 f"--user-data-dir={profile}", *flags, f"file://{page}"],
                capture_output=True, text=True, timeout=rig.LIMIT, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def measure(self, page, *fragments):
        """What is shown of the page at each of the fragments."""
        with open(page, encoding="ascii") as file:
            text = file.read()
        opened = self.path("measured.html")
        with open(opened, "w", encoding="ascii") as file:
            file.write(text.replace("<meta http-equiv=Content-Security-Policy", "<meta name=none") +
                       MEASURE.replace("FRAGMENTS", json.dumps(fragments)))
        dom = self.browse(opened, "--dump-dom", "--window-size=1200,2000")
        body = [a for tag, a in Elements(dom).found if tag == "body"][0]
        return json.loads(body["data-result"])

    def picture(self, page, *flags):
        self.browse(page, f"--screenshot={self.path('page.png')}", "--window-size=900,1300", *flags)
        return colours_of(self.path("page.png"))

    def assert_shows(self, colours, wanted):
        for name, colour in wanted.items():
            self.assertGreater(colours[bytes.fromhex(colour[1:])], 20, f"{name} {colour}")

    def test_a_picture_of_the_page_shows_states_volumes_payload_and_faults(self):
        colours = self.picture(self.trace(SESSION, "--html", "page.html"))
        self.assert_shows(colours, DAY)
        self.assertGreater(colours[bytes.fromhex(DAY["background"][1:])], 900 * 1300 / 2)

    def test_a_picture_by_night_is_dark(self):
        colours = self.picture(self.trace(SESSION, "--html", "page.html"), "--force-dark-mode")
        self.assert_shows(colours, NIGHT)
        self.assertGreater(colours[bytes.fromhex(NIGHT["background"][1:])], 900 * 1300 / 2)

    def test_the_diagram_is_laid_out_row_by_row_with_the_states_in_lanes(self):
        seen, = self.measure(self.trace(SESSION, "--html", "page.html"), "")
        self.assertGreater(len(seen["shown"]), 20)
        self.assertEqual(seen["times"], sorted(seen["times"], key=float))
        self.assertGreater(min(seen["arrows"]), 200)
        self.assertEqual((seen["overlap"], seen["beyond"]), (False, False))
        told = dict.fromkeys(word for lane in seen["lanes"] for word in lane.split()[1:])
        self.assertEqual(list(told), ["opening0", "open0", "opening1", "lost1", "closing0", "closed0"])
        self.assertEqual(set(seen["svg"]), {"opening", "open", "closing", "lost", "in", "out"})
        # Markup of the transcript would have set the title: the policy is not in this copy.
        self.assertEqual(seen["title"], "session.atlog")

    def test_the_filters_leave_one_connection_or_the_faults(self):
        page = self.trace(SESSION, "--html", "page.html")
        everything, *filtered, again = self.measure(page, "", "#c0", "#c1", "#faults", "#all")
        for name, seen in zip(("c0", "c1", "fault"), filtered):
            self.assertEqual(seen["shown"], [c for c in everything["shown"] if name in c.split()])
            self.assertGreater(len(seen["shown"]), 2)
        self.assertEqual(again, everything)

    def test_a_page_of_ten_thousand_records_opens(self):
        page = self.trace(transcript(10000), "--html", "page.html")
        began = time.monotonic()
        seen, = self.measure(page, "")
        print(f"{os.path.getsize(page) / 1e6:.1f} MB, {len(seen['shown'])} rows: {time.monotonic() - began:.1f} s")
        self.assertEqual(len(seen["shown"]), 10000)


@unittest.skipUnless(shutil.which("tshark"), "no tshark")
class Capture(Traced):
    def packets(self, text, *fields):
        capture = self.trace(text, "--pcapng", "session.pcapng")
        arguments = [argument for field in fields for argument in ("-e", field)]
        result = subprocess.run(["tshark", "-r", capture, "-T", "fields", "-E", "separator=|", *arguments],
                                capture_output=True, text=True, timeout=rig.LIMIT, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("malformed", result.stdout.lower() + result.stderr.lower())
        return [tuple(line.split("|")) for line in result.stdout.splitlines()]

    def test_at_lines_are_dissected_with_direction_time_and_meaning(self):
        packets = self.packets(SESSION, "frame.time_epoch", "at.role", "at.cmd", "frame.comment")
        self.assertIn(("0.300000000", "1", "+QIOPEN", "connection 0 is open"), packets)
        self.assertIn(("0.400000000", "2", "+QISEND", f"send {len(EVIL)} bytes on connection 0"), packets)
        self.assertIn(("0.420000000", "1", "SEND OK", "the module has taken the bytes"), packets)
        self.assertEqual(packets[0][1:3], ("2", "+QIOPEN"))
        self.assertTrue(packets[0][3].startswith("a session with everything"), packets[0])
        self.assertTrue(packets[0][3].endswith("open TCP connection 0 to 203.0.113.5 port 80"), packets[0])

    def test_faults_and_silences_are_in_the_comments(self):
        comments = [c for c, in self.packets(SESSION, "frame.comment")]
        self.assertIn("FAULT: connection 1 could not be opened: connect failed", comments)
        self.assertIn("FAULT: the module refuses: SIM not inserted (10)", comments)
        self.assertTrue([c for c in comments if c.startswith("6.0 s of silence")])

    def test_payload_is_data_byte_for_byte(self):
        packets = self.packets(SESSION, "frame.protocols", "frame.p2p_dir", "data.data")
        data = [(sent, bytes.fromhex(text)) for protocols, sent, text in packets if protocols.endswith(":data")]
        self.assertEqual(data, [("1", b">"), ("0", EVIL.encode()), ("1", b"\0<b>\r\n")])

    def test_the_parameters_of_a_command_have_no_line_end_in_them(self):
        parameters = [p for p, in self.packets(SESSION, "at.parameter")]
        self.assertEqual(parameters[0], '1,0,"TCP","203.0.113.5",80,0,0')

    def test_a_payload_without_end_becomes_packets_that_are_read(self):
        block = r"> " + "x" * 30000
        data = self.packets("\n".join([r"> AT+QISEND=0\r", r"< \r\n> ", *[block] * 10, r"> \x1a"]), "data.len")
        self.assertEqual(sum(int(n) for n, in data if n), 1 + 300001)

    def test_a_large_capture_is_read_to_its_end(self):
        packets = self.packets(transcript(10000), "frame.number")
        self.assertGreaterEqual(len(packets), 10000)


if __name__ == "__main__":
    rig.main()
