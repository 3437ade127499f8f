"""Writes numbered lines into a log at a steady rate, in a process of its own, and opens it again when it gets SIGHUP, as daemons do.

usage: log_writer.py FILE LINES_A_SECOND SECONDS

A line is `<time> app[PID]: n=BUCKET.I …`, BUCKET the number of full BUCKET_LINES before it. Prints how many it wrote.
"""
import os
import signal
import sys
import time

BUCKET_LINES = 1000
TICK = 0.01


def open_log(path):
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def main(path, rate, seconds):
    reopen = []
    signal.signal(signal.SIGHUP, lambda *_: reopen.append(True))
    fd = open_log(path)
    start = time.monotonic()
    n = 0
    print("ready", flush=True)
    while (now := time.monotonic() - start) < seconds:
        if reopen:
            reopen.clear()
            os.close(fd)
            fd = open_log(path)
        due = int(now * rate)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = "".join(f"{stamp} app[{os.getpid()}]: n={i // BUCKET_LINES}.{i % BUCKET_LINES} something happened here and there\n" for i in range(n, due))
        data = memoryview(text.encode())
        while data:
            data = data[os.write(fd, data):]
        n = due
        time.sleep(TICK)
    # The last bucket is filled, so that all are equal.
    rest = -n % BUCKET_LINES
    os.write(fd, "".join(f"{stamp} app[{os.getpid()}]: n={i // BUCKET_LINES}.{i % BUCKET_LINES} the end\n" for i in range(n, n + rest)).encode())
    print(n + rest, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
