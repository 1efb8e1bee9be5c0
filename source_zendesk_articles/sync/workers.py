"""Threads that wait for Zendesk, or convert, so that the main thread goes on meanwhile."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from source_zendesk_articles.zendesk.rate_limit import WORKERS

Result = TypeVar("Result")

# A thread that waits for a result calls `on_wait` as often as that.
WAIT_SECONDS: Final = 1.0


class Workers:
    """Up to `most` threads, each started when it is needed.

    None of them keeps the process alive, however long it sleeps: `concurrent.futures` waits for its
    own ones at the end. `on_wait` is called each second in a thread that waits for a result.
    """

    def __init__(self, on_wait: Callable[[], None], most: int = WORKERS) -> None:
        self._on_wait = on_wait
        self._most = most
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._busy = 0

    def close(self) -> None:
        """Let each thread end after its current call."""
        for _ in self._threads:
            self._calls.put(None)

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a thread make a call; the future gets its result or its error."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                self._done()
                return
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 -- raised by `result`
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

    def ask(self, call: Callable[[], Result]) -> Result:
        """Have a thread make a call; return its result, or raise its error."""
        return self.result(self.submit(call))

    def result(self, future: Future[Result]) -> Result:
        """Wait for the result of a call and return it, or raise its error."""
        self.wait_for_any(future)
        return future.result()

    def wait_for_any(self, *futures: Future[Any]) -> None:
        """Wait until one of some calls has a result or an error."""
        while not wait(futures, WAIT_SECONDS, FIRST_COMPLETED).done:
            self._on_wait()

    def _done(self) -> None:
        with self._lock:
            self._busy -= 1

    def _work(self) -> None:
        while call := self._calls.get():
            call()
            del call  # and the result with it


class InOrder(Iterator[Result]):
    """The results of calls in their order; as many calls are made ahead as there are threads."""

    def __init__(self, workers: Workers, calls: Iterable[Callable[[], Result]]) -> None:
        self._workers = workers
        self._calls = iter(calls)
        self._under_way: deque[Future[Result]] = deque()

    def __next__(self) -> Result:
        while len(self._under_way) < WORKERS and (call := next(self._calls, None)):
            self._under_way.append(self._workers.submit(call))
        if not self._under_way:
            raise StopIteration
        return self._workers.result(self._under_way.popleft())
