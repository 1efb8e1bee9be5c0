"""How properties are searched: the same examples at every commit, random ones by `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

# Time and luck decide nothing: neither how fast a machine is, nor what an earlier run has found.
settings.register_profile(
    "commit",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile(
    "fuzz",
    settings.get_profile("commit"),
    derandomize=False,
    print_blob=True,
    max_examples=int(os.environ.get("EXAMPLES", "50")),
)
settings.load_profile("commit")
