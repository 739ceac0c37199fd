"""Writes the manual pages, as mdoc(7): one for each command of usocket, from its own --help; usocket(1) and modemsim(1)
from the pages beside this script, in which a line @options@ and its like stands for what the programs print.

    make.py USOCKET MODEMSIM FOLDER
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def ask(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def text(line):
    """A line as roff text: no escape, no request."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line[:1] in (".", "'") else line


def sentences(lines):
    """A paragraph with each sentence on a line of its own, as mdoc wants it."""
    return [text(line) for line in re.split(r"(?<=[.?!]) +", " ".join(lines))]


def literal(lines):
    return [".Bd -literal -offset indent", *map(text, lines), ".Ed"]


def option(line):
    """'  -o, --output FILE   where to' as an item of a list."""
    call, meaning = re.fullmatch(r" +((?:-\w, )?--[\w-]+(?: \S+)?) +(.*)", line).groups()
    words = []
    for part in call.split(", "):
        name, _, value = part.partition(" ")
        words += [",", "Fl", text(name[1:])] if words else ["Fl", text(name[1:])]
        words += ["Ar", text(value)] if value else []
    return [".It " + " ".join(words), text(meaning)]


def options(lines):
    return [".Bl -tag -width Ds", *(word for line in lines for word in option(line)), ".El"]


def entries(lines):
    """'  NAME   meaning' as a list of terms."""
    items = []
    for line in lines:
        name, meaning = line.strip().split(None, 1)
        items += [".It " + text(name), text(meaning)]
    return [".Bl -tag -width Ds", *items, ".El"]


def paragraphs(lines):
    """What stands between blank lines."""
    return [part.splitlines() for part in re.split(r"\n\n+", "\n".join(lines).strip("\n"))]


def is_option(line):
    return re.match(r" +--?\w", line)


def description(parts):
    """Everything of a help but examples and options."""
    page = []
    for part in parts:
        if part[0].startswith(("Example:", "Examples:")) or is_option(part[0]):
            continue
        page += literal(part) if part[0].startswith("  ") else [".Pp", *sentences(part)]
    return page[1:] if page[:1] == [".Pp"] else page


def examples(parts):
    return [line.strip() for part in parts if part[0].startswith("Example") for line in part[1:]]


def command_page(usocket, name, summary, day):
    lines = ask(usocket, name, "--help")
    arguments = lines[0].split(f" {name}", 1)[1].strip()
    parts = paragraphs(lines[1:-1])  # the last line says where the other options are
    own = [line for part in parts for line in part if is_option(line)]
    return [
        f".Dd {day}", f".Dt USOCKET-{name.upper()} 1", ".Os usocket",
        ".Sh NAME", f".Nm usocket-{name}", f".Nd {text(summary)}",
        ".Sh SYNOPSIS", ".Nm usocket", ".Op Ar options", f".Cm {name}",
        *([f".Ar {text(arguments)}"] if arguments else []),
        ".Sh DESCRIPTION", *description(parts),
        *([".Pp", "Its own options:", *options(own)] if own else []),
        ".Pp", "The other options, the environment, files and exit codes are those of", ".Xr usocket 1 .",
        ".Sh EXAMPLES", *literal(examples(parts)),
        ".Sh SEE ALSO", ".Xr usocket 1"]


def filled(name, lists):
    """The page beside this script with the lists in their places."""
    page = []
    with open(os.path.join(HERE, name), encoding="ascii") as file:
        for line in file.read().splitlines():
            page += lists[line] if line in lists else [line]
    return page


def write(folder, name, page):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write("\n".join(page) + "\n")


def main(usocket, modemsim, folder):
    summaries = dict(line.split(None, 1) for line in ask(usocket, "--help") if line.startswith("  "))
    commands = [item for name, summary in summaries.items()
                for item in (f".It Xr usocket-{name} 1", text(summary))]
    also = [f".Xr usocket-{name} 1 ," for name in sorted(summaries)]
    also[-1] = also[-1].removesuffix(" ,")
    page = filled("usocket.mdoc", {
        "@commands@": [".Bl -tag -width Ds", *commands, ".El"],
        "@options@": options([line for line in ask(usocket, "help", "options") if is_option(line)]),
        "@also@": also})
    day = page[0].split(" ", 1)[1]
    write(folder, "usocket.1", page)
    for name, summary in summaries.items():
        write(folder, f"usocket-{name}.1", command_page(usocket, name, summary, day))
    write(folder, "modemsim.1", filled("modemsim.mdoc", {
        "@options@": options([line for line in ask(modemsim, "--help") if is_option(line)]),
        "@faults@": entries(ask(modemsim, "--fault", "help"))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
