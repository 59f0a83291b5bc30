#!/usr/bin/env node
// The server is a bundle; in a checkout it is built by `npm start`, `npm test` or `pnpm build`.
await import("../dist/server.mjs");
