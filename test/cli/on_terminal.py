#!/usr/bin/env python3
"""on_terminal.py COLUMNS PROGRAM ARGUMENT... - run it on a terminal of that width (24 lines) and
print all that it was sent; the exit code is the program's.
on_terminal.py --fits COLUMNS [BEGINNING] - is nothing of stdin wider than that?  Prints what is.
BEGINNING: only of what begins with this regular expression."""
import fcntl
import os
import pty
import re
import struct
import sys
import termios
import unicodedata


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in text)


def fits(columns, beginning=""):
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    wide = [part for part in re.split(r"[\r\n]+", text) 
            if re.match(beginning, part) and width(part) > columns]
    for part in wide:
        print(f"{width(part)} columns: {part!r}")
    return 1 if wide else 0


def run(columns, argv):
    pid, fd = pty.fork()
    if pid == 0:
        # Wait for the size: the parent sets it, then sends a line.
        sys.stdin.readline()
        os.execv(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    modes = termios.tcgetattr(fd)
    modes[3] &= ~termios.ECHO
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(fd, termios.TCSANOW, modes)
    os.write(fd, b"\n")
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:  # the other side is closed
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if sys.argv[1] == "--fits":
    sys.exit(fits(int(sys.argv[2]), *sys.argv[3:]))
sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
