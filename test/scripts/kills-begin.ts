import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Names the file in which tests count their kills. */
module.exports = () => {
  process.env.KILLS_FILE = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-kills-")), "kills");
};
