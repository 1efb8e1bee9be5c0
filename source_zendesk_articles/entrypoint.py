"""Runs a command of Airbyte's, and writes what it says to stdout."""

import ctypes
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, Type

from source_zendesk_articles.source import SourceZendeskArticles

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# As much as a pipe holds on Linux. Each write lets other threads run, and has to wait for its turn.
_PIPE_BYTES: Final = 64 * 1024
# https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
# Whoever closes the pipe may be about to end the process, and to take no other end: PyAirbyte does.
# https://github.com/airbytehq/PyAirbyte `_executors/base.py`
_SECONDS_TO_BE_ENDED: Final = 0.2


def launch(arguments: Sequence[str]) -> None:
    """Run the command that these arguments name, as the CDK's `launch` does."""
    # What waits to be emitted is no garbage: to look for some every 700 objects, as is the default,
    # takes a tenth of a sync.
    gc.set_threshold(10_000)
    with suppress(AttributeError):  # of a C library that is not GNU's
        mallopt = ctypes.CDLL(None).mallopt
        # Else each thread that parses a page gets memory for itself, and keeps it: 50 MB in all.
        mallopt(_M_ARENA_MAX, 2)
        # Else the limit would rise, and what a page as it came leaves is kept, with a text in it.
        mallopt(_M_MMAP_THRESHOLD, 128 * 1024)
    stdout = io.BufferedWriter(_Stdout(sys.stdout.fileno(), "wb", closefd=False))
    text = io.TextIOWrapper(stdout, encoding="utf-8")
    # The CDK's buffer writes to the second, and Python flushes the first at the end.
    vars(sys).update(stdout=text, __stdout__=text)
    entrypoint = _Entrypoint(SourceZendeskArticles(), stdout)
    parsed = entrypoint.parse_args([*arguments])
    with PRINT_BUFFER:
        for line in entrypoint.run(parsed):
            # One call, so that nothing of another thread comes between a line and its end.
            print(f"{line}\n", end="")  # noqa: T201 -- the protocol is spoken on stdout


class _Stdout(io.FileIO):
    """Standard output. If its reader goes away, the process ends like any other in a pipe.

    SIGPIPE is no way to have that: connections to Zendesk that break would end it, too.
    """

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write some of the bytes, from any thread; return how many."""
        try:
            return super().write(data)
        # No exceptions: each thread that logs would try to print them.
        except ConnectionError:
            threading.Event().wait(_SECONDS_TO_BE_ENDED)
            os._exit(128 + signal.SIGPIPE)
        except OSError as error:
            os.write(2, f"The output cannot be written: {error.strerror}.\n".encode())
            os._exit(1)


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's, but for how a record gets to stdout: as the bytes that it is serialized to.

    The CDK decodes them, collects the texts and encodes these again, which costs as much as all
    else that is done with a record.
    """

    def __init__(self, source: SourceZendeskArticles, stdout: BinaryIO) -> None:
        super().__init__(source)
        self._stdout = stdout
        self._lines = bytearray()

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:  # noqa: ANN401 -- handed on
        """Write the records; yield the other messages, each to be printed before the next."""
        try:
            for message in super().read(*arguments):
                if message.type == Type.RECORD:
                    line = AirbyteMessageSerializer.dump(message)
                    self._lines += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
                    if len(self._lines) >= _PIPE_BYTES:
                        self._write()
                else:
                    self._write()
                    yield message
                    # What was printed is on its way before the next record, and waits for none.
                    PRINT_BUFFER.flush()
        finally:
            self._write()

    def _write(self) -> None:
        lines, self._lines = self._lines, bytearray()
        # All that is printed or logged goes out under this lock: nothing comes between two halves.
        with PRINT_BUFFER.lock:
            self._stdout.write(lines)
            self._stdout.flush()
