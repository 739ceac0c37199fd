#!/usr/bin/env python3
"""Shows that the tests of docs/pitfalls.md, and those of SECURITY.md with a hostile module, can fail.

Puts each fault of mutations.toml, one at a time, into a copy of the tree, builds what changed, runs the one test that is
named for it and expects it to fail. A fault that survives, or whose line is not in the source any more, is an error.

    mutate.py ROOT SCRATCH [P07 ...]      SCRATCH is made, and used again by the next run; no rows: all
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

NAMES = ["include", "src", "tests", "tools", "examples", "meson.build", "meson_options.txt"]
LIMIT_S = 10  # of one test; a hang is a failure too

# cmocka runs the tests that a program asks it for; this asks in its place.
FILTER = """
#include <stdlib.h>
void cmocka_set_test_filter(const char *pattern);
__attribute__((constructor)) static void set(void) { cmocka_set_test_filter(getenv("ONLY_TEST")); }
"""


def copy_tree(root, tree):
    """A file that has not changed keeps its time, so that a second run builds little."""
    for name in NAMES:
        for path in [root / name, *sorted((root / name).rglob("*"))]:
            to = tree / path.relative_to(root)
            if path.is_dir():
                to.mkdir(parents=True, exist_ok=True)
            elif not to.exists() or to.read_bytes() != path.read_bytes():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)


def run_quietly(*command):
    """Ends the program with what the command said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"mutate: {' '.join(map(str, command))} fails:\n{done.stdout}{done.stderr}")
    return done.stdout


class Scratch:
    """A copy of the tree, its build, and the tests in it."""

    def __init__(self, root, scratch):
        self.tree = scratch / "tree"
        self.build = scratch / "build"
        self.filter = scratch / "filter.so"
        copy_tree(root, self.tree)
        if not (self.build / "build.ninja").exists():
            run_quietly("meson", "setup", self.build, self.tree, "-Dbuildtype=debug", "-Ddebug=false")
        (scratch / "filter.c").write_text(FILTER)
        run_quietly("cc", "-shared", "-fPIC", "-o", self.filter, scratch / "filter.c", "-lcmocka")
        run_quietly("ninja", "-C", self.build, "build.ninja")
        tests = json.loads(run_quietly("meson", "introspect", "--tests", self.build))
        self.programs = {test["name"]: pathlib.Path(test["cmd"][0]) for test in tests}

    def make(self, *programs):
        targets = [self.programs[program].relative_to(self.build) for program in programs]
        return subprocess.run(["ninja", "-C", self.build, *targets], capture_output=True, text=True)

    def run(self, program, test):
        """What became of the test: "passed", "failed", "crashed", "hung" or "not found"."""
        env = {**os.environ, "LD_PRELOAD": str(self.filter), "ONLY_TEST": test, "CMOCKA_MESSAGE_OUTPUT": "STDOUT"}
        try:
            done = subprocess.run([self.programs[program]], env=env, capture_output=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return "hung"
        if done.returncode < 0:
            return "crashed"
        if b" 1 test(s) run." not in done.stdout + done.stderr:
            return "not found"
        return "failed" if done.returncode > 0 else "passed"


def try_one(scratch, mutation):
    """The outcome, as a word for the report, and whether it is as it must be."""
    program, test = mutation["program"], mutation["test"]
    path = scratch.tree / mutation["file"]
    source = path.read_text()
    if source.count(mutation["old"]) != 1:
        return f"no longer applies: its text is {source.count(mutation['old'])} times in {mutation['file']}", False
    try:
        path.write_text(source.replace(mutation["old"], mutation["new"]))
        made = scratch.make(program)
        if made.returncode != 0:
            return f"does not compile:\n{made.stdout}", False
        outcome = scratch.run(program, test)
    finally:
        path.write_text(source)
    if outcome == "passed":
        return "SURVIVES", False
    return outcome, outcome != "not found"


def main(root, scratch, only):
    start = time.monotonic()
    with open(root / "tests/mutate/mutations.toml", "rb") as file:
        mutations = tomllib.load(file)["mutation"]
    mutations = [m for m in mutations if not only or m["row"] in only]
    scratch = Scratch(root, scratch)
    made = scratch.make(*{m["program"] for m in mutations})
    if made.returncode != 0:
        sys.exit(f"mutate: the tree does not build:\n{made.stdout}")
    broken = {m["test"] for m in mutations if scratch.run(m["program"], m["test"]) != "passed"}
    wrong = 0
    for mutation in mutations:
        if mutation["test"] in broken:
            outcome, right = "the test does not pass, or is not there, without the fault", False
        else:
            outcome, right = try_one(scratch, mutation)
        wrong += not right
        print(f"{mutation['row']:3} {'ok   ' if right else 'WRONG'} {mutation['fault']}: {mutation['test']}: {outcome}",
              flush=True)
    print(f"{len(mutations) - wrong} of {len(mutations)} faults are noticed, {time.monotonic() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), set(sys.argv[3:])))
