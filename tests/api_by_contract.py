"""An API that answers as schemas/openapi.json says it may, in the process: the smallest document of each shape.

It takes what the contract says and nothing else: unknown paths, query parameters, and bodies of another shape fail the
test that sent them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jsonschema

CONTRACT = json.loads(Path("schemas/openapi.json").read_text(encoding="utf-8"))
ID = "6a1d1b5e-9c0e-4d0c-8f51-0d1f5f1e7a10"
KEY = "jo_" + "k" * 43


@dataclass(frozen=True)
class Taken:
    """A request that came."""

    operation_id: str
    request: httpx.Request

    @property
    def body(self) -> Any:
        return json.loads(self.request.content)


@dataclass
class ApiByContract:
    """Answers by the contract, or as ``answers`` says for an operation; the first of a list is used up first."""

    answers: dict[str, list[httpx.Response | Exception]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    given: list[httpx.Response] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        operation_id, operation = _operation(request)
        self.taken.append(Taken(operation_id, request))
        _check(request, operation)
        prepared = self.answers.get(operation_id, [])
        if prepared:
            answer = prepared.pop(0) if len(prepared) > 1 else prepared[0]
            if isinstance(answer, Exception):
                raise answer
        else:
            answer = _usual_answer(operation)
        self.given.append(answer)
        return answer

    def operations(self) -> list[str]:
        """What was asked, in order."""
        return [each.operation_id for each in self.taken]

    def request_of(self, operation_id: str) -> httpx.Request:
        """The only request of that operation."""
        [found] = [each.request for each in self.taken if each.operation_id == operation_id]
        return found


def a_problem(status: int, detail: str = "no", headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
    """An error as the API tells it."""
    document = {"type": "urn:orchestrator:problem:x", "title": "X", "status": status, "detail": detail, "instance": "/"}
    content = json.dumps({**document, "request_id": "r1", **more})
    return httpx.Response(status, text=content, headers={"Content-Type": "application/problem+json", **(headers or {})})


def a_document(schema: str, /, **changes: Any) -> dict[str, Any]:
    """The smallest document of the schema of that name, with fields replaced."""
    return {**_sample({"$ref": f"#/components/schemas/{schema}"}), **changes}


def _operation(request: httpx.Request) -> tuple[str, dict[str, Any]]:
    path = request.url.raw_path.decode().partition("?")[0]
    # The longest template first: /…/versions/preview before /…/versions/{version}.
    for template, item in sorted(CONTRACT["paths"].items(), key=lambda pair: ("{version}" in pair[0], -len(pair[0]))):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and request.method.lower() in item:
            operation = item[request.method.lower()]
            return operation["operationId"], operation
    raise AssertionError(f"the contract has no {request.method} {path}")


def _check(request: httpx.Request, operation: dict[str, Any]) -> None:
    known = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    assert set(request.url.params) <= known, f"{operation['operationId']} takes {known}"
    body = operation.get("requestBody")
    if body is None:
        assert not request.content
        return
    schema = body["content"]["application/json"]["schema"]
    if not request.content and not body.get("required"):
        return
    jsonschema.validate(json.loads(request.content), {**schema, "components": CONTRACT["components"]})


def _usual_answer(operation: dict[str, Any]) -> httpx.Response:
    status, response = next((int(code), each) for code, each in operation["responses"].items() if code[0] == "2")
    content = response.get("content")
    if content is None:
        return httpx.Response(status)
    if "application/json" not in content:
        return httpx.Response(status, content=b"one,two\n1,2\n", headers={"Content-Type": next(iter(content))})
    document = _sample(content["application/json"]["schema"])
    return httpx.Response(status, json=document, headers={"ETag": '"1-2.5"'})


def _sample(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _sample(CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object" if "properties" in schema:
            # `next_cursor` null: the list would else have no end.
            return {
                name: None if name == "next_cursor" else _sample(each) for name, each in schema["properties"].items()
            }
        case "object":
            inner = schema.get("additionalProperties")
            name = schema.get("propertyNames", {}).get("enum", ["1"])[0]
            return {name: _sample(inner)} if isinstance(inner, dict) and inner else {}
        case "array":
            return [_sample(schema["items"])] if schema.get("items") and schema.get("maxItems") != 0 else []
        case "integer":
            return 3
        case "number":
            return 2.5
        case "boolean":
            return True
        case "string":
            return {"uuid": ID, "date": "2026-11-26", "date-time": "2026-11-26T08:00:00Z"}.get(
                schema.get("format", ""), "text"
            )
    return None
