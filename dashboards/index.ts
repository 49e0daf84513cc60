import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { awsPlatform, elasticache, postgresAws } from "./aws";
import { cost } from "./cost";
import { domain } from "./domain";
import { edge } from "./edge";
import { kurrentdb } from "./kurrentdb";
import { nats } from "./nats";
import { overview } from "./overview";
import { postgres } from "./postgres";
import { projections } from "./projections";
import { readPath } from "./read-path";
import { releases } from "./releases";
import { slos } from "./slos";
import { valkey } from "./valkey";
import { writePath } from "./write-path";

/** Dashboards by the name of their file. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  overview,
  slos,
  "write-path": writePath,
  "read-path": readPath,
  projections,
  domain,
  releases,
  edge,
  kurrentdb,
  "cloud-native-pg": postgres,
  "postgres-aws": postgresAws,
  valkey,
  elasticache,
  nats,
  aws: awsPlatform,
  cost,
};
