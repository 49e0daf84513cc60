/** The tier of the model: one environment composed for every setting, which takes about half a minute. */
const fast = require("./jest.config.js");
module.exports = { ...fast, roots: ["<rootDir>/dist/test/model"], testPathIgnorePatterns: [] };
