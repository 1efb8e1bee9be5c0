"""How requests are held back: against servers that count by the minute, each in its own way."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol
from unittest.mock import patch

import pytest

from source_zendesk_articles.zendesk import rate_limit as pace_module
from source_zendesk_articles.zendesk.rate_limit import Pace, StoppedError

MINUTE = 60.0


class Server(Protocol):
    """Answers a request at a time: how many are left, None where there was none any more."""

    def ask(self, now: float) -> int | None:
        """Take a request."""


@dataclass
class FixedWindow:
    """Counts from one full minute to the next; `phase` is how far the first one is already."""

    limit: int
    phase: float = 0.0
    _minute: int = -1
    _used: int = 0

    def ask(self, now: float) -> int | None:
        minute = int((now + self.phase) // MINUTE)
        if minute != self._minute:
            self._minute, self._used = minute, 0
        if self._used >= self.limit:
            return None
        self._used += 1
        return self.limit - self._used


@dataclass
class SlidingWindow:
    """Counts the requests of the last minute, whenever it is asked."""

    limit: int
    _taken: deque[float] = field(default_factory=deque)

    def ask(self, now: float) -> int | None:
        while self._taken and self._taken[0] <= now - MINUTE:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return None
        self._taken.append(now)
        return self.limit - len(self._taken)


@dataclass
class LeakyBucket:
    """Lets one more through every so often."""

    limit: int
    _left: float = -1.0
    _at: float = 0.0

    def ask(self, now: float) -> int | None:
        if self._left < 0:
            self._left = self.limit
        self._left = min(self.limit, self._left + (now - self._at) * self.limit / MINUTE)
        self._at = now
        if self._left < 1:
            return None
        self._left -= 1
        return int(self._left)


@dataclass
class Simulation:
    """A client that makes one request after another, each of which takes `latency` seconds."""

    now: float = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, pace: Pace, server: Server, requests: int, latency: float) -> tuple[float, int]:
        """Return the seconds that all of them took, and how many were refused."""
        began, refused, done = self.now, 0, 0
        while done < requests:
            pace.wait("acme")
            self.sleep(latency)
            left = server.ask(self.now - 1000.0)
            if left is None:
                refused += 1
                pace.pause(10)
                self.sleep(10)
                continue
            done += 1
            limit = getattr(server, "limit")  # noqa: B009 -- each of them has one
            pace.note({"X-Rate-Limit": str(limit), "X-Rate-Limit-Remaining": str(left)})
        return self.now - began, refused


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """Replace time."""
    simulated = Simulation()

    class Condition(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            simulated.sleep(timeout or 0.0)
            return True

    with (
        patch.object(pace_module, "Condition", Condition),
        patch.object(pace_module, "monotonic", lambda: simulated.now),
    ):
        yield simulated


@pytest.mark.parametrize("limit", [200, 400, 700, 2500])
@pytest.mark.parametrize(
    "serve", [FixedWindow, SlidingWindow, LeakyBucket], ids=lambda serve: serve.__name__
)
def test_five_minutes_worth_of_requests_take_little_more_and_hardly_one_is_refused(
    simulation: Simulation, serve: Callable[[int], Server], limit: int
) -> None:
    seconds, refused = simulation.run(Pace(), serve(limit), 5 * limit, latency=0.02)
    assert seconds <= 1.25 * 5 * MINUTE
    assert refused <= 5


@pytest.mark.parametrize("phase", [5.0, 20.0, 40.0, 59.0])
def test_when_a_minute_begins_need_not_be_known(simulation: Simulation, phase: float) -> None:
    seconds, refused = simulation.run(Pace(), FixedWindow(400, phase), 2000, latency=0.02)
    assert seconds <= 1.25 * 5 * MINUTE
    assert refused <= 5


@pytest.mark.parametrize("limit", [200, 400, 2500])
def test_what_the_limit_lets_through_goes_out_at_full_speed(
    simulation: Simulation, limit: int
) -> None:
    seconds, _ = simulation.run(Pace(), FixedWindow(limit), limit - 10, latency=0.02)
    assert seconds == pytest.approx((limit - 10) * 0.02)


def test_who_shares_the_limit_is_left_some_of_it(simulation: Simulation) -> None:
    pace, server = Pace(), FixedWindow(400)
    for _ in range(390):
        server.ask(0.0)
    seconds, refused = simulation.run(pace, server, 8, latency=0.02)
    assert refused == 0
    assert seconds > 20


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Rate-Limit": "400"},
        {"X-Rate-Limit": "400", "X-Rate-Limit-Remaining": "many"},
        {"X-Rate-Limit": "400", "X-Rate-Limit-Remaining": "-1"},
    ],
)
def test_headers_that_do_not_tell_hold_nothing_back(
    simulation: Simulation, headers: dict[str, str]
) -> None:
    pace = Pace()
    began = simulation.now
    for _ in range(1000):
        pace.wait("acme")
        pace.note(headers)
    assert began == simulation.now


def test_what_was_sent_before_a_pause_tells_nothing_of_the_minute_after_it(
    simulation: Simulation,
) -> None:
    pace = Pace()
    pace.pause(30)
    pace.note({"X-Rate-Limit": "400", "X-Rate-Limit-Remaining": "1"})
    simulation.sleep(30)
    began = simulation.now
    for _ in range(10):
        pace.wait("acme")
    assert began == simulation.now


def test_all_threads_pause_together() -> None:
    pace = Pace()
    pace.pause(0.3)
    began = time.monotonic()
    with ThreadPoolExecutor() as threads:
        for waiting in [threads.submit(pace.wait, "acme") for _ in range(4)]:
            waiting.result()
            assert time.monotonic() - began >= 0.3


def test_nothing_goes_out_to_a_host_after_a_stop_and_who_waits_is_woken() -> None:
    pace = Pace()
    pace.pause(300)
    stop = threading.Timer(0.05, pace.stop, ["acme"])
    stop.start()
    with pytest.raises(StoppedError):
        pace.wait("acme")
    with pytest.raises(StoppedError):
        pace.wait("acme")


def test_other_hosts_of_the_account_go_on_after_a_stop_of_one() -> None:
    pace = Pace()
    pace.stop("acme")
    pace.wait("shop")


def test_nothing_goes_out_at_all_after_the_end() -> None:
    pace = Pace()
    pace.pause(300)
    threading.Timer(0.05, pace.close).start()
    for host in ("acme", "shop"):
        with pytest.raises(StoppedError):
            pace.wait(host)
        with pytest.raises(StoppedError):
            pace.enter(host)


def test_what_the_limit_does_not_count_goes_out_at_once_unless_it_was_stopped() -> None:
    pace = Pace()
    pace.pause(300)
    pace.enter("acme")
    pace.stop("acme")
    with pytest.raises(StoppedError):
        pace.enter("acme")
    pace.enter("shop")


def test_what_is_left_of_the_time_becomes_less(simulation: Simulation) -> None:
    pace = Pace(45)
    simulation.sleep(40)
    assert 5 == pytest.approx(pace.left)
    assert Pace().left > 10**9
