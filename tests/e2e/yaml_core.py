"""YAML as editors read it: plain scalars by the core schema of YAML 1.2, where `on` and `no` are text. PyYAML alone goes by 1.1."""
import re

import yaml


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


def _float(loader, node):
    return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _int(loader, node):
    return int(node.value, {"0o": 8, "0x": 16}.get(node.value[:2], 10))


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
Loader.add_constructor("tag:yaml.org,2002:int", _int)
Loader.add_constructor("tag:yaml.org,2002:float", _float)


def load(text):
    return yaml.load(text, Loader=Loader)


def dump(document):
    """Text that both we and editors read as `document`: flow style, every text in double quotes."""
    return yaml.dump(document, default_flow_style=True, default_style=None, width=1 << 20, allow_unicode=True, sort_keys=False)
