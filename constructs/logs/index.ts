export { LogGroup, type LogGroupProps, logDays, retentionProblem } from "./log-group";
