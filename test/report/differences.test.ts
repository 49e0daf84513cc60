import { differenceStyles, settingRows } from "../../cli/report/differences";
import { anEnvironment } from "../environments";

const one = anEnvironment({ name: "one", exceptions: { disposable: "short-lived" }, cluster: { context: "kind-one" } });
const other = anEnvironment({
  name: "other",
  exceptions: { disposable: "short-lived" },
  cluster: { context: "kind-other" },
  size: "small",
});

describe("differences", () => {
  it("put every setting of all environments side by side", () => {
    expect(settingRows([one, other])).toEqual([
      { path: "system", values: ["orders", "orders"] },
      { path: "aws.account", values: ["111122223333", "111122223333"] },
      { path: "aws.region", values: ["eu-west-1", "eu-west-1"] },
      { path: "aws.recoveryRegion", values: ["eu-central-1", "eu-central-1"] },
      { path: "aws.domain", values: ["orders.example.com", "orders.example.com"] },
      { path: "exceptions.disposable", values: ["short-lived", "short-lived"] },
      { path: "cluster.context", values: ["kind-one", "kind-other"] },
      { path: "size", values: [undefined, "small"] },
    ]);
  });

  it("show a row if two of the chosen environments differ", () => {
    const styles = differenceStyles(3);
    for (const pair of ["0-1", "0-2", "1-2"]) expect(styles).toContain(`.differs-${pair}{display:table-row}`);
    expect(styles).not.toContain("differs-1-0");
  });
});
