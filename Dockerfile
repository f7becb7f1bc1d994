# A one-off container for the c10h command.
#
# PyPI's PyTorch for Linux on x86-64 brings CUDA along, several gigabytes that a CPU does not need.
# For a small image name PyTorch's own index of CPU wheels, the one that its "Get Started" page
# gives for "CPU":
#
#   docker build --build-arg TORCH_INDEX=<that address> -t c10h .
FROM python:3.12-slim AS build
ARG TORCH_INDEX=
RUN python -m venv /opt/c10h
ENV PATH=/opt/c10h/bin:$PATH
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch torchvision
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY c10h c10h
RUN pip install --no-cache-dir .

FROM python:3.12-slim
COPY --from=build /opt/c10h /opt/c10h
# Any user may run it (docker run --user), so the cache is writable for all.
ENV PATH=/opt/c10h/bin:$PATH \
    C10H_CACHE=/cache \
    MPLCONFIGDIR=/cache/matplotlib
RUN useradd --create-home c10h && mkdir -m 1777 /cache
USER c10h
WORKDIR /data
ENTRYPOINT ["c10h"]
