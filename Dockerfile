# meter-server in a container. Data are in /var/lib/meter; the first start prints an admin key to the log, once, unless
# METER_BOOTSTRAP_KEY chooses it. The port speaks plain HTTP: publish it to loopback or to a TLS proxy only. Stopping takes
# up to 15 s, docker waits for 10.
#   docker build -t meter-server .
#   docker run -v meter:/var/lib/meter -p 127.0.0.1:8000:8000 --stop-timeout 20 meter-server
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN ./scripts/setup --package && rm -rf /var/lib/apt/lists/*
COPY . .
RUN ./scripts/package

FROM debian:bookworm-slim
COPY --from=build /src/build/package/libmeter0.1_*.deb /src/build/package/meter-server_*.deb /tmp/
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/*.deb \
 && rm -rf /tmp/*.deb /var/lib/apt/lists/*
USER meter
WORKDIR /var/lib/meter
VOLUME /var/lib/meter
ENV METER_STORE=sqlite:/var/lib/meter/meter.db METER_LISTEN=0.0.0.0:8000 METER_INSECURE=true
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${METER_LISTEN##*:} && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["meter-server"]
CMD ["serve"]
