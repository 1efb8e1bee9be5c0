"""Calls on threads: their results, their order, and the hook of the thread that waits."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from source_zendesk_articles.sync import workers as module
from source_zendesk_articles.sync.workers import InOrder, Workers
from source_zendesk_articles.zendesk.rate_limit import WORKERS


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Return threads whose results are waited for in silence."""
    with closing(Workers(lambda: None)) as made:
        yield made


def test_a_result_is_that_of_the_call(workers: Workers) -> None:
    assert 7 == workers.ask(lambda: 7)


def test_the_error_of_a_call_is_raised_by_its_result(workers: Workers) -> None:
    def fail() -> None:
        raise TimeoutError("of the call itself")

    future = workers.submit(fail)
    with pytest.raises(TimeoutError, match="of the call itself"):
        workers.result(future)


def test_the_hook_is_called_again_and_again_in_the_thread_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    is_time = threading.Event()
    called_in: list[int] = []

    def on_wait() -> None:
        called_in.append(threading.get_ident())
        if len(called_in) == 2:
            is_time.set()

    with closing(Workers(on_wait)) as workers:
        assert workers.ask(is_time.wait)
    assert {threading.get_ident()} == set(called_in)
    assert len(called_in) >= 2


def test_an_error_of_the_hook_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)

    def on_wait() -> None:
        raise BrokenPipeError

    is_time = threading.Event()
    with closing(Workers(on_wait)) as workers, pytest.raises(BrokenPipeError):
        workers.ask(is_time.wait)
    is_time.set()


def test_there_are_as_many_threads_as_calls_and_no_more_than_allowed(workers: Workers) -> None:
    one_after_another = {workers.ask(threading.get_ident) for _ in range(3)}
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
        workers.result(future)
    assert WORKERS == len(at_once)


def test_closed_threads_end() -> None:
    before = threading.active_count()
    with closing(Workers(lambda: None)) as workers:
        workers.submit(int).result()
    while threading.active_count() > before:
        time.sleep(0.001)


def test_no_thread_keeps_the_process_alive(workers: Workers) -> None:
    assert workers.ask(lambda: threading.current_thread().daemon)


def test_results_come_in_the_order_of_their_calls_some_of_which_are_made_ahead(
    workers: Workers,
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
    assert 0 == next(results)
    assert WORKERS == len(made)
    assert list(range(1, 30)) == list(results)


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
