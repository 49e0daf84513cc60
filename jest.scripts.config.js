/** The tier of what engines run: SQL against the PostgreSQL server that PGHOST names, shell scripts against APIs that pretend. */
const { tmpdir } = require("node:os");

// Engines write to a disk, where kills meet them at work.
process.env.TMPDIR ??= tmpdir();
const fast = require("./jest.config.js");
module.exports = {
  ...fast,
  roots: ["<rootDir>/dist/test/scripts"],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
  globalSetup: "<rootDir>/dist/test/scripts/kills-begin.js",
  globalTeardown: "<rootDir>/dist/test/scripts/kills-end.js",
};
