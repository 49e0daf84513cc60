import type { Described } from "../contents";
import type { Context } from "../context";
import type { Markup } from "../html";
import { alerts } from "./alerts";
import { architecture } from "./architecture";
import { backups } from "./backups";
import { bill } from "./bill";
import { capacity } from "./capacity";
import { endpoints } from "./endpoints";
import { exceptions } from "./exceptions";
import { quotas } from "./quotas";
import { stacks } from "./stacks";
import { traffic } from "./traffic";
import { versions } from "./versions";
import { workloads } from "./workloads";

/** Section of a report, for each environment. */
export interface Topic {
  readonly id: string;
  readonly title: string;
  readonly of: (environment: Described, context: Context) => Markup;
}

/** Sections of an environment, in order. */
export const TOPICS: readonly Topic[] = [
  { id: "architecture", title: "Architecture", of: architecture },
  { id: "workloads", title: "Workloads and stores", of: workloads },
  { id: "endpoints", title: "Public endpoints", of: endpoints },
  { id: "traffic", title: "Network traffic", of: traffic },
  { id: "capacity", title: "Capacity", of: capacity },
  { id: "backups", title: "Backups and recovery", of: backups },
  { id: "exceptions", title: "Exceptions and warnings", of: exceptions },
  { id: "versions", title: "Versions and end of support", of: versions },
  { id: "alerts", title: "Monitoring and alerts", of: alerts },
  { id: "stacks", title: "Stacks in order of deployment", of: stacks },
  { id: "quotas", title: "AWS quotas", of: quotas },
  { id: "bill", title: "Billable resources", of: bill },
];
