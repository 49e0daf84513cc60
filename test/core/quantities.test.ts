import { bytes, millicores, seconds } from "../../constructs/core/quantities";

describe("a size", () => {
  it.each([
    ["16Gi", 16 * 2 ** 30],
    ["512Mi", 2 ** 29],
    ["1Ti", 2 ** 40],
    ["0.5Gi", 2 ** 29],
  ])("%s is %d bytes", (written, expected) => {
    expect(bytes(written)).toBe(expected);
  });

  it.each(["-5Gi", "0x10Gi", "007Gi", "16", "16GB", "16 Gi", "1e3Gi", "Gi", "0Gi", "Infinitygi", 16, undefined, null, {}])(
    "is not what %p says",
    (written) => {
      expect(bytes(written)).toEqual({ rule: expect.any(String), remedy: expect.stringMatching(/Gi|smaller/) });
    },
  );

  it("names the units that there are", () => {
    expect(bytes("500GB")).toEqual({ rule: 'has an unknown unit "GB"', remedy: 'use one of Ki, Mi, Gi, Ti, like "16Gi"' });
  });

  it("has no part of a byte", () => {
    expect(bytes("0.3Ki")).toEqual({ rule: "is not a whole number of bytes", remedy: "use a smaller unit" });
  });
});

describe("a span of time", () => {
  it.each([
    ["30s", 30],
    ["15m", 900],
    ["1h", 3600],
    ["30d", 2_592_000],
    ["73000d", 6_307_200_000],
  ])("%s is %d seconds", (written, expected) => {
    expect(seconds(written)).toBe(expected);
  });

  it.each(["30", "1w", "1H", "PT1H", "-1h", "0s", "1h30m", "1.5h", "1.0h", "1e3s", "0060s", "73001d", "6307200001s"])(
    "is not what %p says",
    (written) => {
      expect(typeof seconds(written)).toBe("object");
    },
  );
});

describe("cores", () => {
  it.each([
    [4, 4000],
    [0.5, 500],
    ["250m", 250],
    [1.005, 1005],
  ])("%p are %d thousandths", (written, expected) => {
    expect(millicores(written)).toBe(expected);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "4", "0m", "0.5m", "-250m", 0.0001])("are not what %p says", (written) => {
    expect(typeof millicores(written)).toBe("object");
  });
});
