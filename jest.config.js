/** The fast tier: compiled tests, Node only. */
module.exports = {
  roots: ["<rootDir>/dist/test"],
  testMatch: ["**/*.test.js"],
  testPathIgnorePatterns: ["/dist/test/(aws|fork|package|sql)/"],
  snapshotResolver: "<rootDir>/test/snapshot-resolver.js",
  snapshotFormat: { printBasicPrototype: false, escapeString: false },
  // Compiled already: nothing is left to transform.
  transform: {},
  maxWorkers: 2,
};
