export { WINDOWS, type Windows, windowProblems } from "./windows";
