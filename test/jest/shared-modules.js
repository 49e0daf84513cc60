const { TestEnvironment } = require("jest-environment-node");

/**
 * Lets all test files of a process share the packages that are the same for all of them: to load the provider's classes
 * anew for each file takes longer than all the tests together.
 */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.requireShared = require;
    // What shared code throws is an error to the tests as well, and stack traces are captured in one place.
    this.global.Error = Error;
  }
};
