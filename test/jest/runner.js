const asyncHooks = require("node:async_hooks");
const { createRequire } = require("node:module");
const circus = require("jest-circus/runner").default;

/**
 * What compares, prints and keeps snapshots. It knows a test file by what it is told at the beginning of each, so all files of a
 * process can share it: to load it anew for each takes longer than most files' tests.
 */
const SHARED = new Set([
  "@jest/expect",
  "@jest/test-result",
  "co",
  "dedent",
  "expect",
  "is-generator-fn",
  "jest-each",
  "jest-matcher-utils",
  "jest-message-util",
  "jest-snapshot",
  "jest-util",
  "p-limit",
  "pretty-format",
  "pure-rand",
  "slash",
  "stack-utils",
]);

const resolved = new Map();

/** A shared module, looked for once. */
function shared(from, to) {
  const key = `${from} ${to}`;
  if (!resolved.has(key)) resolved.set(key, createRequire(from)(to));
  return resolved.get(key);
}

/** Runs a test file as jest does, with those parts of jest that are the same for all files. */
module.exports = async (globalConfig, config, environment, runtime, ...rest) => {
  // Jest leaves one behind for each file, and every promise of a process is told to each of them.
  const storages = [];
  class AsyncLocalStorage extends asyncHooks.AsyncLocalStorage {
    constructor() {
      super();
      storages.push(this);
    }
  }
  const load = runtime.requireInternalModule;
  runtime.requireInternalModule = (from, to) => {
    if (to === "node:async_hooks") return { ...asyncHooks, AsyncLocalStorage };
    return SHARED.has(to) ? shared(from, to) : load.call(runtime, from, to);
  };
  try {
    return await circus(globalConfig, config, environment, runtime, ...rest);
  } finally {
    for (const storage of storages) storage.disable();
  }
};
