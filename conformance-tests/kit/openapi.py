"""The served openapi.json as an oracle: every REST answer must be one that it describes."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = "urn:openapi"

# Standards §3: on every response, errors included.
STANDARD_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class OpenApi:
    def __init__(self, document: dict):
        self.document = document
        self.version = document["info"]["version"]
        resource = Resource(contents=document, specification=DRAFT202012)
        self.registry = Registry().with_resource(ROOT, resource)
        # Paths stand behind the server's own, which holds the version.
        base = urlsplit(document["servers"][0]["url"]).path
        self.paths = [(_pattern(base + path), path, item) for path, item in document["paths"].items()]

    def operation(self, method: str, path: str) -> tuple[str, dict] | None:
        """The path template and the operation; a template without parameters goes before one with."""
        hits = [(template, item) for pattern, template, item in self.paths if pattern.fullmatch(path)]
        if not hits:
            return None
        template, item = min(hits, key=lambda hit: hit[0].count("{"))
        return (template, item[method.lower()]) if method.lower() in item else None

    def check(self, method: str, path: str, response) -> None:
        """Standard headers, a described status and media type, and a body that fits the schema."""
        self.check_headers(response)
        found = self.operation(method, path)
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if found is None:
            assert response.status_code in (404, 405), f"{method} {path} is not described: {response.status_code}"
            assert media_type == "application/problem+json"
            return
        template, operation = found
        described = operation["responses"].get(str(response.status_code))
        where = f"{method} {template} {response.status_code}"
        assert described is not None, f"{where} is not described"
        described = self.resolve(described)
        assert "API-Version" in described.get("headers", {}), f"{where} does not declare API-Version"
        assert media_type in described["content"], f"{where} answers {media_type}"
        schema = described["content"][media_type]["schema"]
        errors = list(self.validator(schema).iter_errors(response.json()))
        assert not errors, f"{where}: {errors[0].json_path}: {errors[0].message}"

    def check_headers(self, response) -> None:
        for name, value in STANDARD_HEADERS.items():
            assert response.headers.get(name) == value, f"{name}: {response.headers.get(name)}"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert "max-age=" in response.headers["Strict-Transport-Security"]
        assert response.headers["API-Version"] == self.version
        assert "Server" not in response.headers, "the software is nobody's business"

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def validator(self, schema: dict) -> Draft202012Validator:
        # A field that the schema does not know is an error here, though a receiver must ignore it.
        strict = {"allOf": [_absolute(schema)], "unevaluatedProperties": False}
        return Draft202012Validator(strict, registry=self.registry, format_checker=FormatChecker())


def _absolute(node):
    """Local references made absolute, because the schema is taken out of its document."""
    if isinstance(node, dict):
        return {
            key: ROOT + value if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_absolute(item) for item in node]
    return node


def _pattern(template: str) -> re.Pattern:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))
