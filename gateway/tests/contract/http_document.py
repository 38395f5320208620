"""The document of the API, and whether an answer fits what it says."""

from gateway.http import openapi
from gateway.http.routes import ROUTES

DOCUMENT = openapi.document(ROUTES)


def assert_fits(value, schema):
    """Whether a value fits a schema of the document: types, required and known properties."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        assert any(_fits(value, one) for one in schema["anyOf"]), (value, schema)
        return
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
        "boolean": bool, "null": type(None),
    }  # fmt: skip
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), (value, schema)
    assert value in schema.get("enum", [value])
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
        for name, one in value.items():
            assert_fits(one, schema["properties"][name])
    for one in value if isinstance(value, list) else ():
        assert_fits(one, schema.get("items", {}))


def _fits(value, schema):
    try:
        assert_fits(value, schema)
    except AssertionError:
        return False
    return True
