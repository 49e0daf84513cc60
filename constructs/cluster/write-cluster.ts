import type { Construct } from "constructs";
import { Eks, type EksProps } from "./eks";

/** Props of a cluster of one side; the class sets the side. */
export type SideProps = Omit<EksProps, "side">;

/** The cluster that handles commands and holds the event path. */
export class WriteCluster extends Eks {
  constructor(scope: Construct, id: string, props: SideProps) {
    super(scope, id, { ...props, side: "write" });
  }
}
