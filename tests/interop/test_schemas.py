"""The documents of docs/schemas in the tools of others: the AsyncAPI parser, ajv in strict mode, and the types that quicktype makes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from mekong.schemas.export import ASYNCAPI, _leaves, export
from mekong.schemas.notifications import Delivery, Notification
from mekong.schemas.subscriptions import Answer, Subscription
from mekong.schemas.topics import TOPICS
from tests.contract.test_examples import BEYOND_A_SCHEMA, DECODERS, EXAMPLES
from tests.interop.java import compiled, run
from tests.interop.node import HERE, node, with_packages

DOCUMENTS = export()
SENT = ("Seizure", "Correction", "Withdrawal", "Warning", "Feedback")
MEMBERS = (*SENT, "Receipt")
OTHERS = {
    ("subscriptions", ""): TypeAdapter(Subscription),
    ("answers", ""): TypeAdapter(Answer),
    ("notifications", ""): TypeAdapter(Notification),
    ("deliveries", ""): TypeAdapter(Delivery),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    return with_packages(HERE, tmp_path_factory.mktemp("interop"))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def record_of(path, decoder) -> str:
    """The name of the record that an example is, or is meant to be."""
    try:
        return type(decoder.validate_json(path.read_bytes())).__name__
    except ValidationError:
        text = path.read_text(encoding="utf-8")
        named = re.search(r'"(?:message_type|kind)"\s*:\s*"(\w+)"', text)
        names = {one.__name__ for one in _types(decoder)}
        found = {name for name in names if named and name.removesuffix("Entry").lower() == named[1]}
        return next(iter(found or sorted(names & {"Seizure", "Version", "Receipt"} or names)))


def _types(decoder):
    return list(_leaves(decoder._type))


def every_example():
    for (topic, suffix), decoder in {**DECODERS, **OTHERS}.items():
        for kind in ("good", "bad"):
            for path in sorted((EXAMPLES / topic / f"{kind}{suffix}").glob("*.json")):
                yield kind, path, record_of(path, decoder)


@pytest.fixture(scope="module")
def said(programs, tmp_path_factory):
    examples = [(kind, path, record) for kind, path, record in every_example()]
    schemas = {name.removesuffix(".schema.json"): json.loads(text) for name, text in DOCUMENTS.items() if name != ASYNCAPI}
    given = {
        "schemas": schemas,
        "asyncapi": DOCUMENTS[ASYNCAPI],
        "examples": [{"schema": record, "text": path.read_text(encoding="utf-8")} for _, path, record in examples],
    }
    file = tmp_path_factory.mktemp("given") / "given.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    found = json.loads(node(programs / "validate.mjs", file))
    return {**found, "examples": list(zip(examples, found["verdicts"], strict=True))}


def test_the_official_parser_reads_the_asyncapi_document_without_an_error_or_a_warning(said):
    assert said["diagnostics"] == []
    assert (said["channels"], said["servers"]) == (len(TOPICS), 1)


def test_every_json_schema_compiles_in_the_strict_mode_of_ajv(said):
    assert said["unusable"] == {}


def test_ajv_accepts_every_good_example(said):
    assert {str(path): verdict for (kind, path, _), verdict in said["examples"] if kind == "good" and verdict} == {}


def test_ajv_refuses_every_bad_example_but_for_what_no_schema_can_know(said):
    assert {path.stem for (kind, path, _), verdict in said["examples"] if kind == "bad" and not verdict} == set(BEYOND_A_SCHEMA)


def sources(files, names):
    return [f"{name}={files / f'{name}.schema.json'}" for name in names]


def test_quicktype_makes_typescript_that_compiles_and_keeps_every_good_message(programs, files):
    text = node(programs / "generate.mjs", "typescript", *sources(files, MEMBERS))
    assert not re.search(r"^\s+\w+\??:\s+(any|unknown|\{)", text.split("export class Convert")[0], re.MULTILINE)
    assert re.search(r"message_type:\s+MessageType|message_type:\s+\w+;", text)
    (programs / "types.ts").write_text(text, encoding="utf-8")
    (programs / "keep.ts").write_text(KEEP_TS, encoding="utf-8")
    node(programs / "node_modules/typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "nodenext", programs / "keep.ts")
    examples = good_messages()
    said = node(programs / "keep.js", *[part for path, record in examples for part in (record, path)]).splitlines()
    for (path, _), kept in zip(examples, map(json.loads, said), strict=True):
        given = json.loads(path.read_text(encoding="utf-8"))
        assert {name: kept[name] for name in given if name not in TIMES} == {name: given[name] for name in given if name not in TIMES}


TIMES = {"reported_at", "feedback_by"}  # written in UTC
KEEP_TS = """\
import { Convert } from "./types.js";
declare const process: { argv: string[]; getBuiltinModule(name: string): any };
const given = process.argv.slice(2);
const convert = Convert as any;
for (let at = 0; at < given.length; at += 2) {
  const record = given[at];
  const text: string = process.getBuiltinModule("node:fs").readFileSync(given[at + 1], "utf8");
  const name = record[0].toLowerCase() + record.slice(1);
  console.log(JSON.stringify(JSON.parse(convert[`${name}ToJson`](convert[`to${record}`](text)))));
}
"""


def good_messages():
    decoder = DECODERS[("in", "")]
    return [(path, record_of(path, decoder)) for path in sorted((EXAMPLES / "in" / "good").glob("*.json"))]


def test_quicktype_makes_java_that_compiles_and_reads_every_good_message(programs, files, tmp_path):
    text = node(programs / "generate.mjs", "java", *sources(files, MEMBERS))
    assert " Object " not in re.sub(r"Object (get|value)\w*", "", re.sub(r"(?s)public class Converter \{.*?\n\}\n", "", text))
    folder = tmp_path / "exchange"
    folder.mkdir()
    for piece in re.split(r"(?m)^// (?=\w+\.java$)", text)[1:]:
        name, _, code = piece.partition("\n")
        (folder / name).write_text(code, encoding="utf-8")
    (folder / "Read.java").write_text(READ_JAVA, encoding="utf-8")
    class_path = compiled(sorted(folder.glob("*.java")), tmp_path / "classes")
    arguments = [part for path, record in good_messages() for part in (record, path)]
    numbers = [json.loads(path.read_text(encoding="utf-8"))["case_no"] for path, _ in good_messages()]
    assert run(class_path, "exchange.Read", *arguments).splitlines() == numbers


READ_JAVA = """\
package exchange;

import java.nio.file.*;

class Read {
    public static void main(String[] given) throws Exception {
        for (int at = 0; at < given.length; at += 2) {
            String text = Files.readString(Path.of(given[at + 1]));
            Object found = Converter.class.getMethod(given[at] + "FromJsonString", String.class).invoke(null, text);
            System.out.println(found.getClass().getMethod("getCaseNo").invoke(found));
        }
    }
}
"""


def test_quicktype_makes_csharp_with_a_type_for_every_field(programs, files):
    text = node(programs / "generate.mjs", "csharp", *sources(files, MEMBERS))
    types = dict(re.findall(r"public (\S+) (\w+) \{ get; set; \}", text))
    assert not {"object", "dynamic"} & {one.rstrip("?[]") for one in types}
    for record in MEMBERS:
        assert f"public partial class {record}\n" in text
    seizure = text.split("public partial class Seizure\n")[1].split("public partial class")[0]
    for field in (r"\w*MessageType MessageType", r"\w*Line\[\] Lines", "string CaseNo", r"\w*Handling\? Handling"):
        assert re.search(rf"public {field} \{{ get; set; \}}", seizure), field
