# The command and the local server: any user, no home folder, nothing to write to.
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)[local]" && rm -r /wheels
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
    CMD ["ai-spine", "health", "--base-url", "http://127.0.0.1:8000"]
ENTRYPOINT ["ai-spine"]
CMD ["local", "start", "--host", "0.0.0.0", "--port", "8000"]
