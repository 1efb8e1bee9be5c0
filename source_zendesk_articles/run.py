"""The console script `source-zendesk-articles`."""

import os
import signal
import sys
import threading


def run() -> None:
    """Run the Airbyte command that the arguments name; see `--help`."""
    _end_at_signals()
    # Only now: it takes a second, in which somebody may change their mind.
    from source_zendesk_articles.entrypoint import launch  # noqa: PLC0415

    launch(sys.argv[1:])


def _end_at_signals() -> None:
    """Let SIGINT and SIGTERM end the process at once, whatever it is at, with 128 + n."""
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        # Not Python's own handler: it waits for the main thread, which may wait for a reader.
        signal.signal(number, signal.SIG_DFL)
    # The kernel keeps process 1, as which a container runs this, from the default action. Blocked,
    # a signal is kept for the thread that waits for it.
    # https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    if os.getpid() == 1:
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        end = lambda: os._exit(128 + signal.sigwait(signals))  # noqa: E731
        threading.Thread(target=end, daemon=True).start()
