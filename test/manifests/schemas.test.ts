import { objectOf } from "./schemas";

const text = { type: "string" };

/** What is made of a schema of this spec. */
const specOf = (spec: object) => objectOf({ type: "object", properties: { spec } }).properties.spec;

describe("the schema of a custom resource", () => {
  it("names all fields that there are, those of its metadata as well", () => {
    expect(objectOf({ type: "object", properties: { spec: { type: "object", properties: { name: text } } } })).toEqual({
      type: "object",
      additionalProperties: false,
      properties: {
        apiVersion: text,
        kind: text,
        metadata: { $ref: "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
        spec: { type: "object", additionalProperties: false, properties: { name: text } },
      },
    });
  });

  it("asks for no field that has a default", () => {
    const properties = { name: text, port: { type: "integer", default: 80 } };
    expect(specOf({ type: "object", required: ["name", "port"], properties }).required).toEqual(["name"]);
  });

  it("leaves open what the definition leaves open", () => {
    const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { name: text } };
    expect(specOf(free)).not.toHaveProperty("additionalProperties");
    const labels = { type: "object", additionalProperties: { type: "object", properties: { name: text } } };
    expect(specOf(labels).additionalProperties).toEqual({ type: "object", additionalProperties: false, properties: { name: text } });
  });

  it("takes a number or its name, and nothing where that is something", () => {
    expect(
      specOf({ type: "object", properties: { port: { "x-kubernetes-int-or-string": true }, size: { ...text, nullable: true } } }),
    ).toMatchObject({
      properties: { port: { anyOf: [{ type: "integer" }, text] }, size: { type: ["string", "null"] } },
    });
  });
});
