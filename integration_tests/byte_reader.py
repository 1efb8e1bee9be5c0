"""What the benchmark holds the emulator against: many connections that only read bytes.

`python byte_reader.py config.json PAGES CONNECTIONS`: each connection reads that many numbered
pages of 100 articles. Prints, as JSON, the seconds that this took after start-up, and the bytes of
all bodies.
"""

import base64
import http.client
import json
import os
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_INCLUDE = "translations,sections,categories"
_PIECE = 2**20


def main() -> None:
    """Read the pages over each connection."""
    config = json.loads(Path(sys.argv[1]).read_text())
    pages, connections = int(sys.argv[2]), int(sys.argv[3])
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        size = sum(threads.map(lambda _: _read(config, pages), range(connections)))
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - started, "bytes": size}))


def _read(config: dict[str, Any], pages: int) -> int:
    """Read so many pages over one connection; return the bytes of their bodies."""
    tls = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    assert proxy.hostname is not None
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=tls)
    connection.set_tunnel(f"{config['subdomain']}.zendesk.com")
    credentials = config["credentials"]
    pair = f"{credentials['email']}/token:{credentials['api_token']}"
    signed = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    piece, size = bytearray(_PIECE), 0
    for page in range(1, pages + 1):
        query = f"include={_INCLUDE}&page={page}&per_page=100&sort_by=created_at&sort_order=asc"
        connection.request("GET", f"/api/v2/help_center/articles?{query}", headers=signed)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK
        while read := answer.readinto(piece):
            size += read
    connection.close()
    return size


if __name__ == "__main__":
    main()
