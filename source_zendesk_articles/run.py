"""The console script `source-zendesk-articles`."""

import gc
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, Type

from source_zendesk_articles.source import SourceZendeskArticles


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's, but for how a record gets to stdout: as the bytes that it is serialized to.

    The CDK decodes them, collects the texts and encodes these again, which costs as much as all
    else that is done with a record.
    """

    def __init__(self, source: SourceZendeskArticles, stdout: BinaryIO) -> None:
        super().__init__(source)
        self._stdout = stdout

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:  # noqa: ANN401 -- handed on
        """Write the records; yield the other messages, each to be printed before the next."""
        for message in super().read(*arguments):
            if message.type == Type.RECORD:
                line = AirbyteMessageSerializer.dump(message)
                self._stdout.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            else:
                yield message
                # What was printed is on its way before the next record, and waits for none.
                PRINT_BUFFER.flush()


def run() -> None:
    """Run the Airbyte command that the arguments name; see `--help`."""
    # What waits to be emitted is no garbage: to look for some every 700 objects, as is the default,
    # takes a tenth of a sync.
    gc.set_threshold(10_000)
    entrypoint = _Entrypoint(SourceZendeskArticles(), sys.stdout.buffer)
    arguments = entrypoint.parse_args(sys.argv[1:])
    # As the CDK's `launch` does.
    with PRINT_BUFFER:
        for line in entrypoint.run(arguments):
            # One call, so that nothing of another thread comes between a line and its end.
            print(f"{line}\n", end="")  # noqa: T201 -- the protocol is spoken on stdout
