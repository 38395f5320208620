"""The bill of materials holds what the locks hold, and a licence that nobody agreed to is told."""

import json
import re

import pytest

from tools import licences, sbom
from tools.locked import PINNED, Package, packages
from tools.setup.paths import ROOT


@pytest.fixture(scope="module")
def found() -> list[Package]:
    return packages()


def test_every_pinned_package_is_in_the_bill_with_its_hashes(found: list[Package]):
    text = (ROOT / "requirements.txt").read_text()
    bill = json.loads(json.dumps(sbom.document(found)))
    run_with = {
        (one["name"], one["version"]): one
        for one in bill["components"]
        if one["scope"] == "required"
    }
    assert set(run_with) == {(name.lower(), version) for name, version in PINNED.findall(text)}
    hashes = [one["content"] for part in run_with.values() for one in part["hashes"]]
    assert len(hashes) == text.count("--hash=sha256:")
    assert bill["dependencies"][0]["dependsOn"] == [one["purl"] for one in run_with.values()]


def test_a_bill_is_as_cyclonedx_asks(found: list[Package]):
    bill = sbom.document(found)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references)
    sizes = {"SHA-256": 64, "SHA-512": 128, "SHA-1": 40, "SHA-384": 96}
    for one in bill["components"]:
        assert re.fullmatch(r"pkg:(pypi|npm)/[a-z0-9._%/-]+@[\w.%+-]+", one["purl"]), one["purl"]
        assert one["licenses"], one["name"]
        for digest in one["hashes"]:
            assert re.fullmatch(r"[0-9a-f]+", digest["content"])
            assert len(digest["content"]) == sizes[digest["alg"]]


def test_node_packages_are_in_it_and_only_build_or_test(found: list[Package]):
    assert {one.runtime for one in found if one.ecosystem == "npm" and "rp2040" in one.name} == {
        False
    }


def test_two_bills_of_one_lock_are_equal(found: list[Package]):
    assert json.dumps(sbom.document(found)) == json.dumps(sbom.document(packages()))


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND BSD-3-Clause", True),
        ("MIT AND GPL-2.0-only", False),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("(MIT OR Apache-2.0) AND GPL-2.0-only", False),
        ("UNLICENSED", False),
    ],
)
def test_a_licence_is_allowed_or_refused(licence: str, allowed: bool):
    assert licences.allowed(licence) == allowed


def test_all_of_ours_are_allowed_and_another_is_told(found: list[Package]):
    assert licences.refused(found) == []
    stranger = Package("pypi", "stranger", "1.0", "GPL-3.0-only", (), True)
    assert licences.refused([stranger])[0].startswith("stranger 1.0: GPL-3.0-only; read it")
