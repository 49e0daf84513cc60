import { jsonOf } from "../../stacks/base/json";

describe("what is written of a stack", () => {
  it("has its keys in order, those that look like numbers among them", () => {
    expect(jsonOf({ b: 1, a: "x", 9: true, 10: null })).toBe('{\n  "10": null,\n  "9": true,\n  "a": "x",\n  "b": 1\n}');
  });

  it("has what is empty on one line, as cdktf's fork has it", () => {
    expect(jsonOf({ list: [], group: {}, lists: [[], {}] })).toBe(
      '{\n  "group": {},\n  "list": [],\n  "lists": [\n    [],\n    {}\n  ]\n}',
    );
    expect([jsonOf([]), jsonOf({})]).toEqual(["[]", "{}"]);
  });

  it("has nothing that is undefined, but for a place in a list", () => {
    expect(jsonOf({ none: undefined, some: [undefined, 1] })).toBe('{\n  "some": [\n    null,\n    1\n  ]\n}');
    expect(jsonOf({ none: undefined })).toBe("{}");
  });

  it("is read back as it was", () => {
    const value = { 'a"\n': [{ "": "\u2028\ud800" }, -0.5, false, [""]], __proto: { empty: "" } };
    expect(JSON.parse(jsonOf(value))).toEqual(value);
  });
});
