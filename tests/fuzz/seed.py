#!/usr/bin/env python3
"""Writes seeds for the fuzz targets, made of recorded sessions and of the few texts below.

usage: seed.py OUT     one folder a target; the corpus in the tree is what a merge keeps of them and of what was found
"""
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TRANSCRIPTS = sorted((HERE.parent / "transcripts").glob("*.atlog"))
LONGEST = 3000

START, FEED, FEED_LONG, WRITE, PASS, ABORT, ROOM, ECHO = range(8)  # fuzz_channel.c

ESCAPES = {"r": 13, "n": 10, "t": 9, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, '"': 34, "'": 39}


def unescape(text):
    out = bytearray()
    for found in re.finditer(r"\\x([0-9a-fA-F]{2})|\\(.)|(.)", text):
        code, letter, plain = found.groups()
        out.append(int(code, 16) if code else ESCAPES[letter] if letter else ord(plain))
    return bytes(out)


def records(path):
    """(kind, text) of each line: '<', '>' and '@'."""
    for line in path.read_text().splitlines():
        if line[:2] in ("< ", "> ", "@ "):
            yield line[0], line[2:]


def module_bytes(path):
    return b"".join(unescape(text) for kind, text in records(path) if kind == "<")


def steps_for(command):
    """What a program would call for the driver to send this command."""
    name = command.split("=")[0].split("?")[0].upper()
    numbers = [int(n) for n in re.findall(r"(?<![\w.\"])\d+(?![\w.\"])", command)]
    slot = numbers[1] if name == "AT+QIOPEN" and len(numbers) > 1 else numbers[0] if numbers else 0
    if name == "AT+QIOPEN":
        kind = 2 if "LISTENER" in command else 3 if "UDP" in command else 0
        access = [f"! option {slot} 4 1"] if command.rstrip().endswith(",1") else []
        end = {0: f"! connect {slot} 0 80", 2: f"! listen {slot} 3", 3: f"! bind {slot} 3030"}[kind]
        return [f"! socket {slot} {kind}"] + access + [end]
    if name == "AT+QISEND":
        return [f"! send {slot} {numbers[1]}"] if len(numbers) > 1 and numbers[1] else []
    if name == "AT+QIRD":
        return [f"! recv {slot} 1500"]
    if name == "AT+QICLOSE":
        return [f"! close {slot}"]
    if name == "AT+QIDNSGIP":
        return ["! resolve example.com"]
    if name == "AT+QISTATE":
        return [f"! state {slot}", "! run 6000"]
    return [f"! at {command}"] if name not in ("AT", "ATE0", "ATI") else []


def driver_of(path):
    """The module's side of a session, with the program that might have caused it."""
    out = ["! net 60000"]
    for kind, text in records(path):
        if kind == ">" and not text.upper().startswith("AT"):
            out.append(">*")
        elif kind == ">":
            command = re.sub(r"\\r.*", "", text)
            out += steps_for(command) + ["> " + command]
        else:
            out.append(f"{kind} {text}")
    return "\n".join(out + ["! run 2000", ""]).encode()


def channel_of(path):
    """The host's commands and the module's bytes as steps."""
    commands = {"AT+QIST": 1, "ATI": 2, "AT+QIRD": 3, "AT+QISEND": 4, "AT+COPS": 5}
    out = bytearray([ROOM, 200])
    for kind, text in records(path):
        if kind == ">":
            if text.upper().startswith("AT"):
                number = next((n for name, n in commands.items() if text.startswith(name)), 0)
                out += bytes([START, number + 6 * 4])
            out += bytes([WRITE, 255])
        elif kind == "@":
            out += bytes([PASS, min(127 + int(text) // 1000, 255) if int(text) >= 1280 else int(text) // 10])
        else:
            raw = unescape(text)
            for at in range(0, len(raw), 255):
                piece = raw[at : at + 255]
                out += bytes([FEED, len(piece)]) + piece
    return bytes(out)


SESSIONS = {
    "client": """! config 1
! net 60000
! socket 0 0
! connect 0 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
@ +30
< \\r\\n+QIOPEN: 0,0\\r\\n
! send 0 300
> AT+QISEND=0,300
< \\r\\n>
>*
@ +5
< \\r\\nSEND OK\\r\\n
@ +40
< \\r\\n+QIURC: "recv",0\\r\\n
! recv 0 100
> AT+QIRD=0,1500
< \\r\\n+QIRD: 12\\r\\n
< hello\\r\\nOK\\r\\nx\\r\\n\\r\\nOK\\r\\n
! run 3000
< \\r\\n+QIURC: "closed",0\\r\\n
! line 0 80
! recv 0 100
! close 0
> AT+QICLOSE=0,1
@ +900
< \\r\\nOK\\r\\n
! run 1000
""",
    "server": """! net 60000
! socket 1 2
! bind 1 8080
! listen 1 2
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! run 100
< \\r\\n+QIURC: "incoming",11,0,"192.0.2.1",4000\\r\\n
@ +10
< \\r\\n+QIURC: "recv",11\\r\\n
@ +10
< \\r\\n+QIURC: "incoming",10,0,"192.0.2.2",4001\\r\\n
@ +10
< \\r\\n+QIURC: "incoming",9,0,"192.0.2.3",4002\\r\\n
> AT+QIRD=11,1500
< \\r\\n+QIRD: 3\\r\\nabc\\r\\n\\r\\nOK\\r\\n
! accept 1 2
! accept 1 3
! recv 2 50
! send 3 20
! close 1
! run 70000
! recv 3 10
""",
    "udp": """! net 60000
! socket 2 3
! bind 2 3030
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! sendto 2 14 0 7
> AT+QISEND=
< \\r\\n>
>*
< \\r\\nSEND OK\\r\\n
< \\r\\n+QIURC: "recv",0\\r\\n
> AT+QIRD=0
< \\r\\n+QIRD: 5,"192.0.2.1",7\\r\\nabcde\\r\\n\\r\\nOK\\r\\n
> AT+QIRD=0
< \\r\\n+QIRD: 0,"192.0.2.1",7\\r\\n\\r\\n\\r\\nOK\\r\\n
! recvfrom 2 3
! recvfrom 2 100
! connect 2 1 9
! send 2 10
! run 20000
""",
    "push": """! net 60000
! socket 0 0
! option 0 4 1
! connect 0 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! run 500
< \\r\\n+QIURC: "recv",0,10\\r\\n
< 0123456789\\r\\n
@ +10
< \\r\\n+QIURC: "recv",0,4\\r\\nOK\\r\\n\\r\\n
! event 0 1
! read 0 8
! line 0 20
! run 1000
""",
    "udp-push": """! net 60000
! socket 2 3
! option 2 4 1
! bind 2 0
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! run 500
< \\r\\n+QIURC: "recv",0,4,"192.0.2.1",7\\r\\nabcd\\r\\n
@ +10
< \\r\\n+QIURC: "recv",0,2,"192.0.2.1",7\\r\\nef\\r\\n
! recvfrom 2 3
! recvfrom 2 10
""",
    "names": """! config 24
! net 60000
! query example.com
! resolve files.example
> AT+QIDNSGIP=
< \\r\\nOK\\r\\n
@ +100
< \\r\\n+QIURC: "dnsgip",0,2,300\\r\\n
< \\r\\n+QIURC: "dnsgip","192.0.2.1"\\r\\n
< \\r\\n+QIURC: "dnsgip","2001:db8::1"\\r\\n
> AT+QIDNSGIP=
< \\r\\nOK\\r\\n
< \\r\\n+QIURC: "dnsgip",565\\r\\n
! resolve 192.0.2.9
! query a"b
! query slow.example
! run 70000
""",
    "own": """! net 60000
! urc +QGPSURC
! at AT+CSQ
> AT+CSQ
< \\r\\n+CSQ: 20,99\\r\\n
< \\r\\n+QGPSURC: 1\\r\\n
< \\r\\nOK\\r\\n
! at AT+CMGS="1"
> AT+CMGS="1"
< \\r\\n>
>*
< \\r\\nOK\\r\\n
! at ATX\\r
! at AT+QLONG
> AT+QLONG
< \\r\\n+QLONG: LONG\\r\\nOK\\r\\n
""",
    "reset": """! net 60000
! socket 0 0
! connect 0 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! event 0 256
! run 1000
< \\r\\nRDY\\r\\n
@ +10
< \\r\\n+CPIN: READY\\r\\n
! net 60000
! socket 1 0
! connect 1 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! run 100
< \\r\\n+QIURC: "pdpdeact",1\\r\\n
! recv 1 10
! connect 1 0 80
> AT+QIOPEN=
< \\r\\n+CME ERROR: 3\\r\\n
> AT+QIGETERROR
< \\r\\n+QIGETERROR: 561,pdp\\r\\n\\r\\nOK\\r\\n
! run 30000
""",
    "lost-answers": """! net 60000
! socket 0 0
! connect 0 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! send 0 50
> AT+QISEND=0,50
< \\r\\n>
>*
! run 130000
> AT+CMEE?
@ +3500
< \\r\\n+CMEE: 1\\r\\n\\r\\nOK\\r\\n
> AT+QISEND=0,0
< \\r\\n+QISEND: 50,50,0\\r\\n\\r\\nOK\\r\\n
! run 1000
< \\r\\n+QIURC: "recv",0\\r\\n
> AT+QIRD=0,1500
< \\r\\n+QIRD: 20\\r\\nabcdefgh
! recv 0 30
> AT+QIRD=0,0
< \\r\\n+QIRD: 20,20,0\\r\\n\\r\\nOK\\r\\n
! run 1000
""",
    "send-fail": """! room 7
! net 60000
! socket 0 1
! option 0 1 5
! option 0 2 3000
! bind 0 4000
! timeout 0 9000
! connect 0 0 80
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,563\\r\\n
> AT+QIOPEN=
< \\r\\nOK\\r\\n
< \\r\\n+QIOPEN: 0,0\\r\\n
! send 0 3000
> AT+QISEND=
< \\r\\n>
>*
< \\r\\nSEND FAIL\\r\\n
> AT+QISEND=
< \\r\\nERROR\\r\\n
! poll 1000 5
! shutdown 9000
""",
    "silent": """! config 1
> AT
> ATE0
> AT+CPIN?
< \\r\\n+CME ERROR: 10\\r\\n
> AT+CPIN?
< \\r\\n+CPIN: SIM PIN\\r\\n\\r\\nOK\\r\\n
! net 20000
> AT+QIACT=1
< \\r\\nERROR\\r\\n
> AT+QIACT?
< \\r\\nOK\\r\\n
! net 90000
! timeout 0 0
! socket 0 0 6
! connect 0 4 80
! poll 5000 4
""",
}

URLS = ["http://example.com/", "example.com", "http://[2001:db8::1]:8080/a?b=c#d", "https://x/", "http://a:b@c/",
        "ftp://x",
        "http://example.com:99999/", "http://example.com?q", "http://" + "h" * 260, "//x", "http://x/\x7f", "x#y"]

RESPONSES = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.0 301 Moved\r\nLocation: http://example.com/\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nlocation: a\r\n b\r\nX: " + "y" * 600 + "\r\n\r\nto the end",
    "SSH-2.0-OpenSSH\r\n",
]

ARGS = [
    "--port\n/dev/ttyUSB2\n--apn\na,b,c\nget\n-o\nx\nhttp://x/",
    "-psim\nconnect\nexample.com\n80", "--help", "get\n--help",
    "--baud=9600\n--flow=rtscts\n--timeout=1.5\n-p\nx\nnet",
    "replay\nf.atlog\n--events", "--json\n--trace\nat\nAT+CSQ\n-p\ns",
    "--dialect\nqi\n--version", "--record\nf\n--", "--timeout\nnan", "--baud=1\n-pa\nnet", "--apn\na,b\nnet",
]


# A byte with switches, then a client of the proxy or, with switch 2, a datagram.
SOCKS = [
    "\0\5\1\0\5\1\0\3\x0bexample.com\0\x50GET", "\0\5\2\0\2\5\2\0\1\x7f\0\0\1\0\x50\x13",
    "\0\5\1\0\5\3\0\4" + "\0" * 15 + "\1\0\0\x11", "\1\5\1\2\1\4user\4word\5\1\0\1\x7f\0\0\1\0\x50",
    "\1\5\1\2\1\4user\5words", "\1\5\1\0", "\0\4\1\0\x50\x7f\0\0\1me\0", "\0GET / HTTP/1.1\r\n\r\n", "\0\5\1\0\5\1\0\2",
    "\0\5\1\0\5\x09\0\1\x7f\0\0\1\0\x50", "\0\5\1\0\5\1\0\3\0", "\0\5\1\0\5\1\0\3\4a\0bc\0\x50",
    "\2\0\0\0\1\x7f\0\0\1\0\x35data", "\2\0\0\0\3\3dns\0\x35data", "\2\0\0\0\4" + "\0" * 15 + "\1\0\x35data",
    "\2\0\0\1\1\x7f\0\0\1\0\x35", "\2\0\0\0\3\xff",
]


def seeds():
    lines = set()
    for path in TRANSCRIPTS:
        raw = module_bytes(path)
        yield "lexer", b"\x05" + raw[:LONGEST]
        yield "channel", channel_of(path)[:LONGEST]
        yield "atlog", path.read_bytes()[:LONGEST]
        yield "driver", driver_of(path)[:LONGEST]
        lines.update(re.findall(rb"\+[A-Z]+: [^\r]*", raw))
    for line in lines:
        yield "fields", b"\x06\x18\x11\x08\x13\x02\x01\x40" + line[:200]
    for text in SESSIONS.values():
        yield "driver", text.replace("LONG\\r", "a" * 210 + "\\r").encode()
    for text in URLS:
        yield "url", b"\x00\x40" + text.encode("latin-1")
    for text in RESPONSES:
        yield "response", b"\x07" + text.encode()
    for text in ARGS:
        yield "args", text.encode()
    for text in SOCKS:
        yield "socks", text.encode("latin-1")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, data in seeds():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
