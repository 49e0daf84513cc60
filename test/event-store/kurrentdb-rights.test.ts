import { GRANTS } from "../../constructs/event-store/kurrentdb-rights";

describe("rights of roles", () => {
  /** The JSON in a request, which stands at its end. */
  const said = (file: string) => JSON.parse(GRANTS[file]?.toString("utf8").replace(/^.*?(?=\{"\$)/s, "") ?? "");

  it("let commands append, subscriptions read, and neither delete or change what is kept", () => {
    const { $userStreamAcl: events, $systemStreamAcl: system } = said("streams.bin");
    expect(events).toEqual({
      $r: ["commands", "subscriptions"],
      $w: "commands",
      $d: "$admins",
      $mr: ["commands", "subscriptions"],
      $mw: "$admins",
    });
    expect(new Set(Object.values(system))).toEqual(new Set(["$admins"]));
  });

  it("let subscriptions read all events in their order", () => {
    expect(said("all-events.bin").$acl.$r).toEqual(["$admins", "subscriptions"]);
  });

  it("are requests of two frames each, whose lengths add up", () => {
    for (const content of Object.values(GRANTS)) {
      const first = content.readUInt32BE(1);
      expect(10 + first + content.readUInt32BE(first + 6)).toBe(content.length);
    }
  });
});
