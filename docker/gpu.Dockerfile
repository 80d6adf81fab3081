# The service on an NVIDIA GPU. PyTorch's packages bring the CUDA libraries, so the base needs none;
# the host needs its driver and the NVIDIA Container Toolkit. docs/deployment.md
#   docker build -f docker/gpu.Dockerfile -t korean-nmt:0.1.0-gpu .
# Below its first lines this file and cpu.Dockerfile are the same; a test compares them.
ARG BASE=python:3.11-slim
ARG EXTRAS=api,torch
FROM ${BASE} AS base
ENV NMT_DEVICE=cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

# ---- packages: everything we import; built again only when the versions change
FROM base AS packages
ARG EXTRAS
# Where pip finds packages, for networks that have a mirror of their own.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_TRUSTED_HOST
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# An empty project needs the same packages as the full one.
RUN export PIP_CONSTRAINT=/build/constraints.txt \
 && mkdir nmt api && touch README.md LICENSE nmt/__init__.py api/__init__.py \
 && python -m venv --without-pip /opt/venv \
 && pip install hatchling \
 && pip --python /opt/venv/bin/python install ".[${EXTRAS}]" \
 && pip --python /opt/venv/bin/python uninstall --yes korean-nmt \
 && rm -r nmt api

# ---- project: our own code and the default model
FROM packages AS project
COPY LICENSE ./
COPY nmt nmt
COPY api api
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/venv/bin/python install --no-deps --target /opt/nmt wheels/*.whl

# ---- what runs
FROM base
RUN groupadd --gid 10001 nmt \
 && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin nmt \
 && install -d -o 10001 -g 10001 /data \
 && install -d /models
COPY --from=packages /opt/venv /opt/venv
COPY docker/healthcheck.py /opt/healthcheck.py
COPY --from=project /opt/nmt /opt/nmt
ENV PATH=/opt/nmt/bin:/opt/venv/bin:$PATH PYTHONPATH=/opt/nmt \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    NMT_HOST=0.0.0.0 NMT_PORT=8000 NMT_DATA_FOLDER=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/opt/venv/bin/python", "-I", "-S", "/opt/healthcheck.py"]
ENTRYPOINT ["nmt"]
CMD ["serve"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="korean-nmt" \
      org.opencontainers.image.description="Korean to English neural machine translation over HTTP" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
