export { caughtUp } from "./caught-up";
export type * from "./contract";
export { ProjectionExporter, type ProjectionExporterProps, projectionExporterPods } from "./progress-exporter";
export { ProjectionTables, type ProjectionTablesProps, projectionTablesPods } from "./projection-tables";
export { projectionNameProblems, ReadModel, type ReadModelProps, readModelPods, readModelProgress } from "./read-model";
export { projectionVariables } from "./variables";
