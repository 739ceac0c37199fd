#!/usr/bin/env python3
"""Runs the image with the scheduler as ../run.py runs the others.

usage: run.py linked FOLDER | run.py uart FOLDER MODEMSIM      (FOLDER has the images)
"""
import importlib.util
import os
import shutil
import sys

sys.dont_write_bytecode = True  # of ../run.py, in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("firmware", os.path.join(HERE, "..", "run.py"))
firmware = importlib.util.module_from_spec(spec)
spec.loader.exec_module(firmware)


def linked(folder):
    return firmware.run_linked(folder, "threads")


def uart(folder, modemsim):
    said, report = firmware.run_uart(folder, modemsim, firmware.BAUD, "threads", (firmware.Servers().echo,))
    if "wrong use" in report:
        raise firmware.Failure("the module was used wrongly:\n" + report)
    return said


def main():
    if not os.path.exists(os.path.join(sys.argv[2], "threads-linked.elf")) or not shutil.which("qemu-system-arm"):
        print("skipped: no image or no QEMU; install gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm")
        return firmware.SKIPPED
    try:
        print({"linked": linked, "uart": uart}[sys.argv[1]](*sys.argv[2:]), end="")
    except firmware.Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
