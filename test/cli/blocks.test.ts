import { Blocks, duration } from "../../cli/blocks";

let said: string[];
let blocks: Blocks;
beforeEach(() => {
  said = [];
  blocks = new Blocks((line) => said.push(line));
});

describe("what stacks say at the same time", () => {
  it("is printed stack by stack: the first one as it runs, others when they have ended", () => {
    const [one, other] = ["one", "other"].map((title) => blocks.begin(title)) as [ReturnType<Blocks["begin"]>, ReturnType<Blocks["begin"]>];
    one.write("1\n2");
    other.write("a\nb\n");
    one.write("3\n");
    expect(said).toEqual(["\n── one", "1", "23"]);
    other.end("other ended");
    expect(said.slice(3)).toEqual(["\n── other", "a", "b", "other ended"]);
    one.write("4\n");
    one.end();
    expect(said.slice(7)).toEqual(["\n── one, continued", "4"]);
  });

  it("is printed up to a question, and nothing else until it is answered", async () => {
    const [one, other] = ["one", "other"].map((title) => blocks.begin(title)) as [ReturnType<Blocks["begin"]>, ReturnType<Blocks["begin"]>];
    other.write("plan\n");
    let answer: (line: string) => void = () => {};
    const asked = blocks.ask(other, () => {
      said.push("?");
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await new Promise(setImmediate);
    one.write("1\n");
    blocks.remark("…", 0);
    expect(said).toEqual(["\n── one", "\n── other", "plan", "?"]);
    answer("yes");
    expect(await asked).toBe("yes");
    expect(said.slice(4)).toEqual(["\n── one, continued", "1"]);
  });

  it("asks one question at a time", async () => {
    const order: string[] = [];
    const ask = (title: string) =>
      blocks.ask(blocks.begin(title), async () => {
        order.push(`${title}?`);
        await new Promise(setImmediate);
        order.push(`${title}!`);
        return "yes";
      });
    await Promise.all([ask("one"), ask("other")]);
    expect(order).toEqual(["one?", "one!", "other?", "other!"]);
  });

  it("names causes and the lock in the way, without colours and frames", () => {
    const block = blocks.begin("one");
    block.write("\u001b[31m│\u001b[0m \u001b[1mError: Error acquiring the state lock\u001b[0m\n│ Lock Info:\n│   ID:        1f2e-3d\n");
    expect([block.errors, block.lock]).toEqual([["Error acquiring the state lock"], "1f2e-3d"]);
  });
});

describe("duration", () => {
  it.each([
    [9_400, "9 s"],
    [80_000, "1 min 20 s"],
    [3_720_000, "1 h 2 min"],
  ])("of %d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));
});
