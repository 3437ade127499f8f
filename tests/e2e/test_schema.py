"""`vedette schema`: editors are told what the loader reads. What `check` takes is valid, and each member is known to both."""
import concurrent.futures
import copy
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import jsonschema
import yaml_core
from harness import BINARY, ROOT

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = {"rules": HERE / "schema/rules.yaml", "config": HERE / "schema/config.yaml"}
SECRETS = ["github.secret", "one.token", "two.token", "s", "c", "l", "t", "jane.token", "proxy.secret", "forge.secret"]
STRANGE = "frobnicate"


def refuse_doubles(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), f"a name twice among {[name for name, _ in pairs]}"
    return dict(pairs)


def printed(kind):
    done = subprocess.run([BINARY, "schema", kind], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_pairs_hook=refuse_doubles)


def leaves(error):
    """The errors behind one: of alternatives, those of each."""
    if not error.context:
        yield error
    for inner in error.context or ():
        yield from leaves(inner)


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schemas = {kind: printed(kind) for kind in SAMPLES}
        cls.validators = {kind: jsonschema.Draft7Validator(schema) for kind, schema in cls.schemas.items()}

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="vedette-schema-"))
        self.addCleanup(shutil.rmtree, self.scratch, True)

    def faults(self, kind, document):
        return [f"{list(leaf.absolute_path)}: {leaf.message}" for error in self.validators[kind].iter_errors(document) for leaf in leaves(error)]

    def assert_valid(self, kind, text, what):
        self.assertEqual(self.faults(kind, yaml_core.load(text)), [], what)

    def check(self, kind, document):
        """What `vedette check` says of it, in a place of its own: (is it valid, what it said)."""
        where = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        (where / "rules.d").mkdir()
        texts = {name: path.read_text() for name, path in SAMPLES.items()}
        texts[kind] = document if isinstance(document, str) else yaml_core.dump(document)
        (where / "vedette.yaml").write_text(texts["config"])
        if kind == "rules":
            (where / "rules.d/all.yaml").write_text(texts["rules"])
            (where / "rules.d/ping.json").write_text("{}")  # which a test of it names
        done = subprocess.run([BINARY, "check", "-c", "vedette.yaml"], cwd=where, capture_output=True, text=True, timeout=60)
        shutil.rmtree(where)
        return done.returncode == 0, done.stdout + done.stderr

    def each_check(self, kind, documents):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda document: self.check(kind, document), documents))


class ValidFiles(SchemaTest):
    def test_schemas_are_schemas(self):
        for schema in self.schemas.values():
            jsonschema.Draft7Validator.check_schema(schema)

    def test_the_samples_are_valid_for_check_and_schema(self):
        for kind, path in SAMPLES.items():
            self.assert_valid(kind, path.read_text(), path.name)
            self.assertTrue(*self.check(kind, path.read_text()))

    def test_every_shipped_file_is_valid(self):
        rules = [*ROOT.glob("rules.d/*.yaml"), *HERE.glob("rules/*.yaml"), *ROOT.glob("tests/fixtures/rules/*.yaml")]
        configs = [*ROOT.glob("packaging/mappings/*.yaml"), ROOT / "packaging/vedette.yaml.example", ROOT / "src/config/default.yaml"]
        self.assertGreater(len(rules), 8)
        self.assertGreater(len(configs), 10)
        for kind, paths in (("rules", rules), ("config", configs)):
            for path in paths:
                self.assert_valid(kind, path.read_text(), path)

    def test_what_the_example_comments_out_is_valid(self):
        text = (ROOT / "packaging/vedette.yaml.example").read_text()
        for line in re.findall(r"^#([a-z_]+: [^#\n]*)", text, re.M):
            self.assert_valid("config", line, line)

    def test_the_examples_of_the_readme_are_valid(self):
        kinds = {"rules": 0, "config": 0}
        for block in re.findall(r"^ *```yaml\n(.*?)^ *```", (ROOT / "README.md").read_text(), re.M | re.S):
            document = yaml_core.load(block)
            kind = "rules" if {"rules", "tests", "lists"} & set(document) else "config"
            if "route" in document or "receivers" in document:
                continue  # of Alertmanager
            self.assertEqual(self.faults(kind, document), [], block)
            kinds[kind] += 1
        self.assertGreater(min(kinds.values()), 1, kinds)


class Modelines(SchemaTest):
    def test_every_file_that_people_edit_names_a_schema_that_is_there_once_it_is_installed(self):
        installed = {"rules.d": "rules.d", "packaging/mappings": "mappings", "packaging/vedette.yaml.example": "vedette.yaml.example"}
        (self.scratch / "schema").mkdir()
        for kind in SAMPLES:
            (self.scratch / f"schema/{kind}.json").write_text(kind)
        for source, name in installed.items():
            paths = [ROOT / source] if (ROOT / source).is_file() else sorted((ROOT / source).glob("*.yaml"))
            for path in paths:
                there = self.scratch / name if len(paths) == 1 and path.name == name else self.scratch / name / path.name
                self.assertEqual(self.named_by(path.read_text(), there), "rules" if name == "rules.d" else "config", path)

    def named_by(self, text, path):
        relative = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        self.assertTrue(relative, path)
        return (path.parent / relative.group(1)).resolve().read_text()

    def test_init_writes_the_schemas_that_its_files_name(self):
        done = subprocess.run([BINARY, "init", self.scratch / "watch"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for kind, name in (("config", "vedette.yaml"), ("rules", "rules.d/ci.yaml")):
            path = self.scratch / "watch" / name
            self.assertEqual(json.loads(self.named_by(path.read_text(), path)), self.schemas[kind])
            self.assert_valid(kind, path.read_text(), name)


INVALID = {
    "rules": [
        "rules: [{id: a, on: alert, whn: {count: 5, within: 10m}}]",
        "rules: [{id: a, on: alert, when: {count: 5, wihtin: 10m}}]",
        "rules: [{id: a, on: alert, when: {cuont: 5, within: 10m}}]",
        "rules: [{id: a, on: alert, when: {count: 5}}]",
        "rules: [{id: a, on: alert, when: {count: 5, within: 10}}]",
        "rules: [{id: a, on: alert, when: {count: 0, within: 10m}}]",
        "rules: [{id: a, on: alert, when: {count: many, within: 10m}}]",
        "rules: [{id: a, on: alert, where: {host: {exsts: true}}}]",
        "rules: [{id: a, on: alert, where: [host]}]",
        "rules: [{id: a, on: alert, match: error}]",
        "rules: [{id: a, on: alert, severity: hgh}]",
        "rules: [{id: a, on: alert, title: [a]}]",
        "rules: [{id: a, on: alert, lateness: 5}]",
        "rules: [{id: 'a b', on: alert}]",
        "rules: [{on: alert}]",
        "rules: {id: a, on: alert}",
        "rules: [{id: a, on: alert, clear: nver}]",
        "rules: [{id: a, on: alert, verify: {okay: 1h}}]",
        "rules: [{id: a, on: alert, diagnose: {evidence: [{lgo: app}]}}]",
        "rules: [{id: a, on: alert, propose: {plan: [{do: x, wth: {a: b}}]}}]",
        "rules: [{id: a, on: alert, diagnose: {agent: x}}]",
        "rule: []",
    ],
    "config": [
        "watchers: [{webhok: github}]",
        "watchers: [{webhook: githb, secret_file: x}]",
        "watchers: [{webhook: github, secrt_file: x}]",
        "watchers: [{log: /x, fomat: json}]",
        "watchers: [{log: /x, format: jsn}]",
        "watchers: {webhook: github}",
        "channels: {slack: {chanel: C1}}",
        "channels: {ops: {kind: emial}}",
        "channels: {ops: {url: x}}",
        "actions: {a: {run: [/bin/x], efect: none}}",
        "actions: {a: {run: /bin/x, effect: none}}",
        "actions: {a: {run: [/bin/x], effect: none, params: {b: c}}}",
        "listen: {adress: 'x:1'}",
        "store: {max: 16}",
        "budget: nothing",
        "retention: {audit: 1d}",
        "secrets: {a: {flie: x}}",
        "log: {level: loud}",
    ],
}


class InvalidFiles(SchemaTest):
    def test_misspelt_members_wrong_types_and_unknown_kinds_are_not_valid(self):
        for kind, texts in INVALID.items():
            for text in texts:
                self.assertNotEqual(self.faults(kind, yaml_core.load(text)), [], text)

    def test_check_refuses_them_too(self):
        for kind, texts in INVALID.items():
            for text, (is_valid, said) in zip(texts, self.each_check(kind, texts)):
                self.assertFalse(is_valid, f"{text}\n{said}")


def maps_in(document, path=()):
    """Each map in the document, by the way to it."""
    if isinstance(document, dict):
        yield path
    steps = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for step, inner in steps:
        yield from maps_in(inner, (*path, step))


def changed(document, path, change):
    """A copy in which `change` was done to what `path` leads to; what it returns stands there."""
    if not path:
        return change(copy.deepcopy(document))
    done = copy.deepcopy(document)
    at = done
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = change(at[path[-1]])
    return done


def with_strange(at):
    return {**at, STRANGE: "1"}


class SameMembers(SchemaTest):
    """A member that nobody knows, put into each map in turn: the loader lists what it knows there, and so does the schema."""

    def known_to_schema(self, kind, document):
        for error in self.validators[kind].iter_errors(document):
            for leaf in leaves(error):
                if leaf.validator == "additionalProperties" and STRANGE in leaf.instance:
                    return frozenset(leaf.schema["properties"])
        return None

    def known_to_loader(self, said):
        listed = re.search(rf"unknown member `{STRANGE}`; (?:did you mean `\w+`\? )?valid here: ([^\n]*)", said)
        return frozenset(listed.group(1).split()) if listed else None

    def compare(self, kind, documents):
        """Gives the maps that were compared, as sets of members."""
        seen = set()
        for document, (is_valid, said) in zip(documents, self.each_check(kind, documents)):
            by_schema = self.known_to_schema(kind, document)
            if by_schema is None:
                continue  # any name may stand there
            self.assertFalse(is_valid, f"the schema refuses what check takes: {document}")
            if f"unknown field `{STRANGE}` in `map`" not in said:  # which is told in words of its own
                self.assertEqual(self.known_to_loader(said), by_schema, said)
            seen.add(by_schema)
        return seen

    def closed_maps(self, kind):
        """All maps that the schema closes."""
        def walk(at):
            if isinstance(at, dict):
                if at.get("additionalProperties") is False:
                    yield frozenset(at["properties"])
                for inner in at.values():
                    yield from walk(inner)
            elif isinstance(at, list):
                for inner in at:
                    yield from walk(inner)
        return set(walk(self.schemas[kind]))

    def strange_rules(self):
        document = yaml_core.load(SAMPLES["rules"].read_text())
        tests = document.pop("tests")
        return [changed(document, path, with_strange) for path in maps_in(document)], tests

    def test_loader_and_schema_know_the_same_members_of_rules(self):
        documents, _ = self.strange_rules()
        seen = self.compare("rules", documents)
        of_tests = {members for members in self.closed_maps("rules") if not members & {"id", "quiet"} and members <= set().union(*self.maps_of_tests())}
        missed = self.closed_maps("rules") - seen - of_tests
        missed = {members for members in missed if "rules" not in members and "id" not in members}  # the file itself, `defaults`
        self.assertEqual(missed, set(), "put these maps into tests/e2e/schema/rules.yaml")

    def maps_of_tests(self):
        definitions = self.schemas["rules"]["definitions"]
        return [frozenset(definitions[name]["properties"]) for name in ("test", "delivery", "lines", "decision", "step_result", "check_result", "notice", "resolving", "expectation", "proposal",
                                                                          "planned")]

    def test_loader_and_schema_know_the_same_members_of_tests(self):
        """Those that `vedette test` reads, not `check`."""
        document = yaml_core.load(SAMPLES["rules"].read_text())
        path = self.scratch / "tests.yaml"
        seen = set()
        for way in maps_in({"tests": document["tests"]}):
            one = changed({"rules": [{"id": "others", "on": "alert"}], "tests": document["tests"]}, way, with_strange)
            by_schema = self.known_to_schema("rules", one)
            if by_schema is None or not way:
                continue
            path.write_text(yaml_core.dump(one))
            done = subprocess.run([BINARY, "test", path], capture_output=True, text=True, timeout=60)
            self.assertEqual(self.known_to_loader(done.stdout + done.stderr), by_schema, f"{way}\n{done.stdout}{done.stderr}")
            seen.add(by_schema)
        self.assertEqual(set(self.maps_of_tests()) - seen, set())

    def strange_config(self):
        document = yaml_core.load(SAMPLES["config"].read_text())
        documents = [changed(document, path, with_strange) for path in maps_in(document)]
        definitions = self.schemas["config"]["definitions"]
        for name in sorted(self.values_of(definitions["webhook"], "webhook")):
            documents.append({"watchers": [{"webhook": name, STRANGE: "1"}]})
        for name in sorted(self.values_of(definitions["channels"], "kind")):
            documents.append({"channels": {"one": {"kind": name, STRANGE: "1"}}})
        return documents

    def values_of(self, schema, member):
        """What the conditions of a choice ask `member` to be."""
        found = set()
        if isinstance(schema, dict):
            found |= set(schema.get("if", {}).get("properties", {}).get(member, {}).get("enum", []))
            schema = list(schema.values())
        if isinstance(schema, list):
            for inner in schema:
                found |= self.values_of(inner, member)
        return found

    def test_loader_and_schema_know_the_same_members_of_vedette_yaml(self):
        seen = self.compare("config", self.strange_config())
        missed = {members for members in self.closed_maps("config") - seen if "watchers" not in members}
        self.assertEqual(missed, set(), "put these maps into tests/e2e/schema/config.yaml")


class NeverStricter(SchemaTest):
    """Every value of the samples is replaced by another one: what the schema refuses, check refuses."""

    VALUES = [[], {}, [[]], {"a": "b"}, "text", "5", 5, True, None, "5m", "'", "$x"]

    def values_in(self, document, path=()):
        steps = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
        for step, inner in steps:
            yield (*path, step)
            yield from self.values_in(inner, (*path, step))

    def variants(self, kind):
        document = yaml_core.load(SAMPLES[kind].read_text())
        document.pop("tests", None)
        for number, path in enumerate(self.values_in(document)):
            yield changed(document, path, lambda _, number=number: self.VALUES[number % len(self.VALUES)])

    def test_what_the_schema_refuses_check_refuses(self):
        for kind in SAMPLES:
            refused = [document for document in self.variants(kind) if not self.validators[kind].is_valid(document)]
            self.assertGreater(len(refused), 100)
            stricter = [self.faults(kind, document) for document, (is_valid, _) in zip(refused, self.each_check(kind, refused)) if is_valid]
            self.assertEqual(stricter, [])


if __name__ == "__main__":
    unittest.main()
