/** The tier that takes its time: every setting of the model, programs in processes, and all cases where the fast tier tries a few. */
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const fast = require("./jest.config.js");

// For the tests, in whatever process they run.
process.env.THOROUGH = "true";

const TESTS = join(__dirname, "dist/test");

/** Whether a test does more where it may take its time. */
const isThorough = (file) => /require\("[./]+\/thorough"\)|program_1\.synthesisOf\)/.test(readFileSync(join(TESTS, file), "utf8"));

const sampled = readdirSync(TESTS, { recursive: true }).filter((file) => file.endsWith(".test.js") && isThorough(file));

module.exports = {
  ...fast,
  testMatch: ["{examples,model,processes}/**/*.test.js", ...sampled].map((file) => `<rootDir>/dist/test/${file}`),
  testPathIgnorePatterns: [],
};
