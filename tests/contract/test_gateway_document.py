"""The OpenAPI document of the HTTPS address is true: every route is in it, its examples are good, and a fuzzer finds no other answer."""

from __future__ import annotations

import html
import json
import re
from unittest.mock import patch

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from starlette.routing import Route
from starlette.testclient import TestClient

from mekong.deploy.profiles import profile_of
from mekong.producers.gateway.application import DOCUMENT, PAGE, application
from mekong.producers.gateway.openapi import EXAMPLE, document
from mekong.producers.gateway.operations import OPERATIONS
from mekong.streams.core.intake.alone import judge
from tests.amount import examples
from tests.unit.test_gateway import AGENCY, TEXT, Broker

APPLICATION = application(Broker())


def fuzzed():
    """The application with fewer kinds of message in its document: a fuzzer needs half a minute to read the schema of a seizure."""
    lean = document()
    lean["components"]["schemas"]["Message"] = {"$ref": "#/components/schemas/Withdrawal"}
    with patch("mekong.producers.gateway.application.document", lambda: lean):
        return application(Broker())


SCHEMA = schemathesis.openapi.from_asgi(DOCUMENT, fuzzed())
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
HEADERS = {"authorization": f"Bearer {TEXT}"}


@schemathesis.serializer("application/x-ndjson")
def as_lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def test_every_route_is_in_the_document_and_nothing_else():
    routes = {(route.path, method) for route in APPLICATION.routes if isinstance(route, Route) for method in route.methods - {"HEAD"}}
    said = {(path, method.upper()) for path, methods in document()["paths"].items() for method in methods}
    assert routes - {(DOCUMENT, "GET"), (PAGE, "GET")} == said == {(one.path, one.method) for one in OPERATIONS}


def test_every_refusal_in_the_document_has_a_sentence_and_every_reference_leads_somewhere():
    found = document()
    references = json.dumps(found).split('"$ref": "#/components/schemas/')[1:]
    assert {one.partition('"')[0] for one in references} <= set(found["components"]["schemas"])
    for schema in found["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_example_is_a_good_message():
    assert judge(json.dumps(EXAMPLE).encode(), profile_of(AGENCY), 1_796_000_000_000) == ()


def test_the_page_for_people_has_every_operation_and_loads_nothing():
    answer = TestClient(APPLICATION).get("/v1")
    assert (answer.status_code, answer.url.path, answer.headers["content-type"]) == (200, PAGE, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    shown = html.unescape(answer.text)
    for one in OPERATIONS:
        assert f"<code>{one.path}</code>" in shown
        assert one.summary in shown
        assert all(parameter.text in shown for parameter in one.parameters)
    assert set(re.findall(r'(?:src|href)="([^"]*)"', answer.text)) == {"openapi.json", *(f"#{one.name}" for one in OPERATIONS)}
    assert "<script" not in answer.text


def checked(case) -> None:
    """A form starts a process of its own: the answer may take long on a busy machine."""
    case.call_and_validate(headers=HEADERS, checks=CHECKS, timeout=120)


def few(most: int):
    """The same requests at every run."""
    return settings(
        max_examples=examples(most),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@SCHEMA.include(method="GET").parametrize()
@few(40)
def test_no_question_gets_an_answer_that_the_document_does_not_have(case):
    checked(case)


@SCHEMA.include(method="POST").parametrize()
@few(40)
def test_no_sending_gets_an_answer_that_the_document_does_not_have(case):
    checked(case)
