#!/usr/bin/env python3
"""Writes files as a C table of struct embedded_file (src/base/embedded.h).

usage: embed.py OUT.c SYMBOL FILE...
"""
import hashlib
import pathlib
import sys

BYTES_A_LINE = 16


def c_bytes(data):
    """Character constants: they fit a char whether it is signed or not. A string literal may have only 4095 characters."""
    constants = [f"'\\x{byte:02x}'," for byte in data + b"\0"]
    lines = [constants[i : i + BYTES_A_LINE] for i in range(0, len(constants), BYTES_A_LINE)]
    return "\n".join("    " + " ".join(line) for line in lines)


def c_table(symbol, paths):
    arrays, rows = [], []
    for i, path in enumerate(paths):
        data = path.read_bytes()
        arrays.append(f"static const char bytes_{i}[] = {{\n{c_bytes(data)}\n}};\n")
        rows.append(
            f'    {{ .name = "{path.name}", .text = {{ .ptr = bytes_{i}, .len = {len(data)} }},\n'
            f'      .etag = "{hashlib.sha256(data).hexdigest()}" }},\n'
        )
    return (
        '#include "src/base/embedded.h"\n\n'
        + "".join(arrays)
        + f"\nextern const struct embedded_file {symbol}[];\n"
        + f"const struct embedded_file {symbol}[] = {{\n"
        + "".join(rows)
        + "    { .name = NULL },\n};\n"
    )


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__)
    out, symbol, *files = arguments
    paths = [pathlib.Path(name) for name in files]
    if len({path.name for path in paths}) != len(paths):
        sys.exit("embed.py: two files of the same name")
    pathlib.Path(out).write_text(c_table(symbol, paths), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
