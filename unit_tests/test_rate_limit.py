"""Requests wait while the rate limit is reached, and end with a sync."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from source_zendesk_articles.zendesk import rate_limit as module
from source_zendesk_articles.zendesk.rate_limit import RateLimit, StoppedError

MINUTE = 60.0


@dataclass
class Simulation:
    """A client that makes one request after another, and a server that counts by the minute."""

    now: float = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, limit: int, requests: int, latency: float) -> tuple[float, int]:
        """Return the seconds that all requests took, and how many were refused."""
        rate_limit = RateLimit()
        began, refused, done, used = self.now, 0, 0, 0
        minute = 0
        while done < requests:
            rate_limit.wait("acme")
            self.sleep(latency)
            if (self.now - began) // MINUTE != minute:
                minute, used = int((self.now - began) // MINUTE), 0
            if used >= limit:
                refused += 1
                rate_limit.pause(MINUTE - (self.now - began) % MINUTE)
                continue
            used, done = used + 1, done + 1
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
        patch.object(module, "Condition", Condition),
        patch.object(module, "monotonic", lambda: simulated.now),
    ):
        yield simulated


@pytest.mark.parametrize("limit", [200, 400, 700, 2500])
def test_five_minutes_worth_of_requests_take_five_minutes(
    simulation: Simulation, limit: int
) -> None:
    seconds, refused = simulation.run(limit, 5 * limit, latency=0.02)
    assert seconds <= 1.25 * 5 * MINUTE
    assert refused <= 5


@pytest.mark.parametrize("limit", [200, 400, 2500])
def test_requests_below_the_limit_are_not_held_back(simulation: Simulation, limit: int) -> None:
    seconds, refused = simulation.run(limit, limit, latency=0.02)
    assert seconds == pytest.approx(limit * 0.02)
    assert 0 == refused


def test_all_threads_pause_together() -> None:
    limit = RateLimit()
    limit.pause(0.3)
    began = time.monotonic()
    with ThreadPoolExecutor() as threads:
        for waiting in [threads.submit(limit.wait, "acme") for _ in range(4)]:
            waiting.result()
            assert time.monotonic() - began >= 0.3


def test_after_a_stop_no_request_goes_to_the_host_and_waiting_threads_wake_up() -> None:
    limit = RateLimit()
    limit.pause(300)
    stop = threading.Timer(0.05, limit.stop, ["acme"])
    stop.start()
    with pytest.raises(StoppedError):
        limit.wait("acme")
    with pytest.raises(StoppedError):
        limit.wait("acme")


def test_other_hosts_of_the_account_go_on_after_a_stop_of_one() -> None:
    limit = RateLimit()
    limit.stop("acme")
    limit.wait("shop")


def test_after_the_end_no_request_goes_out() -> None:
    limit = RateLimit()
    limit.pause(300)
    threading.Timer(0.05, limit.close).start()
    for host in ("acme", "shop"):
        with pytest.raises(StoppedError):
            limit.wait(host)
        with pytest.raises(StoppedError):
            limit.check(host)


def test_requests_that_the_limit_does_not_count_go_out_at_once_unless_stopped() -> None:
    limit = RateLimit()
    limit.pause(300)
    limit.check("acme")
    limit.stop("acme")
    with pytest.raises(StoppedError):
        limit.check("acme")
    limit.check("shop")


def test_the_time_left_decreases(simulation: Simulation) -> None:
    limit = RateLimit(45)
    simulation.sleep(40)
    assert 5 == pytest.approx(limit.left)
    assert RateLimit().left > 10**9
