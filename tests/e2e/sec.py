"""SEC on lines with times of our making: its clock stands where a file says, and the next second begins once it has said that it is done with this one."""
import calendar
import pathlib
import shutil
import subprocess
import time

PROGRAM = shutil.which("sec")
FAKETIME = next(iter(sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
NOON = "2026-11-29 12:00:00"
# The last rule: once it has written, whatever stood before it has been looked at.
END_OF_SECOND = """
type=Single
ptype=RegExp
pattern=^second (\\d+) (begins|ends)$
desc=the driver's
action=write - done $1 $2
"""


class Sec:
    """`rules` tell with `write - said WORDS`."""

    def __init__(self, directory, rules):
        self.clock = directory / "sec.clock"
        conf = directory / "sec.conf"
        conf.write_text(rules + END_OF_SECOND)
        self._stand_at(0)
        self.process = subprocess.Popen(
            [PROGRAM, f"--conf={conf}", "--input=-", "--cleantime=0", "--poll-timeout=0.01", "--debug=1", f"--log={directory / 'sec.log'}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1"})

    def _stand_at(self, second):
        noon = calendar.timegm(time.strptime(NOON, "%Y-%m-%d %H:%M:%S"))
        new = self.clock.with_suffix(".new")
        new.write_text(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(noon + second)))
        new.replace(self.clock)

    def live_through(self, lines, until):
        """`lines` are (second, text); returns what was said, as (second, words)."""
        said = []
        for second in range(until):
            self._stand_at(second)
            # SEC looks at its windows after each line: what ends with this second does so before the lines of it come.
            self._write([f"second {second} begins", *[text for at, text in lines if at == second], f"second {second} ends"])
            said += [(second, words) for words in self._read_to(f"done {second} ends")]
        return said

    def _write(self, lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def _read_to(self, end):
        said = []
        for line in self.process.stdout:
            line = line.strip()
            if line == end:
                return said
            if line.startswith("said "):
                said.append(line.removeprefix("said "))
        raise AssertionError("SEC has ended")

    def end(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
