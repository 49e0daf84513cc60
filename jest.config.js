const { existsSync, statfsSync } = require("node:fs");

// Workers inherit what follows. Files of tests lie in memory where there is room: to write and delete them on a disk takes longer.
const MEMORY = "/dev/shm";
const room = (directory) => (({ bavail, bsize }) => bavail * bsize)(statfsSync(directory));
if (existsSync(MEMORY) && room(MEMORY) > 2 ** 30) process.env.TMPDIR ??= MEMORY;
// What tests build outlives the default space for new objects, and is copied by the collector again and again.
process.execArgv.push("--min-semi-space-size=128", "--max-semi-space-size=128");
// Most functions run too seldom to repay the optimizing compiler, which at its default takes a sixth of all CPU time.
process.execArgv.push("--interrupt-budget=600000");

/** The fast tier: compiled tests, Node only. */
module.exports = {
  roots: ["<rootDir>/dist/test"],
  testMatch: ["**/*.test.js"],
  testPathIgnorePatterns: ["/dist/test/(aws|examples|fork|model|package|processes|scripts)/"],
  snapshotResolver: "<rootDir>/test/snapshot-resolver.js",
  snapshotFormat: { printBasicPrototype: false, escapeString: false },
  // Compiled already; packages and what they build into are loaded once for all.
  transform: {
    "/node_modules/(cdktf|constructs|@cdktf|@lezer|@prometheus-io|fast-check|pure-rand|typescript-5|valibot|yaml)/|/dist/(constructs|docs/drawing|examples|stacks|environments|test/(examples/programs|fixtures|observability/knowledge|program|thorough))\\b.*\\.js$":
      "<rootDir>/test/jest/share.js",
  },
  transformIgnorePatterns: [],
  testRunner: "<rootDir>/test/jest/runner.js",
  testEnvironment: "<rootDir>/test/jest/shared-modules.js",
  maxWorkers: 2,
  // Machines are shared: what takes a second on one may take ten on another.
  testTimeout: 60_000,
};
