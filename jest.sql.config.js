/** The SQL tier: compiled tests against the PostgreSQL server that PGHOST names. */
const fast = require("./jest.config.js");
module.exports = { ...fast, roots: ["<rootDir>/dist/test/sql"], testPathIgnorePatterns: [], maxWorkers: 1 };
