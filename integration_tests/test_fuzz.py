"""`make fuzz` says what to add to a test, in a form that can be copied."""

from hypothesis import settings

from integration_tests.fuzz import found

HISTORY = """\
E   assert 3 < 3
E   Failing test case: <state machine>
E   state = Mirror()
E   state.begin(batch=1, edits=[Edit(kind='add', article=0)])
E   state.a_sync_succeeds(faults=[], revoked=None)
E   state.teardown()
E   
E   You can reproduce this test case by temporarily adding @reproduce_failure('6', b'AX')
"""  # noqa: W291 -- as pytest prints it
GIVEN = """\
E   AssertionError: long
E   Failing test case: test_it(
E       text='',  # or any other generated value
E       rows=[F(a=0), F(
E            a=1,
E        )],
E   )
E   
E   You can reproduce this test case by temporarily adding @reproduce_failure('6', b'AX')
"""  # noqa: W291 -- the same


def test_a_history_becomes_a_test_and_what_was_given_an_example() -> None:
    assert [
        "# Add this below `Mirror`, with a name that says what goes wrong:\n"
        "def test_…() -> None:\n"
        "    with history(Mirror()) as state:\n"
        "        state.begin(batch=1, edits=[Edit(kind='add', article=0)])\n"
        "        state.a_sync_succeeds(faults=[], revoked=None)\n",
        "# Add this above `test_it`, below its `@given`:\n"
        "@example(\n"
        "    text='',  # or any other generated value\n"
        "    rows=[F(a=0), F(\n"
        "         a=1,\n"
        "     )],\n"
        ")\n",
    ] == found(HISTORY + GIVEN)


def test_every_commit_is_held_to_the_same_examples() -> None:
    assert (True, None) == (settings().derandomize, settings().database)
