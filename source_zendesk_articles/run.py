"""The console script `source-zendesk-articles`."""

import ctypes
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, Type

from source_zendesk_articles.source import SourceZendeskArticles

# As much as a pipe holds on Linux. Each write lets other threads run, and has to wait for its turn.
_PIPE_BYTES = 64 * 1024


# https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_ARENA_MAX = -8


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
        lines, self._lines = memoryview(self._lines), bytearray()
        # All that is printed or logged goes out under this lock: nothing comes between two halves.
        with PRINT_BUFFER.lock:
            while lines:
                # With PYTHONUNBUFFERED a part of them only may be written.
                lines = lines[self._stdout.write(lines) :]
            self._stdout.flush()


def run() -> None:
    """Run the Airbyte command that the arguments name; see `--help`."""
    # What waits to be emitted is no garbage: to look for some every 700 objects, as is the default,
    # takes a tenth of a sync.
    gc.set_threshold(10_000)
    with suppress(AttributeError):  # of a C library that is not GNU's
        # Else each thread that parses a page gets memory for itself, and keeps it: 50 MB in all.
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    # Else Ctrl-C would wait for a reader who does not read any more.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    entrypoint = _Entrypoint(SourceZendeskArticles(), sys.stdout.buffer)
    arguments = entrypoint.parse_args(sys.argv[1:])
    # As the CDK's `launch` does.
    with PRINT_BUFFER:
        for line in entrypoint.run(arguments):
            # One call, so that nothing of another thread comes between a line and its end.
            print(f"{line}\n", end="")  # noqa: T201 -- the protocol is spoken on stdout
