"""Converts bodies to Markdown in parallel with the reading; they are ready when they go out."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from source_zendesk_articles.articles.records import Record, add_markdown
from source_zendesk_articles.sync.workers import Workers

if TYPE_CHECKING:
    from concurrent.futures import Future

# One thread cannot keep up with the thread that emits. They do not keep that one from running: the
# library releases the interpreter.
CONVERTERS: Final = 4


class Conversions:
    """Records whose body `workers` convert."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._records: list[Record] = []
        self._under_way: list[Future[None]] = []

    def add(self, records: Iterable[Record]) -> None:
        """Note what is to be converted."""
        self._records += records

    def begin(self) -> None:
        """Have everything that was noted converted in one call: one for each would cost more."""
        if self._records:
            convert = partial(add_markdown, self._records)
            self._under_way.append(self._workers.submit(convert))
            self._records = []

    def finish(self) -> None:
        """Wait until everything is converted."""
        self.begin()
        for conversion in self._under_way:
            self._workers.result(conversion)
        self._under_way.clear()
