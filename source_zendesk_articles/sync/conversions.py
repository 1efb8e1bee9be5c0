"""Makes Markdown of records beside the reading: begun as they come, there when they go out."""

from collections.abc import Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, Generic

from source_zendesk_articles.articles.records import Record, add_markdown
from source_zendesk_articles.sync.workers import Tick, Workers

if TYPE_CHECKING:
    from concurrent.futures import Future

# Threads for it. One can not keep up with the thread that emits, and they do not keep that from
# running: the work is not Python's.
CONVERTERS: Final = 4


class Conversions(Generic[Tick]):
    """Records that are to have Markdown; `workers` make it."""

    def __init__(self, workers: Workers[Tick]) -> None:
        self._workers = workers
        self._records: list[Record] = []
        self._under_way: list[Future[None]] = []

    def add(self, records: Iterable[Record]) -> None:
        """Note what is to be converted."""
        self._records += records

    def begin(self) -> None:
        """Have converted what was noted, at once: a call for each record would cost more."""
        if self._records:
            convert = partial(add_markdown, self._records)
            self._under_way.append(self._workers.submit(convert))
            self._records = []

    def finish(self) -> Generator[Tick, None, None]:
        """Wait until everything is converted; yield a tick now and then."""
        self.begin()
        for conversion in self._under_way:
            yield from self._workers.result(conversion)
        self._under_way.clear()
