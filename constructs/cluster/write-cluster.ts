import type { Construct } from "constructs";
import { Eks, type EksProps } from "./eks";

/** What a cluster of one side is made from: the side is its name. */
export type SideProps = Omit<EksProps, "side">;

/** The cluster that takes commands and holds the event path. */
export class WriteCluster extends Eks {
  constructor(scope: Construct, id: string, props: SideProps) {
    super(scope, id, { ...props, side: "write" });
  }
}
