#!/usr/bin/env python3
"""Prints the project's figures as ratios, and fails when one does not hold what the README promises.

usage: run.py SOURCE BUILD   (a release build is made in BUILD/release; the firmware images are in BUILD/../firmware)
"""
import os
import re
import subprocess
import sys
import tempfile

MIB = 1 << 20

# name, promise, what it means; the shares must be reached, the instruction counts not passed.
SHARES = [
    ("download", 0.973, "download, share of the line rate"),
    ("download+5ms", 0.936, "... with 5 ms turn-around"),
    ("upload", 0.973, "upload, share of the line rate"),
    ("upload+5ms", 0.900, "... with 5 ms turn-around"),
]
# name, function whose inclusive cost counts, promise, what it means
COUNTS = [
    ("receive", "usocket_recv", 2, "instructions a byte received, in blocks"),
    ("receive-bytes", "usocket_recv", 25, "... read one byte at a time"),
    ("lines", "usk_channel_feed", 25, "instructions a byte of text lines"),
    ("receive-wakeups", "usocket_recv", None, "... one wake-up of the whole driver for each byte"),
]
# The same on a Cortex-M3, by the words of the firmware's figures.
EMULATED = {
    "receive": "instructions a byte received, in blocks",
    "receive-wakeups": "instructions a wake-up that brings one byte",
}
TRANSPORT = ["port_read", "port_write", "port_wait", "port_now", "port_log"]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def build(source, directory):
    release = os.path.join(directory, "release")
    if not os.path.exists(os.path.join(release, "build.ninja")):
        run("meson", "setup", release, source, "--buildtype=release", "-Ddebug=true", "-Db_sanitize=none",
            "-Dserialport=disabled")
    run("ninja", "-C", release, "tests/bench/bench")
    return os.path.join(release, "tests", "bench", "bench")


def instructions(bench, workload, function):
    """Instructions of `function` and all it calls, without the transport, for one run of the workload."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        run("valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, "--toggle-collect=" + function, bench,
            workload)
        table = run("callgrind_annotate", "--inclusive=yes", "--threshold=100", out)
    costs = {}  # a function that calls itself by a roundabout way stands there twice: the larger is the whole
    for count, name in re.findall(r"^\s*([\d,]+) \([\d. ]+%\)\s+(?:\S+:)?(PROGRAM TOTALS|\w+)", table, re.MULTILINE):
        costs[name] = max(costs.get(name, 0), int(count.replace(",", "")))
    return costs["PROGRAM TOTALS"] - sum(costs.get(name, 0) for name in TRANSPORT)


def firmware(source, directory):
    """What the image in QEMU prints of its figures, "NAME: FIGURE" a line; or why it was skipped."""
    command = [sys.executable, os.path.join(source, "tests", "firmware", "run.py"), "figures",
               os.path.join(directory, os.pardir, "firmware")]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode not in (0, 77):
        sys.exit(result.stdout)
    return result.stdout


def main():
    bench = build(sys.argv[1], sys.argv[2])
    image = firmware(sys.argv[1], sys.argv[2])
    emulated = dict(re.findall(r"^(.+): ([\d.]+)", image, re.MULTILINE))
    failed = False

    def row(text, value, promise, holds, beside=None):
        nonlocal failed
        failed = failed or not holds
        beside = f"   (Cortex-M3: {beside})" if beside else ""
        print(f"{text:52} {value:>9}   {promise}{'' if holds else '   NOT HELD'}{beside}", flush=True)

    measured = dict(line.split() for line in run(bench, "rate").splitlines())
    for name, least, text in SHARES:
        share = float(measured[name])
        row(text, f"{share:.2%}", f"at least {least:.1%}", share >= least)
    for name, function, most, text in COUNTS:
        count = instructions(bench, name, function) / MIB
        row(text, f"{count:.2f}", f"at most {most}" if most else "", not most or count <= most,
            emulated.get(EMULATED.get(name)))
    sizes = dict(line.split() for line in run(bench, "size").splitlines())
    row("struct usocket_modem without sockets, bytes", sizes["modem"], "", True)
    row("struct usocket without its buffers, bytes", sizes["socket"], "", True)
    print("the firmware image, a Cortex-M3 in QEMU:", *image.splitlines(), sep="\n    ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
