# The connector as an image: two stages, so that no installer and no cache reach the second one.
#   docker build -t connector .
#   docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges --tmpfs /tmp -v connector:/data \
#       -v ./connector.yaml:/etc/connector/connector.yaml:ro --env-file secrets.env connector
# It serves; any other command can be given instead: `connector status`. compose.yaml says the same once for all.
# The base is named by tag here. Whoever releases an image pins it: PYTHON_IMAGE=python:3.13-slim@sha256:<digest>.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
COPY requirements.lock /build/
# Wheels only: nothing is compiled here, and no package runs code of its own while it is installed.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-input --only-binary :all: --require-hashes -r /build/requirements.lock \
    && /opt/venv/bin/pip uninstall --yes --quiet pip
COPY connector /opt/app/connector
COPY LICENSE /opt/app/
# Bytecode now: the root may be read-only later.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/app \
    && printf '#!/bin/sh\nexec /opt/venv/bin/python -P -m connector "$@"\n' > /opt/venv/bin/connector \
    && chmod 0755 /opt/venv/bin/connector \
    && install -d -m 0700 -o 65532 -g 65532 /build/data

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    CONNECTOR_CONFIG=/etc/connector/connector.yaml \
    CONNECTOR_DATA_DIR=/data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/app /opt/app
COPY --from=build --chown=65532:65532 /build/data /data
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
# Healthy: a whole night is not overdue, and the scheduler has spoken within five minutes. Vendors are not called from
# here: their quotas are for work.
HEALTHCHECK --interval=2m --timeout=30s --start-period=60s --retries=3 CMD ["connector", "status", "--json"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["connector"]
CMD ["serve"]
