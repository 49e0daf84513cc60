import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { onServer, runScript, scripts } from "./server";

const wait = (...services: readonly string[]) =>
  runScript(join(scripts, "connection/wait.sh"), { PATH: process.env.PATH, WAIT: "2" }, services);

onServer("the wait for services", () => {
  const { PGHOST = "", PGPORT = "5432" } = process.env;

  it("ends when all of them answer", async () => {
    const late = createServer();
    const port = await new Promise<number>((resolve) => late.listen(0, "127.0.0.1", () => resolve((late.address() as AddressInfo).port)));
    const { code, output } = await wait("read-database", PGHOST, PGPORT, "cache", "127.0.0.1", String(port));
    late.close();
    expect({ code, output }).toEqual({
      code: 0,
      output: `waiting for read-database at ${PGHOST}:${PGPORT}\nwaiting for cache at 127.0.0.1:${port}\n`,
    });
  });

  it("gives up after its time, and says on whom", async () => {
    const { code, output } = await wait("read-database", PGHOST, PGPORT, "cache", "127.0.0.1", "1");
    expect(code).toBe(1);
    expect(output.split("\n").slice(-2)).toEqual(["cache has not answered at 127.0.0.1:1 for 2 s", ""]);
  });
});
