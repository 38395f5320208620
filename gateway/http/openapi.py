"""The OpenAPI 3.1 document, made from the table of routes and the Structs it names."""

import functools
import inspect
import re
from typing import Any, cast

import msgspec
from wire import VERSION

from gateway.errors import Problem
from gateway.events import EVENT_DATA, Event, event_type
from gateway.http.route import File, Route, Stream
from gateway.usecases import Eui

REASONS = {
    400: "the request cannot be read",
    401: "no valid API key",
    403: "the API key may not do this",
    404: "nothing of that name exists",
    413: "the body is too large",
    422: "the request was understood and is refused",
    500: "the service failed; its log says why",
    503: "not now; try again",
}
_REF = "#/components/schemas/{name}"
_TEXT = {"type": "string"}
_PATH = {"dev_eui": msgspec.json.schema(Eui)}
"""{part of a path: its schema}; any other is _TEXT."""


@functools.cache
def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The whole document, as JSON values; the same for the same code. Not to be changed."""
    types = _types(routes)
    refs, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(types, refs, strict=True))
    for one in types:
        schemas[one.__name__] |= getattr(one, "RULES", {})
    for schema in schemas.values():
        if "description" in schema:  # Python 3.13 takes a docstring's indentation off, 3.11 not
            schema["description"] = inspect.cleandoc(schema["description"])
    paths: dict[str, Any] = {}
    for route in routes:
        operation = _operation(route, by_type)
        if links := _links(route, routes):
            operation["responses"][str(route.status)]["links"] = links
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "Lamplighter",
            "version": VERSION,
            "description": "Devices, their readings and commands. Errors say who acts next.",
        },
        "paths": paths,
        "webhooks": {kind: _webhook(kind, by_type) for kind in EVENT_DATA},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    made = msgspec.json.decode(msgspec.json.encode(made))  # what a reader of the file gets
    _exact(made)
    return made


def _exact(part: Any) -> None:
    """Say of every schema what generators of clients need, where msgspec leaves it open.

    An instant that may be left out may be empty; an array of anything has items of any kind.
    """
    if isinstance(part, list):
        for one in cast("list[Any]", part):
            _exact(one)
    if not isinstance(part, dict):
        return
    schema = cast("dict[str, Any]", part)
    if schema.get("format") == "date-time" and schema.get("default") == "":
        instant = {name: schema.pop(name) for name in ("type", "format")}
        schema["anyOf"] = [instant, {"type": "string", "maxLength": 0}]
    if schema.get("type") == "array":
        schema.setdefault("items", {})
    for one in list(schema.values()):
        _exact(one)


def _types(routes: tuple[Route, ...]) -> list[type]:
    found: dict[type, None] = {Problem: None, Event: None}
    for route in routes:
        shown = (route.body, route.query, route.headers, route.reply)
        found |= {one: None for one in shown if one and one not in {Stream, File}}
    found |= dict.fromkeys(EVENT_DATA.values())
    return list(found)


def _operation(route: Route, refs: dict[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.name, "summary": route.summary}
    if route.scope:
        operation["security"] = [{"key": [route.scope]}]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _PATH.get(name, _TEXT)}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += _given("query", route.query) + _given("header", route.headers)
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        needed = any(one.required for one in msgspec.structs.fields(route.body))
        operation["requestBody"] = {"required": needed, "content": _json(refs[route.body])}
    content = {route.content: {"schema": _reply(route, refs)}}
    operation["responses"] = {str(route.status): {"description": "done", "content": content}}
    if route.reply is File:
        operation["responses"]["304"] = {"description": "the caller has this content already"}
    for status in route.errors:
        problem = {"description": REASONS[status], "content": _json(refs[Problem])}
        operation["responses"][str(status)] = problem
    return operation


def _links(route: Route, routes: tuple[Route, ...]) -> dict[str, Any]:
    """What can be asked of the thing that a route makes, or of the first that it lists.

    Both stand under the last part of the route's path: `POST /v1/devices` leads to
    `/v1/devices/{dev_eui}`.
    """
    noun = route.path.rpartition("/")[2]
    fields = route.reply.__struct_encode_fields__ if route.reply else ()
    links: dict[str, Any] = {}
    for to in routes:
        begins = re.match(rf"/v1/{re.escape(noun)}/{{(\w+)}}", to.path)
        if begins is None:
            continue
        name = begins[1]
        where = name if name in fields else f"{noun}/0/{name}"
        if where in fields or noun in fields:
            value = {name: f"$response.body#/{where}"}
            links[to.name] = {"operationId": to.name, "parameters": value}
    return links


def _reply(route: Route, refs: dict[type, Any]) -> dict[str, Any]:
    if route.reply in {Stream, File}:
        return {"type": "string"}
    return refs[route.reply] if route.reply else {"type": "object"}


def _given(where: str, given: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    if given is None:
        return []
    schema = msgspec.json.schema(given)["$defs"][given.__name__]["properties"]
    return [{"name": name, "in": where, "schema": one} for name, one in schema.items()]


def _webhook(kind: str, refs: dict[type, Any]) -> dict[str, Any]:
    of_kind = {"properties": {"type": {"const": event_type(kind)}, "data": refs[EVENT_DATA[kind]]}}
    schema = {"allOf": [refs[Event], of_kind]}
    body = {"content": {"application/cloudevents+json": {"schema": schema}}}
    return {
        "post": {
            "operationId": f"on_{kind}",
            "summary": (EVENT_DATA[kind].__doc__ or "").partition("\n")[0],
            "requestBody": {"required": True, **body},
            "responses": {"2XX": {"description": "taken"}, "410": {"description": "send no more"}},
        }
    }


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
