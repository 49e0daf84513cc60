// Tests run compiled, from dist/; their snapshots lie beside the sources.
const { dirname, basename, join } = require("node:path");

const compiled = `${join("dist", "test")}`;

module.exports = {
  resolveSnapshotPath: (test, extension) =>
    join(dirname(test).replace(compiled, "test"), "__snapshots__", basename(test, ".js") + extension),
  resolveTestPath: (snapshot, extension) =>
    join(dirname(dirname(snapshot)).replace(/test(?!.*test)/, compiled), `${basename(snapshot, extension)}.js`),
  testPathForConsistencyCheck: join("/project", compiled, "network", "vpc.test.js"),
};
