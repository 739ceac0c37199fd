"""Flash and RAM of the library on a Cortex-M, by configuration and by file, and whether each is within its limit.

usage: footprint.py SOURCE_ROOT [--update]     --update writes the README's table instead of comparing it
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile

CPUS = {"cortex-m0plus": "M0+", "cortex-m4": "M4"}
FLAGS = ["-mthumb", "-std=c11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"]
PARTS = ["UDP", "LISTENER", "IPV6", "OWN_COMMANDS"]
TEXTS = ["LOG", "ERROR_STRINGS"]

# Name, PROGRAM of programs.c, parts in the build, and the limits: flash without and with texts on any of the CPUs.
CONFIGURATIONS = [
    ("TCP client, IPv4", 0, [], 21100, 22800),
    ("... and UDP", 1, ["UDP"], 22950, 24700),
    ("... and listeners", 2, ["UDP", "LISTENER"], 23650, 25400),
    ("everything", 3, PARTS, 27950, 31450),
]
# Of everything, on a 32-bit target: struct usocket_modem without sockets, a socket without its two buffers.
RAM_LIMITS = {"modem_size": 888, "socket_size": 124}

BEGIN, END = "<!-- footprint -->", "<!-- end of footprint -->"


def fail(text):
    sys.exit(f"footprint: {text}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(command[:2])}: {done.stderr}")
    return done.stdout


def sources(root):
    return [os.path.join(root, "src", folder, name) for folder in ("at", "sock")
            for name in sorted(os.listdir(os.path.join(root, "src", folder))) if name.endswith(".c")]


def compile_all(root, directory, cpu, defines):
    """What a configuration does not touch is compiled once: the objects are named by what the preprocessor makes."""
    objects = []
    for source in sources(root):
        command = ["arm-none-eabi-gcc", f"-mcpu={cpu}", *FLAGS, *defines, f"-I{root}/include", f"-I{root}/src", source]
        text = hashlib.sha256(run(*command, "-E", "-P").encode()).hexdigest()[:16]
        objects.append(os.path.join(directory, f"{os.path.basename(source)[:-2]}.{cpu}.{text}.o"))
        if not os.path.exists(objects[-1]):
            run(*command, "-c", "-o", objects[-1])
    return objects


def size_of(path):
    """Code with constants, and static data with bss."""
    text, data, bss = run("arm-none-eabi-size", path).split("\n")[1].split()[:3]
    return int(text), int(data) + int(bss)


def linked(directory, cpu, root, program, defines, objects):
    """What the linker keeps of the library for a program of that kind, without the program itself and the C library."""
    main, together = os.path.join(directory, "main.o"), os.path.join(directory, "together.elf")
    run("arm-none-eabi-gcc", f"-mcpu={cpu}", *FLAGS, "-Wno-cast-function-type", *defines, f"-DPROGRAM={program}",
        f"-I{root}/include", "-c", os.path.join(root, "tests/footprint/programs.c"), "-o", main)
    run("arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", "-nostdlib", "-Wl,--gc-sections", "-Wl,-e,start",
        "-Wl,--unresolved-symbols=ignore-all", "-Wl,-z,noexecstack", *objects, main, "-o", together)
    mine = re.search(r"^\S+ (\S+) T start$", run("arm-none-eabi-nm", "-S", together), re.M)
    calls = re.search(r"^\S+ (\S+) r calls$", run("arm-none-eabi-nm", "-S", together), re.M)
    return size_of(together)[0] - int(mine.group(1), 16) - int(calls.group(1), 16)


def ram(directory):
    sizes = {}
    for line in run("arm-none-eabi-nm", "-S", os.path.join(directory, "main.o")).split("\n"):
        words = line.split()
        if words and words[-1] in RAM_LIMITS:
            sizes[words[-1]] = int(words[1], 16)
    return sizes


def measure(root):
    """Flash by (configuration, with texts, cpu), RAM by (configuration), and by file for everything with texts."""
    flash, sizes, files = {}, {}, {}
    with tempfile.TemporaryDirectory() as directory:
        measure_into(root, directory, flash, sizes, files)
    return flash, sizes, files


def measure_into(root, directory, flash, sizes, files):
    for name, program, parts, *_ in CONFIGURATIONS:
        for texts in (False, True):
            defines = [f"-DUSOCKET_{part}={int(part in parts)}" for part in PARTS]
            defines += [f"-DUSOCKET_{part}={int(texts)}" for part in TEXTS]
            for cpu in CPUS:
                objects = compile_all(root, directory, cpu, defines)
                flash[name, texts, cpu] = linked(directory, cpu, root, program, defines, objects)
                sizes[name] = ram(directory)
                if any(size_of(path)[1] for path in objects):
                    fail("the library has static data")
                if name == "everything" and texts:
                    for path in objects:
                        files.setdefault(os.path.basename(path).split(".")[0] + ".c", []).append(size_of(path)[0])


def table(flash, sizes):
    lines = ["| bytes, gcc 12 -Os | flash M0+ | M4 | with log and error texts M0+ | M4 | modem | a socket |",
             "|---|---|---|---|---|---|---|"]
    for name, *_ in CONFIGURATIONS:
        cells = [flash[name, texts, cpu] for texts in (False, True) for cpu in CPUS]
        cells += [sizes[name]["modem_size"], sizes[name]["socket_size"]]
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def check_readme(root, text, update):
    path = os.path.join(root, "README.md")
    with open(path, encoding="utf-8") as file:
        readme = file.read()
    if BEGIN not in readme:
        fail(f"README.md has no {BEGIN}")
    before, rest = readme.split(BEGIN)
    shown, after = rest.split(END)
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")
    elif not run("arm-none-eabi-gcc", "-dumpversion").startswith("12."):
        print("another compiler than the README's gcc 12: its table is not compared")
    elif shown.strip() != text:
        fail("README.md shows other figures: run python3 tests/footprint/footprint.py . --update")


def main():
    root, update = sys.argv[1], "--update" in sys.argv
    flash, sizes, files = measure(root)
    text = table(flash, sizes)
    print(text)
    print(f"\nby file, everything with texts: {', '.join(CPUS.values())}")
    for name, both in sorted(files.items(), key=lambda entry: -entry[1][0]):
        print(f"  {name:20} {both[0]:6} {both[1]:6}")
    for name, _, _, without, with_texts in CONFIGURATIONS:
        for cpu in CPUS:
            for texts, limit in ((False, without), (True, with_texts)):
                if flash[name, texts, cpu] > limit:
                    fail(f"{name} has {flash[name, texts, cpu]} bytes on {cpu}, the limit is {limit}")
    for what, limit in RAM_LIMITS.items():
        if sizes["everything"][what] > limit:
            fail(f"{what} is {sizes['everything'][what]} bytes, the limit is {limit}")
    check_readme(root, text, update)


main()
