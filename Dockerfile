# No registry's host is written here, so that a build takes the base from wherever it is told to:
# docker from its default registry or mirror, anything else from a full name in BASE_IMAGE.
ARG BASE_IMAGE=airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73

FROM ${BASE_IMAGE} AS build
WORKDIR /build
# All byte code is made at the end, in one place.
ENV PYTHONDONTWRITEBYTECODE=1
# The connector gets an environment of its own: the base has Poetry and all that Poetry needs, which
# is neither seen nor changed. What installs and builds is in another, which stays in this stage.
RUN python -m venv --without-pip /opt/connector && python -m venv tools
COPY requirements.txt requirements-build.txt ./
# Wheels only: what it takes to build any other package would come without a hash.
RUN tools/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
        --requirement requirements-build.txt \
    && tools/bin/pip --python /opt/connector install --no-cache-dir --require-hashes \
        --only-binary :all: --no-compile --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY source_zendesk_articles source_zendesk_articles
# The wheel has the version in its name: without pyproject.toml's this does not build.
ARG VERSION
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/connector install --no-deps --no-compile \
        "dist/source_zendesk_articles-${VERSION}-py3-none-any.whl"
# Where the connector runs nothing can be compiled and kept: its user may not write, and the file
# system may be read-only. Images of Python come without the byte code of Python's own library, so
# that is compiled too. The sources' times, which not every builder keeps, are not looked at.
ENV PYTHONPYCACHEPREFIX=/opt/connector/byte-code
RUN library="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x /site-packages/ "${library}" \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x /tests/ /opt/connector/lib

FROM ${BASE_IMAGE}
COPY --from=build /opt/connector /opt/connector
ENV PYTHONPYCACHEPREFIX=/opt/connector/byte-code \
    AIRBYTE_ENTRYPOINT=/opt/connector/bin/source-zendesk-articles
# The base's user `airbyte`: Kubernetes can tell of a number only that it is not root's.
USER 1000:1000
ENTRYPOINT ["/opt/connector/bin/source-zendesk-articles"]
ARG VERSION
# The licences of all that this file adds to the base: docs/licences.md names that of each package.
# The connector alone is under the MIT licence.
LABEL io.airbyte.name="source-zendesk-articles" \
    io.airbyte.version="${VERSION}" \
    org.opencontainers.image.title="Zendesk Help Center Articles" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.licenses="0BSD AND Apache-2.0 AND BSD-2-Clause AND BSD-3-Clause AND CC0-1.0 AND CNRI-Python AND GPL-2.0-or-later AND ISC AND MIT AND MIT-0 AND MPL-2.0 AND PSF-2.0 AND Zlib"
