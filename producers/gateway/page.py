"""Writes the page that describes the HTTPS address for people, from the OpenAPI document. Pure. It loads nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h1 { font-size: 1.7rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid #ccd2d8; padding-top: 1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace } pre { background: #f3f5f7; padding: .8rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0 }
tr { border-bottom: 1px solid #e4e8ec } td:first-child { white-space: nowrap } .method { font-weight: 700; margin-right: .4rem }
"""
_TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ info.title }}</title><style>{{ style }}</style></head><body>
<h1>{{ info.title }}</h1>
<p>This page describes the interface for the people who write a program. A program reads <a href="openapi.json">openapi.json</a>
(OpenAPI 3.1), which also has the form of every record. Each request shows the token of your agency:</p>
<pre>Authorization: Bearer &lt;token&gt;</pre>
<ul>{% for one in operations %}<li><a href="#{{ one.name }}"><code>{{ one.method }} {{ one.path }}</code></a>: {{ one.summary }}</li>
{% endfor %}</ul>
{% for one in operations %}<h2 id="{{ one.name }}"><span class="method">{{ one.method }}</span><code>{{ one.path }}</code></h2>
<p><b>{{ one.summary }}</b> {{ one.text }}</p>
{% if one.parameters %}<table><tr><th scope="col">parameter</th><th scope="col">where</th><th scope="col">what</th></tr>
{% for parameter in one.parameters %}<tr><td><code>{{ parameter.name }}</code></td><td>{{ parameter.in }}</td>
<td>{{ parameter.description }}</td></tr>
{% endfor %}</table>
{% endif %}{% for media, example in one.examples %}<p>The body, <code>{{ media }}</code>:</p><pre>{{ example }}</pre>
{% endfor %}<table><tr><th scope="col">status</th><th scope="col">what it means</th></tr>
{% for status, meaning in one.statuses %}<tr><td>{{ status }}</td><td>{{ meaning }}</td></tr>
{% endfor %}</table>
{% endfor %}</body></html>
"""


def page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document, as HTML."""
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_TEMPLATE)
    return template.render(info=document["info"], operations=list(_operations(document)), style=_STYLE)


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            media = one.get("requestBody", {}).get("content", {})
            yield {
                "method": method.upper(),
                "path": path,
                "name": one["operationId"],
                "summary": one["summary"],
                "text": one["description"],
                "parameters": one["parameters"],
                "examples": [(name, _written(found["example"])) for name, found in media.items() if "example" in found],
                "statuses": [(status, answer["description"]) for status, answer in sorted(one["responses"].items())],
            }


def _written(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
