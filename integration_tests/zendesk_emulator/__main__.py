"""`python -m integration_tests.zendesk_emulator`: serve the sample until Ctrl-C.

What it prints is a shell script: it sets the environment that a client needs and writes the
configuration `zendesk.json`. The clock runs.
"""

import argparse
import json
import shlex
import signal
import sys
import threading

from . import sample
from .emulator import ZendeskEmulator


def main() -> None:
    """Serve, and end in good order on Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m integration_tests.zendesk_emulator",
        description="A Zendesk account on this machine, with a small sample Help Center.",
    )
    parser.add_argument("--latency", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--rate-limit", type=int, metavar="REQUESTS_A_MINUTE")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ZendeskEmulator(
        latency=options.latency, rate_limit=options.rate_limit, running=True
    ) as zendesk:
        sample.furnish(zendesk.account.help_center())
        sys.stdout.write(_script(zendesk))
        sys.stdout.flush()
        ended.wait()


def _script(zendesk: ZendeskEmulator) -> str:
    account = zendesk.account
    client = account.add_oauth_client(account.admin)
    credentials = {
        "auth_type": "oauth_client_credentials",
        "client_id": client.identifier,
        "client_secret": client.secret,
    }
    config = json.dumps({"subdomain": account.subdomain, "credentials": credentials}, indent=2)
    exports = [f"export {name}={shlex.quote(value)}" for name, value in zendesk.environment.items()]
    return "\n".join(
        [
            *exports,
            f"cat > zendesk.json <<'END'\n{config}\nEND",
            f"# https://{account.subdomain}.zendesk.com is served until Ctrl-C.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
