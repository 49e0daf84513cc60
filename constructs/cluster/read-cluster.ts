import type { Construct } from "constructs";
import { Eks } from "./eks";
import type { SideProps } from "./write-cluster";

/** The cluster that runs projections and serves queries. */
export class ReadCluster extends Eks {
  constructor(scope: Construct, id: string, props: SideProps) {
    super(scope, id, { ...props, side: "read" });
  }
}
