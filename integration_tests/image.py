"""`make image-test`: builds the image without an engine, and runs it as a strict platform does.

The base is a stand-in, or what BASE_IMAGE names.
"""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from integration_tests import image_base, licences
from integration_tests.connector import Output, config, run
from integration_tests.platform import Platform
from integration_tests.served import LOCALES, Shape, fill
from integration_tests.truth import mirror, rows, truth
from integration_tests.zendesk_emulator import HelpCenter, ZendeskEmulator

_ROOT = Path(__file__).parents[1]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["poetry"]
_METADATA = yaml.safe_load((_ROOT / "metadata.yaml").read_text())["data"]
_NAME, _VERSION = _PROJECT["name"], _PROJECT["version"]
_IMAGE = f"localhost/{_NAME}:{_VERSION}"
# What of pip's settings tells whom it asks, and whom it trusts.
_OF_PIP = {"index-url", "extra-index-url", "trusted-host", "proxy", "cert"}
_TOOLS = ("buildah", "podman", "runc", "debootstrap")

_HOME = Path("opt/connector")
_SITE = _HOME / "lib/python3.11/site-packages"
_BYTE_CODE = _HOME / "byte-code"
_OURS = {"integration_tests", "unit_tests", "zendesk_emulator"}
_SCRIPT = f"/{_HOME}/bin/{_NAME}"
_PYTHON = f"/{_HOME}/bin/python"

_MEGABYTE = 2**20
_MEMORY = 512 * _MEGABYTE
# Without systemd and without more open files or processes than a sandbox may allow.
_PODMAN = ("podman", "--runtime=runc", "--cgroup-manager=cgroupfs")
_CONTAINER = (
    *("run", "--rm", "--pull=never", "--network=host"),
    *("--ulimit=nofile=20000:20000", "--ulimit=nproc=4096:4096"),
    *("--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp:size=16m"),
    *(f"--memory={_MEMORY}", f"--memory-swap={_MEMORY}", "--cpus=1"),
    *("--cap-drop=all", "--security-opt=no-new-privileges"),
)
_KILLED = 137
_STARTS = 5
_LOOK = 0.02
# More than the memory holds twice: as text, and parsed.
_SHAPE = Shape(articles=5_000, locales=3, body=20_000)
_EDITS = 200
_HOUR = 3600


def main() -> None:
    """Build the image, look into it, run it, and say what was found."""
    for line in _report():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _report() -> Iterator[str]:
    _require_tools()
    base = os.environ.get("BASE_IMAGE") or image_base.stand_in()
    yield f"{_IMAGE} on {base}"
    _build(base)
    _check_description()
    yield from _check_contents(base)
    yield _check_limits()
    yield _start_up()
    yield from _check_commands()


def _require_tools() -> None:
    missing = [tool for tool in _TOOLS if not shutil.which(tool, path="/usr/sbin:/usr/bin")]
    if missing:
        raise SystemExit(f"apt-get install --yes --no-install-recommends {' '.join(missing)}")
    if os.geteuid():
        raise SystemExit("make image-test has to be run as root: debootstrap and runc need it.")


def _build(base: str) -> None:
    _call(*_PODMAN, "rmi", "--ignore", _IMAGE)
    with tempfile.TemporaryDirectory() as folder:
        _call(
            *("buildah", "bud", "--isolation=chroot", "--network=host"),
            *_as_pip_does_here(Path(folder, "pip.conf")),
            *(f"--build-arg=BASE_IMAGE={base}", f"--build-arg=VERSION={_VERSION}"),
            f"--tag={_IMAGE}",
            str(_ROOT),
        )


def _as_pip_does_here(file: Path) -> Iterator[str]:
    """Have the build's pip ask whom this machine's asks, and trust whom it trusts.

    It is mounted: none of it gets into the image, nor into the history of its making.
    """
    listed = _call(sys.executable, "-m", "pip", "config", "list").splitlines()
    parted = [line.partition("=") for line in listed]
    settings = {name.rpartition(".")[2]: value for name, _, value in parted}
    kept = {name: ast.literal_eval(settings[name]) for name in _OF_PIP & settings.keys()}
    lines = [f"{name} = {' '.join(value.split())}\n" for name, value in kept.items()]
    file.write_text("".join(["[global]\n", *lines]))  # in a folder that is root's alone
    yield f"--volume={file}:/etc/pip.conf:ro"
    if "cert" in kept:
        yield f"--volume={kept['cert']}:{kept['cert']}:ro"


def _check_description() -> None:
    """Compare with what the files of the project say."""
    (image,) = json.loads(_call(*_PODMAN, "image", "inspect", _IMAGE))
    described = image["Config"]
    assert [_SCRIPT] == described["Entrypoint"]
    assert f"AIRBYTE_ENTRYPOINT={_SCRIPT}" in described["Env"]
    labels = {
        "io.airbyte.name": _METADATA["dockerRepository"],
        "io.airbyte.version": _METADATA["dockerImageTag"],
        "org.opencontainers.image.title": _METADATA["name"],
        "org.opencontainers.image.version": _VERSION,
        "org.opencontainers.image.licenses": licences.label(licences.documented()),
    }
    assert labels == {name: described["Labels"][name] for name in labels}


def _check_contents(base: str) -> Iterator[str]:
    """Find in the image the base, untouched, the locked packages and the connector, and no more."""
    with _mounted(base) as below, _mounted(_IMAGE) as root:
        before, after = _listing(below), _listing(root)
        assert before.items() <= after.items(), "something of the base was changed"
        added = after.keys() - before.keys()
        assert all(path.is_relative_to(_HOME) for path in added), "something is elsewhere"
        own = [after[path][:2] for path in added if not (root / path).is_symlink()]
        assert not [mode for mode, owner in own if owner or mode & 0o022], "somebody may write"
        packages = list(importlib.metadata.distributions(path=[str(root / _SITE)]))
        found = {canonicalize_name(package.name): package.version for package in packages}
        assert {**_locked(), _NAME: _VERSION} == found
        installed = {
            Path(os.path.normpath(_SITE / file))
            for package in packages
            for file in package.files or []
        }
        files = {path for path in added if not (root / path).is_dir()}
        byte_code = {path for path in files if path.is_relative_to(_BYTE_CODE)}
        assert {".pyc"} == {path.suffix for path in byte_code}
        others = {path for path in files - byte_code - installed if path.parent != _HOME / "bin"}
        assert {_HOME / "pyvenv.cfg"} == others, sorted(others)[:9]
        assert not {part for path in added for part in path.parts} & _OURS
        size = sum((root / path).lstat().st_size for path in files)
    yield (
        f"contents: {len(found)} packages, which are the locked ones and the connector, and "
        f"{len(byte_code):,} files of byte code; nothing else, and of the base nothing changed"
    )
    yield f"size: {size / _MEGABYTE:.0f} MB more than the base"


@contextmanager
def _mounted(image: str) -> Iterator[Path]:
    path = Path(_call(*_PODMAN, "image", "mount", image).strip())
    try:
        yield path
    finally:
        _call(*_PODMAN, "image", "unmount", image)


def _listing(root: Path) -> dict[Path, tuple[int, ...]]:
    """Return mode and owner, and size and time of a file, for each path."""
    listing = {}
    for path in root.rglob("*"):
        seen = path.lstat()
        content = () if path.is_dir() else (seen.st_size, int(seen.st_mtime))
        listing[path.relative_to(root)] = (seen.st_mode, seen.st_uid, *content)
    return listing


def _locked() -> dict[str, str]:
    lines = (_ROOT / "requirements.txt").read_text().splitlines()
    pinned = [Requirement(line.rstrip("\\")) for line in lines if "==" in line]
    here = {"python_version": "3.11", "python_full_version": "3.11.0"}
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in pinned
        if one.marker is None or one.marker.evaluate(here)
    }


def _check_limits() -> str:
    probe = Path(__file__).parent / "image_probe.py"
    python = f"--entrypoint={_PYTHON}"
    facts = json.loads(_contain(["/probe.py"], python, f"--volume={probe}:/probe.py:ro").printed)
    assert "airbyte" == facts["user"]
    assert ["/tmp"] == facts["writable"]  # noqa: S108 -- the one that the CDK needs
    assert 1 == facts["processors"]
    assert [] == facts["without_byte_code"]
    assert _KILLED == _contain(["-c", f"b'x' * {_MEMORY}"], python).status
    return (
        "enforced: user airbyte, a read-only file system but for 16 MB of /tmp, and "
        f"{_MEMORY // _MEGABYTE} MB without swap, all tried; one processor, as the kernel says"
    )


def _start_up() -> str:
    bare = median(_seconds([], "--entrypoint=/bin/true") for _ in range(_STARTS))
    spec = median(_seconds(["spec"]) for _ in range(_STARTS))
    return f"start-up: {spec:.1f} s for spec, of which {bare:.1f} s podman's (medians of {_STARTS})"


def _seconds(arguments: list[str], *options: str) -> float:
    start = time.monotonic()
    assert 0 == _contain(arguments, *options).status
    return time.monotonic() - start


def _check_commands() -> Iterator[str]:
    """Run every command against the emulator; what was read has to be what is there."""
    with ZendeskEmulator(running=True) as zendesk:
        fill(zendesk, _SHAPE)
        configuration = config(zendesk)
        connector = _Connector()
        (spec,) = run(zendesk, "spec", through=connector).of("SPEC")
        assert {"subdomain", "credentials"} == set(spec["connectionSpecification"]["required"])
        checked = run(zendesk, "check", configuration, through=connector)
        assert "SUCCEEDED" == checked.of("CONNECTION_STATUS")[0]["status"]
        (catalog,) = run(zendesk, "discover", configuration, through=connector).of("CATALOG")
        assert ["articles"] == [stream["name"] for stream in catalog["streams"]]
        yield "spec, check, discover: as they have to be"

        help_center, platform = zendesk.account.help_center(), Platform(zendesk)
        first = platform.sync(configuration, through=connector)
        assert truth(help_center) == rows(first.records)
        yield f"first read: {connector.told(first)}"
        _edit(zendesk, help_center)
        second = platform.sync(configuration, through=connector)
        assert mirror(help_center) == platform.destination.table
        assert _EDITS <= len(second.records) < len(first.records)
        yield f"read after {_EDITS} edits: {connector.told(second)}"
        third = platform.sync({**configuration, "body_markdown": True}, through=connector)
        assert len(first.records) == len(third.records)
        assert all(row["body_markdown"] for row in third.records)
        yield f"read when `body_markdown` is switched on: {connector.told(third)}"
        assert [] == zendesk.strangers


def _edit(zendesk: ZendeskEmulator, help_center: HelpCenter) -> None:
    articles = help_center.articles
    for article in articles[:: len(articles) // _EDITS][:_EDITS]:
        zendesk.clock.advance(1)
        help_center.change_translation(article, LOCALES[1], body="<p>New.</p>")
    zendesk.clock.advance(_HOUR)


@dataclass
class _Connector:
    """Runs the connector's commands in the image. `seconds` and `peak` are of the last of them."""

    seconds: float = 0
    peak: int = 0

    def __call__(self, arguments: list[str], environment: Mapping[str, str]) -> str:
        """Run a command as `connector.run` has it done; return what it printed."""
        files = [argument for argument in arguments if argument.startswith("/")]
        files.append(environment["REQUESTS_CA_BUNDLE"])
        start = time.monotonic()
        done = _contain(
            arguments,
            *(f"--volume={file}:{file}:ro" for file in files),
            *(f"--env={name}={value}" for name, value in environment.items()),
        )
        self.seconds, self.peak = time.monotonic() - start, done.peak
        text = done.printed + done.complaints
        assert Output(text).succeeded == (done.status == 0), text[-2000:]
        return text

    def told(self, output: Output) -> str:
        """Say what the last command took."""
        return (
            f"{len(output.records):,} records ({len(output.text) / _MEGABYTE:,.0f} MB), as in the "
            f"Help Center, in {self.seconds:.0f} s with a peak of {self.peak / _MEGABYTE:.0f} MB"
        )


@dataclass(frozen=True)
class _Done:
    status: int
    printed: str
    complaints: str
    peak: int


def _contain(arguments: list[str], *options: str) -> _Done:
    """Run a container of the image; measure the most memory that its first process had resident."""
    with tempfile.TemporaryDirectory() as folder:
        pid, printed, complaints = (Path(folder, name) for name in ("pid", "printed", "complaints"))
        command = [*_PODMAN, *_CONTAINER, f"--pidfile={pid}", *options, _IMAGE, *arguments]
        peak = 0
        with (
            printed.open("wb") as stdout,
            complaints.open("wb") as stderr,
            # In a folder of its own: a container that is killed for its memory leaves a file there.
            subprocess.Popen(command, stdout=stdout, stderr=stderr, cwd=folder) as process,  # noqa: S603 -- fixed, as in `_call`
        ):
            while process.poll() is None:
                peak = max(peak, _peak(pid))
                time.sleep(_LOOK)
        return _Done(process.returncode, printed.read_text(), complaints.read_text(), peak)


def _peak(pid: Path) -> int:
    try:
        status = Path("/proc", pid.read_text().strip(), "status").read_text()
    except OSError:  # not yet, or no more
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed commands
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
