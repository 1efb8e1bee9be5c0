"""A stand-in for Airbyte's base image, made of Debian's packages where that can not be pulled.

It has what the connector's image builds on, in the same places: Python 3.11 in /usr/local, without
byte code, the user `airbyte`, and /airbyte, which is that user's. It does not have Poetry, socat,
tesseract and poppler, which the connector does not use.
https://github.com/airbytehq/airbyte/blob/master/docker-images/Dockerfile.python-connector-base
"""

import subprocess
import tempfile
from pathlib import Path

NAME = "localhost/python-connector-base:stand-in"
# The release with Python 3.11, on which Airbyte's base is built too.
_RELEASE = "bookworm"
_PACKAGES = "python3-venv,ca-certificates"
_AS_IN_THE_BASE = """
mv /usr/lib/python3.11/* /usr/local/lib/python3.11/
mv /usr/bin/python3.11 /usr/local/bin/
rm /usr/bin/python3
ln -s python3.11 /usr/local/bin/python3
ln -s python3.11 /usr/local/bin/python
find /usr/local -name __pycache__ -prune -exec rm -r {} +
adduser --quiet --uid 1000 --system --group --no-create-home airbyte
mkdir --mode 755 /airbyte
chown airbyte:airbyte /airbyte
rm -r /var/cache/apt/archives /var/lib/apt/lists
"""


def stand_in() -> str:
    """Return the name of the stand-in, which is made once and kept among podman's images."""
    if not _call("podman", "images", "--quiet", NAME):
        with tempfile.TemporaryDirectory() as folder:
            root, archive = Path(folder, "root"), Path(folder, "root.tar")
            _call("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", *_source(root))
            _call("chroot", str(root), "sh", "-euc", _AS_IN_THE_BASE)
            _call("tar", "-C", str(root), "--exclude=./dev/*", "-cf", str(archive), ".")
            _call("podman", "import", "--quiet", str(archive), NAME)
    return NAME


def _source(root: Path) -> tuple[str, str, str]:
    """Return what debootstrap is to make, where, and whence: from this machine's own mirror."""
    sites = _call(
        "apt-get", "indextargets", "--format=$(SITE)", "Origin: Debian", "Created-By: Packages"
    ).split()
    if not sites:
        raise SystemExit("apt knows no mirror of Debian: apt-get update")
    return _RELEASE, str(root), sites[0]


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed commands
    if done.returncode:
        # debootstrap tells on its output what went wrong.
        raise SystemExit(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
