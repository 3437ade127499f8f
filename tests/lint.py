"""House rules that a compiler does not know: who may include whom, which library stops in which file,
words and flags that must not come in. Prints each breach as file:line and fails when there is one."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The floors, lowest first. A folder includes itself and what stands below; folders of one floor never each other.
FLOORS = [
    ["src/base"],
    ["src/store"],
    ["watchers", "rules", "actions"],
    ["src/config"],
    ["src/engine"],
    ["src/daemon"],
    ["src/cli"],
    ["src"],
]
# One library, one file (or a few): its codes, limits and quirks stop there.
LIBRARIES = {
    "lmdb.h": r"src/store/store\w*\.c",
    "pcre2.h": r"src/base/pattern\.c",
    "microhttpd.h": r"src/daemon/http\w*\.[ch]",
    "systemd/": r"src/daemon/http_inherit\.c",
    "curl/curl.h": r"src/base/(http_client|websocket)\w*\.[ch]",
    "cjson/cJSON.h": r"src/base/json\.c",
    "yaml.h": r"src/base/document\.c",
    "gnutls/": r"src/(base/(digest|public_key)\.c|daemon/http_tls(_private\.h|\.c))",
    "zlib.h": r"src/base/gzip_file\.c",
    "libdeflate.h": r"src/base/digest\.c",
    "lz4.h": r"src/store/packing\.c",
    "glib.h": r"src/(store/store_memory|base/time_zone|base/map)\.c",
}
FORBIDDEN = [
    (r"\bMDB_(NOSYNC|NOMETASYNC|MAPASYNC|WRITEMAP|DUPSORT)\b", "a flag that trades durability, or a table with known faults"),
    (r"\bsetlocale\s*\(", "locales: cJSON and strtod read numbers by them"),
    (r"\bcJSON_GetObjectItem\s*\(", "folds the case of keys: cJSON_GetObjectItemCaseSensitive"),
    (r"\b(system|popen)\s*\(", "a shell"),
    (r"\bwaitpid\s*\(\s*-1", "reaps children of others"),
    (r"\b(TODO|FIXME|XXX)\b", "unfinished"),
]


def sources():
    folders = ("src", "watchers", "rules", "actions")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.[ch]")]
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def floor_of(name):
    """The floor and the folder of a file or an include; (None, None) for a system header."""
    best = (None, None)
    for level, folders in enumerate(FLOORS):
        for folder in folders:
            if name.startswith(folder + "/") and len(folder) > len(best[1] or ""):
                best = (level, folder)
    return best


def check_include(name, include):
    level, folder = floor_of(name)
    other_level, other = floor_of(include)
    if other is None:
        return None if "/" in include and not include.startswith(("src/",)) else "includes name the folder: \"src/…\""
    if other == folder or other_level < level:
        return None
    if other_level == level:
        return f"{folder} and {other} stand beside each other: neither includes the other"
    return f"{folder} stands below {other}: calls go down only"


def breaches(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        quoted = re.match(r'\s*#include "([^"]+)"', line)
        system = re.match(r"\s*#include <([^>]+)>", line)
        if quoted:
            why = check_include(name, quoted.group(1))
            if why:
                yield number, why
        if system:
            for header, allowed in LIBRARIES.items():
                if system.group(1).startswith(header) and not re.fullmatch(allowed, name):
                    yield number, f"<{header}> stops in {allowed}"
        for pattern, why in FORBIDDEN:
            if re.search(pattern, line):
                yield number, why


def main():
    found = [f"{name}:{number}: {why}" for name in sources() for number, why in breaches(name)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
