import { seriesOf } from "./controllers";

const METRICS = `# TYPE externalsecret_status_condition gauge
externalsecret_status_condition{condition="Ready",name="cache-tls",namespace="shop",status="False"} 0
externalsecret_status_condition{condition="Ready",name="cache-tls",namespace="other-shop",status="False"} 1
up 1
`;

describe("metrics of a controller", () => {
  const labels = { condition: "Ready", name: "cache-tls", status: "False" };

  it("are read by all labels of a series", () => {
    expect(seriesOf(METRICS, "externalsecret_status_condition", { ...labels, namespace: "shop" })).toBe(0);
    expect(seriesOf(METRICS, "externalsecret_status_condition", { ...labels, namespace: "other-shop" })).toBe(1);
  });

  it("are missing where a name or a label is another", () => {
    expect(seriesOf(METRICS, "secretstore_status_condition", labels)).toBeUndefined();
    expect(seriesOf(METRICS, "status_condition", labels)).toBeUndefined();
    expect(seriesOf(METRICS, "externalsecret_status_condition", { ...labels, namespace: "sho" })).toBeUndefined();
  });
});
