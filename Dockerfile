# The bot in a container. See compose.yaml for what the local sandbox driver needs of the engine, and what that costs;
# deploy/prod-access.service is the better install for that driver.

FROM node:24.20.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:24.20.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are the Node that development runs on; the image has its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24.20.0-bookworm-slim
# A sandbox shows this image's programs and certificates: add what your engineers work with, such as curl or psql.
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ca-certificates socat \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 prod-access \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/prod-access --shell /usr/sbin/nologin prod-access \
  && install -d -m 0700 -o prod-access -g prod-access /var/lib/prod-access
WORKDIR /app
COPY package.json LICENSE manifest.yml ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production PROD_ACCESS_DATA_DIR=/var/lib/prod-access
# Not root: so sandboxes share this user id, and `serve` starts only with PROD_ACCESS_LIMITS=best-effort. That is left
# to whoever accepts it.
USER 10001:10001
VOLUME /var/lib/prod-access
EXPOSE 3000
# Alive, not ready: a Slack outage must not restart the bot.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
