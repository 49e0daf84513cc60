import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProject } from "../../cli/new";

/** A directory of its own for each test of a file, where `new` makes the project `billing`; variables are put back after it. */
export class NewProject {
  directory = "";

  constructor() {
    const environment = { ...process.env };
    beforeEach(() => {
      this.directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
      jest.spyOn(console, "log").mockImplementation();
    });
    afterEach(() => {
      process.env = { ...environment };
      rmSync(this.directory, { recursive: true, force: true });
      jest.restoreAllMocks();
    });
  }

  async create(shape: string, on: string): Promise<void> {
    await createProject(["billing", "--shape", shape, "--on", on], { directory: this.directory });
  }

  path(...path: readonly string[]): string {
    return join(this.directory, "billing", ...path);
  }

  textOf(...path: readonly string[]): string {
    return readFileSync(this.path(...path), "utf8");
  }
}
