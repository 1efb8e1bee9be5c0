"""`make licences`: name the licence of each package that the image contains, in `docs/licences.md`.

The packages are those of `requirements.txt`, the licences those of their metadata.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "licences.md"
# Of the base image that the Dockerfile names.
_IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
# What `License` and the classifiers say → SPDX.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD-2-Clause": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT": "MIT",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "MPL-2.0": "MPL-2.0",
}
# The metadata names only the family: read in each package's licence text, isodate's in its sources.
_READ = {
    "boltons": "BSD-3-Clause",
    "isodate": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "python-dateutil": "BSD-3-Clause",  # newer parts also under Apache-2.0
}
_HEAD = """\
# Licences

The connector and its wheel are under the [MIT licence](../LICENSE). The image also contains the
packages below, each under its own licence. Most have the text of it in their folder under
`/opt/connector/lib`. The software of Airbyte's base image is not listed.

**Unidecode is under the GPL.** The Airbyte CDK requires it, so the image and each installation of
the connector contain it. Neither the connector nor the CDK imports it. If you pass an image on, you
also distribute Unidecode, under the terms of the GPL.

`make licences` writes this file from `requirements.txt` and the metadata of the packages.

| package | version | licence (SPDX) |
| --- | --- | --- |
"""


@dataclass(frozen=True)
class Licensed:
    """A package of the image, and its licence as an SPDX expression."""

    package: str
    version: str
    licence: str


def main() -> None:
    """Write the document, and name what the image's label has to say."""
    packages = [Licensed(name, version, licence(name)) for name, version in locked()]
    rows = (f"| {each.package} | {each.version} | {each.licence} |\n" for each in packages)
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(_HEAD + "".join(rows))
    print(f"Wrote {DOCUMENT.relative_to(ROOT)}. The image's label: {label(packages)}")  # noqa: T201


def locked() -> Iterator[tuple[str, str]]:
    """Yield name and version of each package that `requirements.txt` has for the image."""
    lock = (ROOT / "requirements.txt").read_text()
    for line in re.findall(r"^(\S+==.*?) \\$", lock, re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(_IMAGE):
            yield requirement.name, str(requirement.specifier).removeprefix("==")


def licence(package: str) -> str:
    """Return the licence that the installed package's metadata name, as an SPDX expression."""
    if package in _READ:
        return _READ[package]
    about = metadata.metadata(package)
    if "License-Expression" in about:
        return about["License-Expression"]
    # Some have the whole text there, which begins with its name.
    words = [each.partition("\n")[0].strip() for each in about.get_all("License") or []]
    words += [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or []]
    for word in words:
        if word in _SPDX:
            return _SPDX[word]
    raise ValueError(f"{package} names no licence that is known here: read it, and add it above.")


def documented() -> list[Licensed]:
    """Return what the document lists."""
    rows = re.findall(r"^\| (\S+) \| (\d\S*) \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return [Licensed(*row) for row in rows]


def label(packages: list[Licensed]) -> str:
    """Return one SPDX expression for all of them and the connector; of a choice, the first."""
    terms = {term for each in packages for term in each.licence.split(" AND ")}
    return " AND ".join(sorted({"MIT"} | {term.strip("()").split(" OR ")[0] for term in terms}))


if __name__ == "__main__":
    main()
