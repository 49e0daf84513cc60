import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Missing, Wrong } from "../aws/results";
import { command } from "./kubectl";
import type { Trial } from "./trial";

/** Chromium's numbers of color schemes. */
const SCHEMES = { dark: 0, light: 1 } as const;

/**
 * The sample's page in a browser, through a port-forward, as a person opens it. PICTURE names a file, without its extension, for
 * screenshots in both color schemes.
 */
export async function browser(trial: Trial): Promise<void> {
  await trial.check("a browser shows orders, their states and the projection's lag", async () => {
    if ((await command("chromium", ["--version"])).status !== 0) throw new Missing("chromium is not installed");
    const forward = spawn("kubectl", ["--namespace", "read-side", "port-forward", "service/query-api", ":8080"]);
    const profile = mkdtempSync(join(tmpdir(), "cdktf-cqrs-chromium-"));
    try {
      const port = await new Promise<string>((resolve, reject) => {
        forward.stdout.on("data", (text) => {
          const [, found] = /127\.0\.0\.1:(\d+)/.exec(String(text)) ?? [];
          if (found) resolve(found);
        });
        forward.on("close", () => reject(new Wrong("kubectl port-forward ended")));
        setTimeout(() => reject(new Wrong("kubectl port-forward found no port within 60 s")), 60_000).unref();
      });
      const open = async (...args: readonly string[]) => {
        const common = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--window-size=1100,900"];
        const url = `http://localhost:${port}/`;
        return command("chromium", [...common, "--virtual-time-budget=4000", ...args, url], { seconds: 120 });
      };
      const { stdout } = await open("--dump-dom");
      const shows = [/id="live">live</, /class="state (confirmed|placed)"/, /id="total">[\d,.]+</, /class="state healthy"/, / events?</];
      const missing = shows.filter((pattern) => !pattern.test(stdout));
      if (missing.length > 0) throw new Wrong(`the page lacks ${missing.join(", ")}:\n${stdout.slice(0, 4000)}`);
      const { PICTURE } = process.env;
      if (PICTURE)
        for (const [scheme, number] of Object.entries(SCHEMES))
          await open(`--blink-settings=preferredColorScheme=${number}`, `--screenshot=${PICTURE}-${scheme}.png`);
      return "";
    } finally {
      forward.kill();
      rmSync(profile, { recursive: true, force: true });
    }
  });
}
