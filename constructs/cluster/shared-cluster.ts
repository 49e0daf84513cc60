import type { Construct } from "constructs";
import { Eks } from "./eks";
import type { SideProps } from "./write-cluster";

/** One cluster for both sides. */
export class SharedCluster extends Eks {
  constructor(scope: Construct, id: string, props: SideProps) {
    super(scope, id, { ...props, side: "shared" });
  }
}
