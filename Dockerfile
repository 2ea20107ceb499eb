# `proctor serve --shared` in a container. How to build, start and keep it: docs/deploy/README.md.

# The same image again, later: --build-arg PYTHON=python:3.13-slim-trixie@sha256:… with the digest that was pulled.
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS build
WORKDIR /src
# The lock holds the tools of development as well. All of it is fetched and checked against its hashes; of that, and of
# nothing else, the second pip takes what the server needs.
COPY requirements.lock ./
RUN pip download --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        --requirement requirements.lock --dest /wheels
COPY pyproject.toml README.md LICENSE ./
COPY framework ./framework
COPY plugins ./plugins
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
    && python -m venv --without-pip /opt/proctor \
    && pip --python /opt/proctor/bin/python install --no-cache-dir --no-index --find-links /wheels /dist/*.whl

FROM ${PYTHON}
ARG UID=10001
LABEL org.opencontainers.image.title="Proctor" \
      org.opencontainers.image.description="Supervises coding agents while they write a package's tests, and lands only the tests that were proven." \
      org.opencontainers.image.licenses="MIT"
# The repositories may belong to somebody else than this user, and git would not even look at them. No version of git
# is named, so that a new build has its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system safe.directory '*' \
    && groupadd --gid "${UID}" proctor \
    && useradd --uid "${UID}" --gid "${UID}" --no-create-home --home-dir /tmp --shell /usr/sbin/nologin proctor \
    && install --directory --owner=proctor --group=proctor --mode=700 /var/lib/proctor /var/cache/proctor
COPY --from=build /opt/proctor /opt/proctor
ENV PATH="/opt/proctor/bin:${PATH}" \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PROCTOR_CONFIG=/etc/proctor/server.toml \
    PROCTOR_DATABASE=/var/lib/proctor/proctor.db \
    PROCTOR_CACHE=/var/cache/proctor
WORKDIR /tmp
USER ${UID}:${UID}
EXPOSE 8000
# http.client asks no proxy, whatever the environment says.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["proctor"]
CMD ["serve", "--shared", "--host", "0.0.0.0", "--port", "8000"]
