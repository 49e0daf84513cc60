import { cloudName } from "../core/names";

/** Name of the CodeBuild project of an environment's runners. Computed before it exists. */
export function runnerProject(name: readonly string[]): string {
  return cloudName("buildProject", ...name, "runners");
}

/** Actions on a connection to GitHub with which CodeBuild clones and registers webhooks (user guide, GitHub App connections). */
export const CONNECTION_USES: readonly string[] = [
  "codeconnections:GetConnection",
  "codeconnections:GetConnectionToken",
  "codeconnections:UseConnection",
];
