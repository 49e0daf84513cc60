import { program } from "../fixtures/environments";
import { addressesOf, synthesisOf } from "../program";
import released from "../released-addresses.json";

type Json = Readonly<Record<string, unknown>>;

/** The addresses of the last release that are gone without Terraform being told what became of them. */
function lost(before: Readonly<Record<string, readonly string[]>>, now: (stack: string) => Json | undefined): readonly string[] {
  return Object.entries(before).flatMap(([stack, addresses]) => {
    const json = now(stack) ?? {};
    const blocks = [...((json.moved ?? []) as { from: string }[]), ...((json.removed ?? []) as { from: string }[])];
    const accounted = new Set([...addressesOf(json), ...blocks.map(({ from }) => from)]);
    return addresses.filter((address) => !accounted.has(address)).map((address) => `${stack}: ${address}`);
  });
}

describe("an address of the last release", () => {
  it("is still there, or was moved or removed by a block that says so", () => {
    const { stacks } = synthesisOf(program);
    expect(lost(released, (id) => stacks.get(id)?.json)).toEqual([]);
  });

  const before = { "dev-keys": ["aws_kms_key.logs"] };

  it("is missed when it is renamed", () => {
    expect(lost(before, () => ({ resource: { aws_kms_key: { log: {} } } }))).toEqual(["dev-keys: aws_kms_key.logs"]);
  });

  it("is missed when its stack is gone", () => {
    expect(lost(before, () => undefined)).toEqual(["dev-keys: aws_kms_key.logs"]);
  });

  it("is accounted for by a moved or a removed block", () => {
    expect(lost(before, () => ({ moved: [{ from: "aws_kms_key.logs", to: "aws_kms_key.log" }] }))).toEqual([]);
    expect(lost(before, () => ({ removed: [{ from: "aws_kms_key.logs", lifecycle: { destroy: false } }] }))).toEqual([]);
  });
});
