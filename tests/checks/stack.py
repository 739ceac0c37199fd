"""Deepest path through the call graph, from each public function, by gcc's -fcallgraph-info=su and stack.edges.

usage: stack.py EDGES LIMIT SOURCE_ROOT CI_FILE...
"""
import os
import re
import sys

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"\\]+\\n[^"\\]+\\n(\d+) bytes \(([a-z, ]+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+):(\d+):(\d+)")?')
CALLED = re.compile(r"(\w+)\)?\(")
NOT_OURS = ("PORT", "PROGRAM")


def fail(text):
    sys.exit(f"stack: {text}")


class Graph:
    def __init__(self, edges_file, root):
        self.root = root
        self.bytes = {}  # by title: "src/at/channel.c:see", or the name alone of what is not static
        self.calls = {}  # title: titles, and names of what is outside
        self.pointers = {}  # "channel.c:on_done": targets as the file spells them
        self.again = set()  # (caller, target): the recursion goes round once
        self.never = {}  # (caller, target): not at all where these run already
        with open(edges_file, encoding="utf-8") as file:
            for words in (line.split() for line in file if line.strip() and not line.startswith("#")):
                if words[0] == "again":
                    self.again.add((words[1], words[2]))
                elif words[0] == "never":
                    self.never.setdefault((words[1], words[2]), set()).add(words[4])
                else:
                    self.pointers.setdefault(words[0], []).extend(words[1:])

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for title, size, kind in NODE.findall(text):
            if kind != "static":
                fail(f"the stack of {title} is {kind}: it has no upper limit")
            self.bytes[title] = max(int(size), self.bytes.get(title, 0))
        for caller, target, file, line, column in EDGE.findall(text):
            targets = [target]
            if target == "__indirect_call":
                targets = self.pointers_at(file, int(line), int(column))
            self.calls.setdefault(caller, set()).update(targets)

    def pointers_at(self, file, line, column):
        """What is called through a pointer at that place of the source, by the name of the member or parameter."""
        with open(os.path.join(self.root, file), encoding="utf-8") as source:
            text = source.read().split("\n")[line - 1]
        names = [f"{os.path.basename(file)}:{name}" for name in CALLED.findall(text[column - 1 :])]
        for name in names:  # more than one where an argument is a call too
            if name in self.pointers:
                return self.pointers[name]
        return fail(f"{file}:{line} calls {' or '.join(names)} through a pointer: add it to stack.edges")

    def resolve(self):
        """Names of stack.edges become titles."""
        named = {}
        for title in self.bytes:
            name = title.rsplit(":", 1)[-1]
            named.setdefault(name, []).append(title)
            named.setdefault(f"{os.path.basename(title.rsplit(':', 1)[0])}:{name}", []).append(title)

        def title_of(name):
            if name in self.bytes or name not in named:
                return name
            if len(set(named[name])) > 1:
                fail(f"{name} of stack.edges is in several files: {' '.join(named[name])}")
            return named[name][0]

        self.calls = {caller: {title_of(t) for t in targets} for caller, targets in self.calls.items()}
        self.again = {(title_of(caller), title_of(target)) for caller, target in self.again}
        self.never = {(title_of(c), title_of(t)): {title_of(w) for w in within} for (c, t), within in self.never.items()}
        for targets in self.pointers.values():
            for name in targets:
                if name not in NOT_OURS and title_of(name) not in self.bytes:
                    fail(f"stack.edges names {name}, which is no function")

    def unreached(self):
        reached = set().union(*self.calls.values())
        return [t for t in self.bytes if t not in reached and not t.startswith("usocket_")]

    def deepest(self, title, path=(), marks=frozenset(), known=None):
        """(bytes, path). `marks` is what of the way there matters to what follows: recursions gone through, and functions
        within which some calls are never made."""
        known = {} if known is None else known
        if title in set().union(*self.never.values()):
            marks = marks | {title}
        if (title, marks) in known:
            return known[title, marks]
        best = (0, ())
        for target in sorted(self.calls.get(title, ())):
            then = marks
            if target not in self.bytes or self.never.get((title, target), set()) & marks:
                continue
            if (title, target) in self.again:
                if (title, target) in marks:
                    continue
                then = marks | {(title, target)}
            elif (target, then) in path:
                fail("recursion: " + " > ".join([t for t, _ in path] + [title, target]))
            best = max(best, self.deepest(target, path + ((title, marks),), then, known), key=lambda found: found[0])
        known[title, marks] = (best[0] + self.bytes[title], (title,) + best[1])
        return known[title, marks]


def main():
    edges, limit, root, *files = sys.argv[1:]
    graph = Graph(edges, root)
    for path in files:
        graph.read(path)
    graph.resolve()
    if graph.unreached():
        fail("called only through a pointer that stack.edges does not name: " + " ".join(graph.unreached()))
    found = [graph.deepest(title) for title in graph.bytes if title.startswith("usocket_")]
    if not found:
        fail("no public call is in the graph")
    for size, path in sorted(found, key=lambda entry: (-entry[0], entry[1])):
        names = [f"{t.rsplit(':', 1)[-1]} {graph.bytes[t]}" for t in path]
        print(f"{size:6} {names[0].split()[0]:28} {' > '.join(names)}")
    size, path = max(found)
    if size > int(limit):
        fail(f"{path[0]} needs {size} bytes, the limit is {limit}")


main()
