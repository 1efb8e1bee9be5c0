"""The source: spec, check, discover and read, wired to the configuration."""

import logging
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from airbyte_cdk.models import (
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    StreamDescriptor,
)
from airbyte_cdk.sources import AbstractSource
from airbyte_cdk.sources.streams import Stream

if TYPE_CHECKING:
    from source_zendesk_articles.config import Config
    from source_zendesk_articles.zendesk.client import Connection

# Modules that read Zendesk are imported in the functions that use them: `spec` would take a tenth
# longer.
# ruff: noqa: PLC0415

# The CDK logs the whole state that a sync begins with, which may be half a megabyte, to the logger
# that it names after the source.
logging.getLogger("airbyte.SourceZendeskArticles").addFilter(
    lambda line: not line.getMessage().startswith("Setting state of")
)


class SourceZendeskArticles(AbstractSource):
    """Airbyte source with one stream, `articles`."""

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:  # noqa: ARG002 -- nothing is written: the configuration has secrets
        """Bring the configuration into the form of `spec.yaml`, before the CDK validates it."""
        from source_zendesk_articles.config import normalize

        return normalize(config)

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        """Return the state in a file; a file without one is that of a first sync.

        Raises:
            AirbyteTracedException: if it is none of this stream's. The CDK would end in an error of
                its own, or take another stream's for no state, and so read everything again.

        """
        from source_zendesk_articles.memory.state import saved_state

        state = saved_state(Path(state_path).read_bytes()) if state_path else {}
        descriptor = StreamDescriptor(name="articles")
        stream = AirbyteStreamState(descriptor, AirbyteStateBlob(state))
        return [AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=stream)]

    def check_connection(
        self,
        logger: logging.Logger,  # noqa: ARG002 -- ours is beneath it
        config: Mapping[str, Any],
    ) -> tuple[bool, None]:
        """Prove that a sync would work, and log what it would meet.

        Raises:
            AirbyteTracedException: otherwise, with a sentence for the user.

        """
        from source_zendesk_articles.check import check

        check(*_open(config))
        return True, None

    def streams(self, config: Mapping[str, Any]) -> list[Stream]:
        """Return the stream; asks Zendesk for nothing yet."""
        from source_zendesk_articles.stream import Articles

        return [Articles(*_open(config))]


def _open(entered: Mapping[str, Any]) -> "tuple[Connection, Config]":
    """Return the connection and how to read it; makes no request yet."""
    from source_zendesk_articles.config import parse_config
    from source_zendesk_articles.zendesk.auth import authenticator
    from source_zendesk_articles.zendesk.client import Connection

    config = parse_config(entered)
    # Mutable, whatever the CDK's types say: it is what `configure` returned.
    auth = authenticator(config, cast("MutableMapping[str, Any]", entered))
    return Connection(config.subdomain, auth, config.credentials.auth_type), config
