export { caughtUp } from "./caught-up";
export type * from "./contract";
export { ProjectionTables, type ProjectionTablesProps } from "./projection-tables";
export { ReadModel, type ReadModelProps } from "./read-model";
export { projectionVariables } from "./variables";
