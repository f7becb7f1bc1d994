# Two images of the c10h command:
#
#   docker build --target light -t c10h:light .   labels, scores and reports, without PyTorch
#   docker build -t c10h .                        everything, with PyTorch for GPUs (CUDA)
#   docker build --build-arg TORCH_INDEX=URL -t c10h .
#                                                 everything, with PyTorch from its own index: URL is
#                                                 what its "Get Started" page gives for CPU (several
#                                                 gigabytes less), or for another version of CUDA
#
# VERSION is what c10h calls itself: git's history is not in the image.

FROM debian:trixie-slim AS python
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/c10h/bin:$PATH

FROM python AS tools
ARG VERSION=0.0
ENV SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION \
    PIP_CONSTRAINT=/src/.ci/versions.txt \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1
RUN python3 -m venv /opt/c10h
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY .ci/versions.txt .ci/

FROM tools AS install-light
RUN pip install --group light
COPY c10h c10h
RUN pip install --no-deps . && pip uninstall --yes pip

FROM tools AS install-full
ARG TORCH_INDEX=
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch torchvision
COPY c10h c10h
RUN pip install . && pip uninstall --yes pip

FROM python AS base
# Any user may run it (docker run --user), so the cache is writable for all.
ENV C10H_CACHE=/cache \
    MPLCONFIGDIR=/cache/matplotlib
RUN useradd --create-home c10h && mkdir -m 1777 /cache /data
VOLUME /cache
USER c10h
WORKDIR /data
ENTRYPOINT ["c10h"]

FROM base AS light
COPY --from=install-light /opt/c10h /opt/c10h

FROM base AS full
COPY --from=install-full /opt/c10h /opt/c10h
