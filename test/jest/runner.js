const { dirname, join } = require("node:path");

/** The part of jest that runs the tests of a file. It makes its functions and state once, where it is loaded. */
const PART = join(dirname(require.resolve("jest-circus/runner")), "jestAdapterInit.js");

const LISTENERS = Symbol.for("EVENT_HANDLERS");
const TIMEOUT = Symbol.for("TEST_TIMEOUT_SYMBOL");

/** Jest's own runner with that part loaded once for all files of a process: to load it for each takes longer than most files' tests. */
function load() {
  const part = require(PART);
  const run = require("jest-circus/runner").default;
  const STATE = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === "JEST_STATE_SYMBOL");
  const initial = globalThis[STATE];
  const own = globalThis[LISTENERS].length;

  /** Forgets the file before. */
  const begin = (environment) => {
    globalThis[LISTENERS].length = own;
    const root = { ...initial.rootDescribeBlock, children: [], hooks: [], tests: [] };
    globalThis[STATE] = {
      ...initial,
      currentDescribeBlock: root,
      describeRetryOptions: new WeakMap(),
      rootDescribeBlock: root,
      unhandledErrors: [],
      unhandledRejectionErrorByPromise: new Map(),
      unhandledRejectionErrorByPromiseByHook: new WeakMap(),
      unhandledRejectionErrorByPromiseTarget: new WeakMap(),
    };
    // A file sets it in its own world: `jest.setTimeout`.
    Object.defineProperty(globalThis, TIMEOUT, { configurable: true, get: () => environment.global[TIMEOUT] });
  };

  return (globalConfig, config, environment, runtime, path) => {
    const original = runtime.requireInternalModule;
    runtime.requireInternalModule = (from, to) => (from === PART ? part : original.call(runtime, from, to));
    begin(environment);
    // Without the last parameter, to which each single test would be reported: results of files are enough.
    return run(globalConfig, config, environment, runtime, path);
  };
}

let runner;

/** Runs a test file as jest does. What it needs is loaded at the first file, because while jest loads this one it transforms what it loads. */
module.exports = (...file) => {
  runner ??= load();
  return runner(...file);
};
