const { TestEnvironment } = require("jest-environment-node");

// The traces that cdktf takes of every token, each of unlimited depth, are nine tenths of the time of building.
const capture = Error.captureStackTrace;
Error.captureStackTrace = (target, below) => {
  if (Error.stackTraceLimit !== Number.MAX_SAFE_INTEGER) capture(target, below);
};

/**
 * Lets all test files of a process share the modules that are the same for all of them: to load the provider's classes
 * anew for each file takes longer than all the tests together.
 */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    // What shared code sees of these, and `expect.any` compares, is what tests see and play.
    Object.assign(this.global, { requireShared: require, wholeTraces: capture, Error, Date, Math, String });
  }
};
