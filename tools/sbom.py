"""`make sbom`: the bill of materials as CycloneDX 1.6 JSON, of the locks alone.

    python -m tools.sbom FILE

Equal locks give equal bytes: it holds no instant and no serial number, both of which the standard
leaves open. A package that only builds or tests has the scope `excluded`.
Source: the specification of CycloneDX 1.6 (ECMA-424) and of package URLs.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wire import VERSION

from tools.licences import allowed
from tools.locked import Package, packages


def document(found: list[Package]) -> dict[str, Any]:
    """The bill of these packages."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "lamplighter",
                "name": "lamplighter",
                "version": VERSION,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": [_component(one) for one in found],
        "dependencies": [
            {"ref": "lamplighter", "dependsOn": [purl(one) for one in found if one.runtime]}
        ],
    }


def purl(one: Package) -> str:
    """Its package URL."""
    name = one.name.replace("_", "-") if one.ecosystem == "pypi" else one.name
    return f"pkg:{one.ecosystem}/{quote(name)}@{quote(one.version)}"


def _component(one: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl(one),
        "name": one.name,
        "version": one.version,
        "scope": "required" if one.runtime else "excluded",
        "hashes": [{"alg": algorithm, "content": content} for algorithm, content in one.hashes],
        "licenses": _licences(one.licence),
        "purl": purl(one),
    }


def _licences(said: str) -> list[dict[str, Any]]:
    if " OR " in said or " AND " in said:
        return [{"expression": said}]
    return [{"license": {"id" if allowed(said) else "name": said}}] if said else []


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    if len(arguments) != 1:
        print("usage: python -m tools.sbom FILE")
        return 2
    found = packages()
    Path(arguments[0]).write_text(json.dumps(document(found), indent=2) + "\n")
    run_with = sum(one.runtime for one in found)
    print(f"{arguments[0]}: {len(found)} packages, {run_with} of which a gateway runs with")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
