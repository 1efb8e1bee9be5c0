"""Runs in the image, with its Python and nothing of the tests: tells what is allowed there."""

import json
import os
import pwd
import sys
from pathlib import Path

_FOLDERS = ("/", "/opt/connector", "/airbyte", "/var/tmp", "/tmp")  # noqa: S108 -- to be tried


def _writable(folder: str) -> bool:
    try:
        Path(folder, "probe").touch()
    except OSError:
        return False
    return True


def _processors() -> float:
    """Return how many processors the kernel lets this container use."""
    groups = Path("/sys/fs/cgroup")
    files = ["cpu.max"]
    if not (groups / "cpu.max").exists():  # the first version of control groups
        files = ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]
    quota, period = " ".join((groups / file).read_text() for file in files).split()
    return int(quota) / int(period)


def _modules_without_byte_code() -> list[str]:
    import source_zendesk_articles.entrypoint  # noqa: F401, PLC0415 -- with all that it imports

    cached = {name: getattr(module, "__cached__", None) for name, module in sys.modules.items()}
    return [name for name, path in cached.items() if path and not Path(path).exists()]


if __name__ == "__main__":
    facts = {
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "writable": [folder for folder in _FOLDERS if _writable(folder)],
        "processors": _processors(),
        "without_byte_code": _modules_without_byte_code(),
    }
    print(json.dumps(facts))  # noqa: T201 -- its output
