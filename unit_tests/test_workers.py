"""Calls on threads: their results, their order, and who waits for them."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from typing import TypeVar

import pytest

from source_zendesk_articles.sync import workers as module
from source_zendesk_articles.sync.workers import InOrder, Workers
from source_zendesk_articles.zendesk.rate_limit import WORKERS

Result = TypeVar("Result")


@pytest.fixture
def workers() -> Iterator[Workers[str]]:
    """Return threads for whose results to wait yields "tick"."""
    with closing(Workers(lambda: "tick")) as made:
        yield made


def drain(waiting: Generator[str, None, Result]) -> tuple[list[str], Result]:
    """Return what was yielded, and the result."""
    ticks = []
    while True:
        try:
            ticks.append(next(waiting))
        except StopIteration as end:
            return ticks, end.value


def test_a_result_is_that_of_the_call(workers: Workers[str]) -> None:
    assert ([], 7) == drain(workers.ask(lambda: 7))


def test_an_error_is_raised_where_the_result_is_asked_for(workers: Workers[str]) -> None:
    def fail() -> None:
        raise TimeoutError("of the call itself")

    future = workers.submit(fail)
    with pytest.raises(TimeoutError, match="of the call itself"):
        drain(workers.result(future))


def test_whoever_waits_gets_ticks(workers: Workers[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)
    is_time = threading.Event()
    waiting = workers.ask(is_time.wait)
    assert ["tick", "tick"] == [next(waiting), next(waiting)]
    is_time.set()
    assert drain(waiting)[1] is True


def test_there_are_as_many_threads_as_there_is_to_do_and_no_more_than_allowed(
    workers: Workers[str],
) -> None:
    one_after_another = {drain(workers.ask(threading.get_ident))[1] for _ in range(3)}
    assert len(one_after_another) == 1

    is_time = threading.Event()
    at_once: set[int] = set()

    def wait() -> None:
        at_once.add(threading.get_ident())
        is_time.wait()

    futures = [workers.submit(wait) for _ in range(2 * WORKERS)]
    while len(at_once) < WORKERS:
        time.sleep(0.001)
    is_time.set()
    for future in futures:
        drain(workers.result(future))
    assert WORKERS == len(at_once)


def test_threads_end_when_they_are_left() -> None:
    before = threading.active_count()
    with closing(Workers(int)) as workers:
        workers.submit(int).result()
    while threading.active_count() > before:
        time.sleep(0.001)


def test_no_thread_keeps_the_process_alive(workers: Workers[str]) -> None:
    daemons = workers.submit(lambda: threading.current_thread().daemon)
    assert daemons.result()


def test_results_come_in_the_order_of_their_calls_some_of_which_are_made_ahead(
    workers: Workers[str],
) -> None:
    made: list[int] = []

    def call(number: int) -> int:
        time.sleep(0.01 / (number + 1))
        return number

    def calls() -> Iterator[Callable[[], int]]:
        for number in range(30):
            made.append(number)
            yield partial(call, number)

    results = InOrder(workers, calls())
    assert drain(results.next())[1] == 0
    assert WORKERS == len(made)
    assert list(range(1, 30)) == [drain(results.next())[1] for _ in range(29)]


def test_there_are_no_more_threads_than_wanted() -> None:
    running, most = 0, 0

    def call() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.01)
        running -= 1

    with closing(Workers(lambda: None, 1)) as workers:
        for future in [workers.submit(call) for _ in range(5)]:
            future.result()
    assert 1 == most
