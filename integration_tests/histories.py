"""How long the slow properties are searched, and how a history of a state machine is replayed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine

Machine = TypeVar("Machine", bound=RuleBasedStateMachine)


def searched(at_commit: int, *, steps: int = 50) -> settings:
    """Return so many examples of so many steps at a commit, and what `make fuzz` is told there."""
    at_once = settings.get_current_profile_name() == "commit"
    examples = at_commit if at_once else settings().max_examples
    return settings(max_examples=examples, stateful_step_count=steps)


@contextmanager
def history(machine: Machine) -> Iterator[Machine]:
    """Give a machine whose rules a test calls in its own order, as Hypothesis prints them."""
    try:
        yield machine
    finally:
        machine.teardown()
