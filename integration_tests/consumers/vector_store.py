"""`vector_store.py CATALOG PROCESSING`: a vector destination of Airbyte's, with an index in memory.

Asked for a file with the output of a sync, it writes that by the code of the CDK that Airbyte's own
vector destinations share, and answers with the chunks that are then in the index, the states that
it has acknowledged, and the error that ended it, if one did.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import orjson
from airbyte_cdk.destinations.vector_db_based import (
    Chunk,
    DocumentProcessor,
    FakeEmbedder,
    FakeEmbeddingConfigModel,
    Indexer,
    ProcessingConfigModel,
    Writer,
)
from airbyte_cdk.destinations.vector_db_based.document_processor import METADATA_RECORD_ID_FIELD
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
)
from langchain_text_splitters import RecursiveCharacterTextSplitter


class Memory(Indexer):
    """Keeps chunks in a list. What has no embedding is not to be found, so it is not taken.

    It refuses what the strictest refuse: to be given nothing. Qdrant, for one, takes that.
    """

    def __init__(self) -> None:
        super().__init__(config=None)
        self.chunks: list[Chunk] = []

    def index(self, document_chunks: list[Chunk], namespace: str, stream: str) -> None:  # noqa: ARG002 -- one stream
        """Add chunks, whether they are there or not."""
        if not document_chunks:
            # Chroma's words; Milvus says `expect 1 list, got 0`.
            raise ValueError("Non-empty lists are required")
        assert all(chunk.embedding for chunk in document_chunks)
        self.chunks += document_chunks

    def delete(self, delete_ids: list[str], namespace: str, stream: str) -> None:  # noqa: ARG002 -- one stream
        """Forget every chunk of these records."""
        self.chunks = [
            chunk
            for chunk in self.chunks
            if chunk.metadata[METADATA_RECORD_ID_FIELD] not in delete_ids
        ]

    def check(self) -> None:
        """Find nothing to complain of."""


def _messages(output: Path) -> Iterator[AirbyteMessage]:
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"type":'):
                yield AirbyteMessageSerializer.load(orjson.loads(line))


def _splitter(
    _: DocumentProcessor, chunk_size: int, chunk_overlap: int, __: object
) -> RecursiveCharacterTextSplitter:
    """Split by characters: the CDK's own splitter downloads the vocabulary of a tokenizer."""
    return RecursiveCharacterTextSplitter(chunk_size=chunk_size, chunk_overlap=chunk_overlap)


def main() -> None:
    """Write each sync, and show what the index then holds."""
    catalog_json, processing_json = (orjson.loads(Path(name).read_bytes()) for name in sys.argv[1:])
    catalog = ConfiguredAirbyteCatalogSerializer.load(catalog_json)
    processing = ProcessingConfigModel(**processing_json)
    memory = Memory()
    embedder = FakeEmbedder(FakeEmbeddingConfigModel(mode="fake"))
    with patch.object(DocumentProcessor, "_get_text_splitter", _splitter):
        for output in sys.stdin:
            # A process of its own for each sync would have one of its own.
            writer = Writer(processing, memory, embedder, batch_size=1000, omit_raw_text=False)
            acknowledged, error = 0, ""
            try:
                for _ in writer.write(catalog, _messages(Path(output.strip()))):
                    acknowledged += 1
            except ValueError as refusal:
                error = str(refusal)
            chunks = [{"text": chunk.page_content, **chunk.metadata} for chunk in memory.chunks]
            answer = {"chunks": chunks, "acknowledged": acknowledged, "error": error}
            print(json.dumps(answer), flush=True)  # noqa: T201 -- the answer


main()
