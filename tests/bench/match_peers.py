"""Programs of others that look for many patterns in a log: their files of rules, and how each is run (PEERS.md)."""
import re


class Peer:
    """`write` makes its rules; `command` reads a log to its end. What it finds is in its file `hits` or in what it says."""

    def __init__(self, directory):
        self.rules = directory / f"{self.program}.rules"
        self.hits = directory / f"{self.program}.hits"

    def write(self, rules):
        self.rules.write_text(self.head() + "".join(self.rule(number, "i" in flag, pattern) for number, flag, pattern in rules))
        self.hits.write_text("")

    def head(self):
        return ""

    def n_hits(self, _said):
        return len(self.hits.read_text().splitlines())


class Sec(Peer):
    name, program = "SEC", "sec"

    def rule(self, number, folds_case, pattern):
        return f"type=Single\nptype=RegExp\npattern={'(?i)' if folds_case else ''}{pattern}\ncontinue=TakeNext\ndesc=rule {number}\naction=write {self.hits} {number}\n\n"

    def command(self, log):
        return ["sec", f"--conf={self.rules}", f"--input={log}", "--notail", "--debug=2"]


class Fail2ban(Peer):
    name, program = "fail2ban-regex", "fail2ban-regex"

    def __init__(self, directory):
        super().__init__(directory)
        self.rules = self.rules.with_suffix(".conf")  # else it takes the name for a pattern

    def head(self):
        return "[Definition]\ndatepattern = {NONE}\nignoreregex =\nfailregex ="

    def rule(self, number, folds_case, pattern):
        # % is its own. What is banned has to be named, so that is the whole match.
        return f" {'(?i)' if folds_case else ''}<F-ID>{pattern.replace('%', '%%')}</F-ID>\n"

    def command(self, log):
        return ["fail2ban-regex", "--print-no-missed", "--print-no-ignored", str(log), str(self.rules)]

    def n_hits(self, said):
        return int((re.search(r"(\d+) matched", said) or [0, 0])[1])


class SyslogNg(Peer):
    name, program = "syslog-ng", "syslog-ng"

    def head(self):
        return ("@version: 3.38\noptions { stats-freq(0); };\nsource lines { stdin(flags(no-parse) log-fetch-limit(1000) log-iw-size(10000)); };\n"
                f'destination hits {{ file("{self.hits}" template("$MSG\\n") log-fifo-size(100000)); }};\n')

    def rule(self, number, folds_case, pattern):
        quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
        flags = " flags(ignore-case)" if folds_case else ""
        return (f'filter f{number} {{ match("{quoted}" value("MESSAGE") type("pcre"){flags}); }};\n'
                f"log {{ source(lines); filter(f{number}); destination(hits); }};\n")

    def command(self, log):
        own = [f"{self.rules}.{what}" for what in ("persist", "pid", "control")]
        run = 'exec syslog-ng --foreground --cfgfile "$1" --persist-file "$2" --pidfile "$3" --control "$4" < <(cat "$5")'
        return ["bash", "-c", run, "bash", str(self.rules), *own, str(log)]  # a pipe: it does not read files from its input


PEERS = (Sec, Fail2ban, SyslogNg)
