"""`pyairbyte.py SCRIPT CONFIG`: PyAirbyte, which syncs into each DuckDB file that is asked for.

https://docs.airbyte.com/developers/using-pyairbyte
"""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

script, config = map(Path, sys.argv[1:])
# What PyAirbyte says of its progress is no answer.
with redirect_stdout(sys.stderr):
    import airbyte
    from airbyte.caches import DuckDBCache

    source = airbyte.get_source(
        "source-zendesk-articles",
        local_executable=script,
        config=json.loads(config.read_text()),
        streams=["articles"],
    )
for database in sys.stdin:
    with redirect_stdout(sys.stderr):
        cache = DuckDBCache(db_path=database.strip())
        read = source.read(cache=cache)
        # Else no other process could open the file.
        cache.dispose_engine()
    print(read.processed_records, flush=True)  # noqa: T201 -- the answer
