const { createRequire } = require("node:module");
const circus = require("jest-circus/runner").default;

/**
 * What compares, prints and keeps snapshots. It knows a test file by what it is told at the beginning of each, so all files of a
 * process can share it: to load it anew for each takes longer than most files' tests.
 */
const SHARED = new Set([
  "@jest/expect",
  "@jest/test-result",
  "expect",
  "jest-each",
  "jest-matcher-utils",
  "jest-message-util",
  "jest-snapshot",
  "jest-util",
  "pretty-format",
]);

/** Runs a test file as jest does, with those parts of jest that are the same for all files. */
module.exports = (globalConfig, config, environment, runtime, ...rest) => {
  const load = runtime.requireInternalModule;
  runtime.requireInternalModule = (from, to) => (SHARED.has(to) ? createRequire(from)(to) : load.call(runtime, from, to));
  return circus(globalConfig, config, environment, runtime, ...rest);
};
