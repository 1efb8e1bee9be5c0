"""Threads that wait or compute, so that the main thread can do something else meanwhile."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

from source_zendesk_articles.zendesk.rate_limit import WORKERS

Result = TypeVar("Result")
Tick = TypeVar("Tick")

# Whoever waits for a result gets a tick as often as that.
TICK_SECONDS: Final = 1.0


class Workers(Generic[Tick]):
    """Up to `most` threads, each begun when it is needed.

    None of them keeps the process alive, however long it sleeps: that is why they are not those of
    `concurrent.futures`, which are waited for at the end. `tick` makes what is yielded to whoever
    waits for a result.
    """

    def __init__(self, tick: Callable[[], Tick], most: int = WORKERS) -> None:
        self.tick = tick
        self._most = most
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._busy = 0

    def close(self) -> None:
        """Let each thread end with what it is at."""
        for _ in self._threads:
            self._calls.put(None)

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a thread make a call; the future gets its result, or its error."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                self._done()
                return
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 -- raised where the result is asked for
                self._done()
                future.set_exception(error)
            else:
                self._done()
                future.set_result(result)

        with self._lock:
            self._busy += 1
            if len(self._threads) < min(self._busy, self._most):
                self._threads.append(threading.Thread(target=self._work, daemon=True))
                self._threads[-1].start()
        self._calls.put(run)
        return future

    def result(self, future: Future[Result]) -> Generator[Tick, None, Result]:
        """Return the result of a call, or raise its error; yield a tick while there is none."""
        yield from self.until(future)
        return future.result()

    def until(self, *futures: Future[Any]) -> Generator[Tick, None, None]:
        """Yield a tick now and then, until one of some calls has a result or an error."""
        while not wait(futures, TICK_SECONDS, FIRST_COMPLETED).done:
            yield self.tick()

    def ask(self, call: Callable[[], Result]) -> Generator[Tick, None, Result]:
        """Have a thread make a call, and return its result."""
        return self.result(self.submit(call))

    def _done(self) -> None:
        with self._lock:
            self._busy -= 1

    def _work(self) -> None:
        while call := self._calls.get():
            call()
            del call  # and the result with it


class InOrder(Generic[Result, Tick]):
    """The results of calls in their order, of which so many are made ahead as there are threads."""

    def __init__(self, workers: Workers[Tick], calls: Iterable[Callable[[], Result]]) -> None:
        self._workers = workers
        self._calls = iter(calls)
        self._under_way: deque[Future[Result]] = deque()

    def next(self) -> Generator[Tick, None, Result]:
        """Return the next one; there must be one."""
        for call in self._calls:
            self._under_way.append(self._workers.submit(call))
            if len(self._under_way) >= WORKERS:
                break
        return self._workers.result(self._under_way.popleft())
