import { bytes, known } from "../../constructs/core/quantities";
import { prometheusSize } from "../../constructs/observability";

describe("the size of a Prometheus", () => {
  it("follows from series, interval and retention", () => {
    // 300,000 series each 15 s for 15 days at 1.5 bytes are 36.2 GiB, of which blocks may have four fifths of the volume.
    expect(prometheusSize({ series: 300_000, interval: "15s", retention: "15d" })).toEqual({
      cpu: "550m",
      memory: "2856Mi",
      storage: "46Gi",
      retentionSize: "36Gi",
    });
  });

  it("is never too small for a log and a block", () => {
    expect(prometheusSize({ series: 1000, interval: "30s", retention: "1d" })).toMatchObject({ storage: "10Gi", retentionSize: "8Gi" });
  });

  it("grows with each of them", () => {
    const storage = (load: object) => known(bytes(prometheusSize({ series: 200_000, interval: "30s", retention: "15d", ...load }).storage));
    expect(storage({ series: 400_000 })).toBeGreaterThan(storage({}));
    expect(storage({ interval: "15s" })).toBeGreaterThan(storage({}));
    expect(storage({ retention: "30d" })).toBeGreaterThan(storage({}));
  });
});
