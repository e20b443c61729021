# wirebell in a container. How to run it: docs/how-to/run-in-a-container.md

# The Python that CI tests with, on the stable Debian that has it.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/wirebell
COPY requirements.lock /src/
# Only what the lock names, byte for byte; a layer of its own, made anew when the lock changes.
RUN /opt/wirebell/bin/pip install --no-cache-dir --no-deps --require-hashes -r /src/requirements.lock
COPY LICENSE README.md pyproject.toml /src/
COPY monitor /src/monitor
RUN /opt/wirebell/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.11-slim-bookworm
COPY --from=build /opt/wirebell /opt/wirebell
# Bytecode was made above, so the root file system may be read-only; the log is not held back.
ENV PATH=/opt/wirebell/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WIREBELL_CONFIG=/etc/wirebell/config.toml
# The state directory belongs to a user that has no name and no rights; a number, so that an orchestrator can tell.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/wirebell
VOLUME /var/lib/wirebell
WORKDIR /var/lib/wirebell
USER 10001:10001
# Healthy means that the daemon makes progress; the first round of polls may take a while.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["wirebell", "status", "--live"]
ENTRYPOINT ["wirebell"]
CMD ["run"]
