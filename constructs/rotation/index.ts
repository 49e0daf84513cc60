export {
  type RotationJobsProps,
  type RotationNames,
  type RotationScript,
  type RotationScriptProps,
  rotationJobs,
  rotationLabels,
  rotationScript,
} from "./jobs";
export { OVERLAP_HOURS, OVERLAP_SCRIPT, type OverlapProps, overlapProblems } from "./overlap";
export { RestartOnRotation, type RestartOnRotationProps } from "./restart";
