"""The script of the page of an activation link, in Node.js: it takes a code from the address and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.interop.node import node

SCRIPT = Path(__file__).parents[2] / "producers" / "page" / "activate.js"
CODE = "1f9a02cc-" + "a" * 64
PAGE = """
const fs = require("fs"), vm = require("vm");
const field = {value: ""}, links = [{hash: ""}], listeners = {};
const location = {hash: process.argv[2], pathname: "/send/activate"};
vm.runInNewContext(fs.readFileSync(process.argv[1], "utf8"), {
  location,
  document: {getElementById: () => field, querySelectorAll: () => links},
  history: {replaceState: (state, title, address) => { location.address = address; location.hash = ""; }},
  addEventListener: (name, listener) => { listeners[name] = listener; },
});
const seen = () => ({code: field.value, link: links[0].hash, address: location.address});
const opened = seen();
location.hash = process.argv[3];
listeners.hashchange();
console.log(JSON.stringify([opened, seen()]));
"""
TAKEN = {"code": CODE, "link": f"#{CODE}", "address": "/send/activate"}
NOTHING = {"code": "", "link": ""}


def opened(first: str, then: str) -> list[dict[str, str]]:
    """The field, the link to another language and the address: after the page was opened, and after a change behind ``#``."""
    found: list[dict[str, str]] = json.loads(node("-e", PAGE, SCRIPT, first, then))
    return found


def test_the_code_stays_in_the_field_and_in_the_links_to_other_languages_and_leaves_the_history():
    assert opened(f"#{CODE}", "#main") == [TAKEN, TAKEN]


def test_a_code_that_comes_later_is_taken():
    assert opened("", f"#{CODE}") == [NOTHING, TAKEN]


@pytest.mark.parametrize("text", ["", "#", "#main", f"#{CODE[:-1]}", f"#{CODE}0", f"#{CODE.upper()}", "#<script>"])
def test_what_is_not_a_code_changes_nothing(text):
    assert opened(text, "#main") == [NOTHING, NOTHING]
