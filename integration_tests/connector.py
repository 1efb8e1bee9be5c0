"""Runs the connector as Airbyte does: a command in, messages out."""

import base64
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import assemble_uncaught_exception
from airbyte_cdk.logger import AirbyteLogFormatter
from jsonschema import Draft7Validator

from integration_tests.credentials import Make, api_token
from integration_tests.zendesk_emulator import ZendeskEmulator
from source_zendesk_articles.source import SourceZendeskArticles

Message = dict[str, Any]
SCRIPT = Path(sys.executable).parent / "source-zendesk-articles"
CATALOG = Path(__file__).parent / "configured_catalog.json"
# By what the connector's listing is known among the requests.
LISTING = {"include": "translations,sections,categories"}
# Parsed once: the CDK's YAML takes longer than most syncs here.
_SPEC = SourceZendeskArticles().spec(logging.getLogger("airbyte"))
# As is the check that the form itself is a JSON schema.
Draft7Validator.check_schema(_SPEC.connectionSpecification)
# What is said to the platform alone: it has the credentials.
CONTROL = '{"type":"CONTROL"'
_SECRET_FIELDS = {"client_secret", "refresh_token", "access_token", "api_token"}


@dataclass
class Output:
    """All that a command printed: `text` as it came, `messages` in the order of the protocol."""

    text: str

    def __post_init__(self) -> None:
        # Not `splitlines`: bodies have line separators of their own.
        lines = [line for line in self.text.split("\n") if line.startswith('{"type":')]
        self.messages: list[Message] = [json.loads(line) for line in lines]

    def of(self, kind: str) -> list[Message]:
        """Return the payloads of one message type, such as `RECORD`."""
        field = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return [message[field] for message in self.messages if message["type"] == kind]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The data of each record."""
        return [record["data"] for record in self.of("RECORD")]

    @property
    def states(self) -> list[Message]:
        """Each state, as `--state` takes it."""
        return self.of("STATE")

    def kept(self, configuration: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration that the platform has afterwards."""
        return [configuration, *self.control][-1]

    @property
    def control(self) -> list[dict[str, Any]]:
        """The configuration in each CONTROL message."""
        return [control["connectorConfig"]["config"] for control in self.of("CONTROL")]

    @property
    def logs(self) -> str:
        """What the log says, a line each."""
        return "\n".join(f"{log['level']} {log['message']}" for log in self.of("LOG"))

    @property
    def error(self) -> tuple[str, str]:
        """The failure type and the sentence of the first error, which is the one users read."""
        errors = [trace["error"] for trace in self.of("TRACE") if "error" in trace]
        return errors[0]["failure_type"], errors[0]["message"]

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return not any("error" in trace for trace in self.of("TRACE"))


def config(zendesk: ZendeskEmulator, **fields: object) -> dict[str, object]:
    """Return a configuration that works, with these fields instead.

    With an API token nothing is asked of Zendesk but what reading costs.
    """
    account = zendesk.account
    return {
        "subdomain": account.subdomain,
        "credentials": api_token(account.admin, account.admin_token),
        **fields,
    }


def config_with(zendesk: ZendeskEmulator, make: Make, **fields: object) -> dict[str, Any]:
    """Return such a configuration with new credentials of a kind, the admin's."""
    return config(zendesk, credentials=make(zendesk, zendesk.account.admin), **fields)


def assert_no_secret(
    zendesk: ZendeskEmulator, configuration: Mapping[str, object] | None, text: str
) -> None:
    """Search what was printed, CONTROL messages apart, for all that must stay secret.

    That is everything that the account ever gave to anybody, and everything that was entered, plain
    and in base64, wherever in a longer text it was encoded.
    """
    entered = (configuration or {}).get("credentials")
    secrets = set(zendesk.account.secrets)
    if isinstance(entered, dict):
        texts = [value for name, value in entered.items() if name in _SECRET_FIELDS]
        secrets |= {text.strip() for text in texts if isinstance(text, str) and len(text) > 1}
    visible = "\n".join(line for line in text.split("\n") if not line.startswith(CONTROL))
    for secret in secrets:
        for form in (secret, *_in_base64(secret)):
            assert form not in visible, f"a secret was printed: {visible.split(form)[0][-300:]}"


def _in_base64(secret: str) -> Iterator[str]:
    for offset in range(3):
        encoded = base64.b64encode(b"?" * offset + secret.encode()).decode().rstrip("=")
        # Without the letters that the neighbours have a share in.
        yield encoded[(0, 2, 3)[offset] : -1]


def _catalog(sync_mode: str) -> dict[str, Any]:
    catalog: dict[str, Any] = json.loads(CATALOG.read_text())
    catalog["streams"][0]["sync_mode"] = sync_mode
    return catalog


@contextmanager
def _arguments(
    command: str,
    configuration: Mapping[str, object] | None,
    state: Message | str | None,
    sync_mode: str,
    *,
    debug: bool,
) -> Iterator[list[str]]:
    files = {
        "config": configuration,
        "catalog": _catalog(sync_mode) if command == "read" else None,
        "state": [state] if isinstance(state, dict) else state,
    }
    with tempfile.TemporaryDirectory() as folder:
        arguments = [command, *(["--debug"] if debug else [])]
        for name, content in files.items():
            if content is not None:
                path = Path(folder, f"{name}.json")
                path.write_text(content if isinstance(content, str) else json.dumps(content))
                arguments += [f"--{name}", str(path)]
        yield arguments


def in_process(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Run a command through the CDK's entrypoint; return what the console script would print.

    The CDK's own wrapper for tests leaves out what is printed rather than returned.
    """
    printed = io.StringIO()
    handler = logging.StreamHandler(printed)
    handler.setFormatter(AirbyteLogFormatter())
    root = logging.getLogger()
    # What `--debug` and LOG_LEVEL change is of this command only.
    loggers = [root, *map(logging.getLogger, ("airbyte", "airbyte.SourceZendeskArticles"))]
    levels = [logger.level for logger in loggers]
    with (
        patch.dict(os.environ, environment),
        patch.object(SourceZendeskArticles, "spec", return_value=_SPEC),
        patch.object(Draft7Validator, "check_schema"),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        root.addHandler(handler)
        try:
            entrypoint = AirbyteEntrypoint(SourceZendeskArticles())
            for line in entrypoint.run(AirbyteEntrypoint.parse_args(arguments)):
                print(line)  # noqa: T201 -- as the CDK's `launch` does
        except Exception as error:  # as the CDK's `sys.excepthook` does
            logging.getLogger("airbyte").critical(error, exc_info=error)
            assemble_uncaught_exception(type(error), error).emit_message()
        finally:
            root.removeHandler(handler)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
    return printed.getvalue()


def installed_script(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Run a command through the installed console script; return what it printed."""
    done = subprocess.run(  # noqa: S603 -- the script of this environment
        [SCRIPT, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode()
    assert Output(text).succeeded == (done.returncode == 0), text
    return text


def killed_script(lines: int, *, of: str = "") -> Callable[[list[str], Mapping[str, str]], str]:
    """Return a way to run a command through the console script that ends it after these lines.

    `of`: only lines with this text count.
    """

    def through(arguments: list[str], environment: Mapping[str, str]) -> str:
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
            subprocess.Popen(  # noqa: S603 -- the script of this environment
                [SCRIPT, *arguments],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                encoding="utf-8",
            ) as process,
        ):
            assert process.stdout is not None
            printed: list[str] = []
            for line in process.stdout:
                printed.append(line)
                if sum(of in earlier for earlier in printed) == lines:
                    break
            process.kill()
            process.wait()
            complaints.seek(0)
            return "".join([*printed, complaints.read()])

    return through


def run(  # noqa: PLR0913 -- one for each thing that the command line takes
    zendesk: ZendeskEmulator,
    command: str,
    configuration: Mapping[str, object] | None = None,
    *,
    state: Message | str | None = None,
    sync_mode: str = "incremental",
    debug: bool = False,
    through: Callable[[list[str], Mapping[str, str]], str] = in_process,
) -> Output:
    """Run a command against the emulator: in this process, or `through` the installed script.

    A state may be the text of its file. Whatever is run for, what it prints is searched for
    secrets.
    """
    with _arguments(command, configuration, state, sync_mode, debug=debug) as arguments:
        output = Output(through(arguments, zendesk.environment))
    assert_no_secret(zendesk, configuration, output.text)
    return output


run_script = partial(run, through=installed_script)
