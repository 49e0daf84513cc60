import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { KILLS } from "./kills";

/** Prints how often tests killed what. @throws Error if something that was killed was not killed often enough */
module.exports = () => {
  const { KILLS_FILE: file = "" } = process.env;
  const kills = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  rmSync(dirname(file), { recursive: true });
  const counts = Object.entries(KILLS).flatMap(([name, planned]) => {
    const count = kills.filter((kill) => kill === name).length;
    if (count > 0 && count < planned) throw new Error(`${name}: was killed ${count} times instead of ${planned}`);
    return count > 0 ? [`${name} ${count}`] : [];
  });
  if (counts.length > 0) process.stderr.write(`Kills at random moments: ${kills.length} (${counts.join(", ")})\n`);
};
