"""What the measures of matching work on: a log, nested sets of rules, and the truth, the same bytes for the same numbers. Also a program:

usage: match_data.py DIR [--lines N]

DIR gets, as the measures want them (`run.py --match-data DIR` takes any directory of this layout):

    log-1M.log        a million lines of about 120 bytes: syslog, JSON, logfmt, application and access logs
    truth-1M.tsv      LINE<TAB>RULE for each match, lines from 1
    rules-N.tsv       RULE<TAB>FLAG<TAB>PATTERN with N of 10, 100, 1000, 10000: the first N rules; FLAG is `i` (whatever the case) or `-`
    lit-N.tsv         the same without those rules (one in twenty) that hold no word that could be searched for

Of a thousand lines one matches a rule, and five nearly do: what a rule asks for is said of a service that no rule names, or something else of the rule's service. Each pair of service and trouble has one rule, so that
a line has one rule at most, and each trouble is that of 250 rules: to find its words is not to know the rule.
"""
import argparse
import pathlib
import random

SIZES = (10, 100, 1000, 10_000)
FIRST_SECOND = 1_767_000_000
MAX_FILE_BYTES = 900_000  # of YAML: a file of rules may have 1 MiB
NO_WORD = 7  # of a family, below

AREAS = "cart fraud label ledger parcel refund stock ticket voucher wallet pricing loyalty returns invoice address courier pickup coupon dispatch receipt claims tariff customs manifest warranty".split()
PARTS = "intake rater mapper syncer gate planner broker runner mirror keeper".split()
SERVICES = [f"{area}-{part}" for area in AREAS for part in PARTS]
STRANGERS = [f"{area}-{part}" for area in AREAS for part in ("sandbox", "canary", "drill")]
TROUBLES = [
    "upstream hung up before the answer", "no route to the storage network", "write barrier was not acknowledged", "token signature does not verify", "page cache is thrashing",
    "commit log is out of order", "follower fell behind the leader", "index rebuild was abandoned", "spool directory is full", "lease was lost to another holder",
    "message exceeds the limit of the broker", "cannot resolve the name of the peer", "handshake took too long", "heartbeat missed three times", "inode table is exhausted",
    "worker died with its hands full", "retry allowance is used up", "schema is newer than this program", "shard map does not agree", "garbage collector ran for too long",
    "descriptor table is full", "clock is ahead of the cluster", "checkpoint cannot be read back", "quorum is not reached", "socket buffer overran",
    "certificate chain is incomplete", "role may not read this table", "mirror copy differs from its source", "cursor was closed by the server", "volume is mounted read-only",
    "queue grows faster than it drains", "parser gave up on the record", "transaction was chosen as the victim", "secret is past its rotation date", "probe answered with the wrong version",
    "throttled by the rate limiter", "stale handle after failover", "ring buffer dropped samples", "batch was rolled back twice", "address is already bound",
]
OTHER_TROUBLES = ["answer came after the deadline", "disk is slower than expected", "peer speaks an older protocol", "cache was cold after the restart", "record was seen before",
                  "pool is nearly used up", "file was removed meanwhile", "reply has an unknown field"]
CLASSES = "Intake Rating Mapping Syncing Gating Planning Brokering Running Mirroring Keeping".split()
QUIET = ["request served", "cache entry renewed", "batch written", "peer joined", "lease extended", "nothing to do", "settings reread", "upload accepted", "session opened",
         "session closed", "snapshot kept", "probe passed", "job queued", "job finished"]
HOSTS = ["front-01", "front-02", "store-07", "store-08", "node-a17", "node-b03", "edge-osl", "build-4"]
USERS = ["root", "deploy", "nightly", "backup", "www-data", "maria", "tomas"]
PATHS = ["/api/orders", "/api/items", "/ready", "/assets/site.css", "/account/sign-in", "/search", "/api/prices"]


# --- rules ---


def service_of(number):
    return SERVICES[number % 250]


def trouble_of(number):
    return TROUBLES[(number + number // 250) % 40]


def class_of(number):
    return f"{CLASSES[number % 10]}{CLASSES[number // 10 % 10]}{number}"


def widths_of(number):
    """How many digits, letters, digits a ticket of this rule has: no two rules agree."""
    nth = number // 20
    return 1 + nth % 8, 1 + nth // 8 % 8, 1 + nth // 64


def ticket(dice, number, is_near):
    digits, letters, more = widths_of(number)
    letters = 9 if is_near else letters
    return (dice.choice("ABCDEFGH") + "".join(dice.choices("0123456789", k=digits)) + "".join(dice.choices("klmnop", k=letters)) +
            "".join(dice.choices("0123456789", k=more)) + dice.choice("UVWXYZ"))


# Each writes the pattern of a rule about `service` and `trouble` (with what is told of it by `number`), and a line that it matches. One row for each twentieth of the rules.
def in_syslog(number, service, trouble):
    return rf"{service}\[(\d+)\]: error: {trouble} \(code (\d+)\)", "-"


def from_the_start(number, service, trouble):
    return rf"^\w{{3}} [ \d]\d (?:\d\d:){{2}}\d\d \S+ {service}\[\d+\]: (?:warning|notice): {trouble}", "-"


def in_json(number, service, trouble):
    return rf'"level":"(?:error|fatal)".*"service":"{service}".*"event":"{trouble}([^"]*)"', "-"


def in_any_case(number, service, trouble):
    return rf"\b{service}: {trouble}\b", "i"


def with_a_code(number, service, trouble):
    return rf"E-{number:05d}: {trouble}", "-"


def in_logfmt(number, service, trouble):
    return rf'level=(?:error|crit)\b.*svc={service}\b.*reason="{trouble}: try (\d+)', "-"


def to_the_end(number, service, trouble):
    return rf"exited with (?:status|signal) ([1-9]\d*) unit={service}@{number}\.service$", "-"


def without_a_word(number, service, trouble):
    digits, letters, more = widths_of(number)
    return rf"\b[A-H][0-9]{{{digits}}}[k-p]{{{letters}}}[0-9]{{{more}}}[U-Z]\b", "-"


def of_a_class(number, service, trouble):
    return rf"(?:FATAL|SEVERE|ERROR) .*\b{class_of(number)}Fault: (aborted|refused|expired) after (\d+)ms", "-"


def of_a_slow_answer(number, service, trouble):
    return rf'^\{{"ts":"[^"]+","level":"(?:warn|error)".*"ms":(?:[5-9]\d\d|\d{{4,}}),.*"route":"/{service}/v\d+/([^"]+)".*"why":"{trouble}"', "-"


def of_a_request(number, service, trouble):
    return rf'"(?:GET|POST|PUT) /{service}/v\d+/([^/ ]+) HTTP/1\.[01]" 5\d\d \d+ .*\((?i:{trouble})\)$', "-"


FAMILIES = [in_syslog, of_a_class, in_json, from_the_start, in_any_case, with_a_code, in_logfmt, without_a_word, to_the_end, of_a_slow_answer,
            in_syslog, in_json, in_logfmt, in_any_case, with_a_code, of_a_class, in_json, to_the_end, in_logfmt, of_a_request]


def rules(n_rules, is_literal=False):
    """(number, flag, pattern) of the first `n_rules`."""
    made = []
    for number in range(n_rules):
        if not is_literal or number % 20 != NO_WORD:
            pattern, flag = FAMILIES[number % 20](number, service_of(number), trouble_of(number))
            made.append((number, flag, pattern))
    return made


# --- lines ---


class Lines:
    """A line after the other, with the rule that it matches or None."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.n_ms = 0

    def below(self, limit):
        return int(self.dice.random() * limit)

    def one_of(self, items):
        return items[int(self.dice.random() * len(items))]

    def tell_time(self):
        """A hundred lines a second; the texts of a second are made once."""
        self.n_ms += 10
        if self.n_ms % 1000 == 10:
            second = self.n_ms // 1000
            hours, minutes, seconds = second // 3600 % 24, second // 60 % 60, second % 60
            day = 1 + second // 86400 % 28
            self.clock = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
            self.syslog, self.iso, self.access = f"Jan {day:2d} {self.clock}", f"2026-01-{day:02d}T{self.clock}", f"{day:02d}/Jan/2026:{self.clock} +0000"

    def trace(self):
        return f"{self.dice.getrandbits(64):016x}"

    def address(self):
        bits = self.dice.getrandbits(24)
        return f"10.{bits >> 16}.{bits >> 8 & 255}.{bits & 255}"

    def quiet(self):
        kind = self.below(100)
        below, one_of = self.below, self.one_of
        if kind < 12:
            return f"{self.syslog} {one_of(HOSTS)} sshd[{below(60000)}]: Accepted publickey for {one_of(USERS)} from {self.address()} port {below(60000)} ssh2: ED25519 SHA256:{self.trace()}"
        if kind < 17:
            return f'{self.syslog} {one_of(HOSTS)} kernel: [{below(900000)}.{below(1000000):06d}] audit: type=1400 apparmor="ALLOWED" operation="open" pid={below(60000)} comm="{one_of(PARTS)}"'
        if kind < 22:
            return f"{self.syslog} {one_of(HOSTS)} systemd[1]: Started Session {below(90000)} of user {one_of(USERS)}, slice user-{below(2000)}.slice, for {one_of(QUIET)}."
        if kind < 26:
            return f"{self.syslog} {one_of(HOSTS)} CRON[{below(60000)}]: ({one_of(USERS)}) CMD (test -x /usr/sbin/tidy && /usr/sbin/tidy --older-than {below(90)}d >/dev/null 2>&1)"
        if kind < 45:
            return f"{self.syslog} {one_of(HOSTS)} {one_of(SERVICES)}[{below(60000)}]: info: {one_of(QUIET)} id={self.trace()} took {below(900)}ms"
        if kind < 65:
            level = "error" if below(20) == 0 else "info"
            return f'{{"ts":"{self.iso}.{below(1000):03d}Z","level":"{level}","service":"{one_of(SERVICES)}","event":"{one_of(QUIET)}","trace":"{self.trace()}","ms":{below(1200)}}}'
        if kind < 75:
            return f'{{"ts":"{self.iso}.{below(1000):03d}Z","level":"info","ms":{below(1500)},"status":200,"route":"/{one_of(SERVICES)}/v{below(7)}/{below(100000)}","peer":"{self.address()}"}}'
        if kind < 85:
            level = "ERROR" if below(25) == 0 else "INFO "
            return f"{self.iso}.{below(1000):03d}Z {level} [exec-{below(64)}] org.shop.{one_of(AREAS)}.Dispatcher - {one_of(QUIET)} for account {below(1000000)} in {below(900)}ms"
        if kind < 93:
            level = "error" if below(30) == 0 else "info"
            return f'time={self.iso}.{below(1000):03d}Z level={level} svc={one_of(SERVICES)} msg="{one_of(QUIET)}" attempt={1 + below(4)} trace={self.trace()}'
        status = 502 if below(40) == 0 else 200
        return f'{self.address()} - - [{self.access}] "GET {one_of(PATHS)} HTTP/1.1" {status} {below(90000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'

    def loud(self, number, is_near):
        """What rule `number` asks for; not quite, where it is only near."""
        below, family, trouble, service = self.below, FAMILIES[number % 20], trouble_of(number), service_of(number)
        if is_near and below(2):
            service = self.one_of(STRANGERS)
        elif is_near:
            trouble = self.one_of(OTHER_TROUBLES)
        head = f"{self.syslog} {self.one_of(HOSTS)}"
        if family is in_syslog:
            return f"{head} {service}[{below(60000)}]: error: {trouble} (code {below(900)}) at {self.trace()}"
        if family is from_the_start:
            return f"{head} {service}[{below(60000)}]: {self.one_of(['warning', 'notice'])}: {trouble} while serving {self.trace()}"
        if family is in_json:
            return f'{{"ts":"{self.iso}.{below(1000):03d}Z","level":"error","service":"{service}","event":"{trouble} ({below(1000)})","trace":"{self.trace()}"}}'
        if family is in_any_case:
            said = f"{service}: {trouble}"
            return f"{head} app[{below(60000)}]: WARN {said.upper() if below(2) else said} ({self.trace()})"
        if family is with_a_code:
            return f"{self.iso}.{below(1000):03d}Z ERROR job {self.trace()}: E-{number + 10_000 * is_near:05d}: {trouble} on shard {below(64)}"
        if family is in_logfmt:
            return f'time={self.iso}.{below(1000):03d}Z level=error svc={service} trace={self.trace()} reason="{trouble}: try {1 + below(9)}"'
        if family is to_the_end:
            code = 0 if is_near else 1 + below(120)
            return f"{head} systemd[1]: main process {below(60000)} of {self.trace()} exited with {self.one_of(['status', 'signal'])} {code} unit={service}@{number}.service"
        if family is without_a_word:
            return f"{head} app[{below(60000)}]: ticket {ticket(self.dice, number, is_near)} raised for {service} by monitor {self.trace()}"
        if family is of_a_class:
            end = "finished" if is_near else self.one_of(["aborted", "refused", "expired"])
            return f"{self.iso}.{below(1000):03d}Z ERROR [exec-{below(64)}] org.shop.jobs - {class_of(number)}Fault: {end} after {below(90000)}ms trace={self.trace()}"
        if family is of_a_slow_answer:
            return f'{{"ts":"{self.iso}.{below(1000):03d}Z","level":"warn","ms":{1000 + below(9000)},"status":504,"route":"/{service}/v{below(7)}/{below(100000)}","why":"{trouble}"}}'
        said = trouble.capitalize() if below(2) else trouble
        return f'{self.address()} - - [{self.access}] "POST /{service}/v{below(7)}/{self.trace()} HTTP/1.1" 503 {below(9000)} "-" ({said})'

    def next(self):
        self.tell_time()
        lot = self.below(10_000)
        if lot < 10:  # often the first rules: a small set shall have something to find
            number = self.below(SIZES[(0, 0, 0, 0, 1, 1, 2, 2, 3, 3)[lot]])
            return self.loud(number, False), number
        if lot < 60:
            return self.loud(self.below(SIZES[-1]), True), None
        return self.quiet(), None


# --- files ---


def label(n_lines):
    for unit, n in (("M", 1_000_000), ("k", 1000)):
        if n_lines % n == 0:
            return f"{n_lines // n}{unit}"
    return str(n_lines)


def write_log(directory, n_lines, seed=1):
    """The log and its truth, unless they are there."""
    log, truth = directory / f"log-{label(n_lines)}.log", directory / f"truth-{label(n_lines)}.tsv"
    if log.exists() and truth.exists():
        return log, truth
    lines = Lines(seed)
    with open(log, "w", encoding="ascii", buffering=1 << 20) as out, open(truth, "w", encoding="ascii") as told:
        for n in range(1, n_lines + 1):
            text, number = lines.next()
            out.write(text + "\n")
            if number is not None:
                told.write(f"{n}\t{number}\n")
    return log, truth


def write_loud(directory, numbers, seed=1):
    """A log of nothing but matches of these rules and what nearly is one, in turns, and its truth."""
    lines, log, truth = Lines(seed), directory / "log-loud.log", directory / "truth-loud.tsv"
    texts, told = [], []
    for number in numbers:
        for is_near in (False, True):
            lines.tell_time()
            texts.append(lines.loud(number, is_near))
            told += [] if is_near else [f"{len(texts)}\t{number}"]
    log.write_text("\n".join(texts) + "\n")
    truth.write_text("\n".join(told) + "\n")
    return log, truth


def write_rules(directory):
    for n_rules in SIZES:
        for name, is_literal in (("rules", False), ("lit", True)):
            made = ["\t".join([str(number), flag, pattern]) for number, flag, pattern in rules(n_rules, is_literal)]
            (directory / f"{name}-{n_rules}.tsv").write_text("\n".join(made) + "\n")


def read_rules(path):
    """(number, flag, pattern) of each line."""
    return [tuple(line.split("\t", 2)) for line in pathlib.Path(path).read_text().splitlines()]


def read_truth(path, numbers):
    """{(line, rule)} of the rules in `numbers`, both as text."""
    pairs = (tuple(line.split("\t")) for line in pathlib.Path(path).read_text().splitlines())
    return {(line, rule) for line, rule in pairs if rule in numbers}


def write_yaml(made, directory, members=""):
    """Rules as files of ours: `rN` for rule N, each with the same further members."""
    directory.mkdir(parents=True, exist_ok=True)
    n_files, text = 0, ""
    for number, flag, pattern in made:
        quoted = pattern.replace("'", "''")
        text += f"  - {{id: r{number}, on: log, mode: observe, match: '/{quoted}/{'i' if flag == 'i' else ''}'{members}}}\n"
        if len(text) > MAX_FILE_BYTES or number == made[-1][0]:
            (directory / f"{n_files:02d}.yaml").write_text("rules:\n" + text)
            n_files, text = n_files + 1, ""
    return directory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    write_rules(options.directory)
    write_log(options.directory, options.lines)


if __name__ == "__main__":
    main()
