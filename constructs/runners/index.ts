export { runnerProject } from "./contract";
export { GitHubRunners, type GitHubRunnersProps } from "./github-runners";
