import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(process.cwd(), "constructs/redis/cache-password.sh");

/** An `aws` that keeps one user in files, and writes down what it is asked for. */
const AWS = `#!/bin/sh
printf '%s\\n' "$*" >>"$STATE/asked"
[ "$2" != "$(cat "$STATE/broken" 2>/dev/null)" ] || { echo "An error occurred (AccessDenied)" >&2; exit 254; }
case $2 in
describe-users)
  cat "$STATE/status" "$STATE/method" "$STATE/count" | tr '\\n' '\\t'
  [ "$(cat "$STATE/status")" = stuck ] || echo active >"$STATE/status"
  ;;
list-tags-for-resource) cat "$STATE/tag" "$STATE/former" | tr '\\n' '\\t' ;;
modify-user)
  order=\${4#file://}
  ls -l "$order" | cut -c 1-10 >"$STATE/mode"
  cp "$order" "$STATE/order"
  [ -f "$STATE/deaf" ] || { echo password >"$STATE/method"; grep -o '"Passwords": .*]' "$order" | grep -o '", "' | wc -l | awk '{ print $1 + 1 }' >"$STATE/count"; }
  echo modifying >"$STATE/status"
  cat "$order"
  ;;
add-tags-to-resource)
  echo "\${6##*Value=}" >"$STATE/tag"
  echo "\${7##*Value=}" >"$STATE/former"
  ;;
esac
`;

const FIRST = "first-password-of-the-cache";
const SECOND = 'a "second" \\ one'.replaceAll(" ", "-");

const THIRD = "third-password-of-the-cache";

interface Place {
  readonly run: (passwords?: Readonly<Record<string, string>>, ...args: readonly string[]) => Ran;
  readonly set: (file: string, content: string) => void;

  /** In hours. */
  readonly overlap: (hours: number) => void;
}

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;

  /** Commands, in order. */
  readonly asked: readonly string[];

  /** What the user was told, where it was told something. */
  readonly passwords: readonly string[] | undefined;
}

/** A user as Terraform makes it, and a place to run the script in. */
function aUser(test: (place: Place) => void): void {
  const root = mkdtempSync(join(tmpdir(), "cache-password-"));
  const [bin, state, tmp] = ["bin", "state", "tmp"].map((name) => join(root, name)) as [string, string, string];
  try {
    for (const directory of [bin, state, tmp]) mkdirSync(directory);
    writeFileSync(join(bin, "aws"), AWS);
    chmodSync(join(bin, "aws"), 0o755);
    const set = (file: string, content: string) => writeFileSync(join(state, file), `${content}\n`);
    for (const [file, content] of Object.entries({ status: "active", method: "iam", count: "None", tag: "None", former: "None" }))
      set(file, content);
    let hours = 24;
    const overlap = (value: number) => {
      hours = value;
    };
    const run = (passwords: Readonly<Record<string, string>> = { default: FIRST }, ...args: readonly string[]): Ran => {
      const folder = join(root, "passwords");
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [key, value] of Object.entries(passwords)) writeFileSync(join(folder, key), value);
      for (const file of ["asked", "order"]) rmSync(join(state, file), { force: true });
      const { status, stdout, stderr } = spawnSync("sh", [SCRIPT, ...args], {
        encoding: "utf8",
        env: {
          PATH: `${bin}:${process.env.PATH}`,
          STATE: state,
          USER_ID: "orders-test-cache",
          USER_ARN: "arn:aws:elasticache:eu-west-1:111122223333:user:orders-test-cache",
          PASSWORDS: folder,
          SCRIPTS: join(process.cwd(), "constructs/rotation"),
          OVERLAP: String(hours * 3600),
          TMPDIR: tmp,
          POLL: "0",
          WAIT: "3",
        },
      });
      const asked = existsSync(join(state, "asked")) ? readFileSync(join(state, "asked"), "utf8") : "";
      const order = join(state, "order");
      // Whatever happens, nobody sees a password, and none stays behind.
      for (const value of Object.values(passwords)) expect(`${stdout}${stderr}${asked}`).not.toContain(value);
      expect(readdirSync(tmp)).toEqual([]);
      return {
        status,
        out: stdout.trim(),
        err: stderr.trim(),
        asked: asked
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[1] ?? ""),
        passwords: existsSync(order) ? JSON.parse(readFileSync(order, "utf8")).AuthenticationMode.Passwords : undefined,
      };
    };
    test({ run, set, overlap });
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("the password of a cache at AWS", () => {
  it("is told to a user that has none, who is then left alone", () =>
    aUser(({ run }) => {
      expect(run()).toEqual({
        status: 0,
        out: "orders-test-cache has new passwords: 1",
        err: "",
        asked: ["describe-users", "list-tags-for-resource", "modify-user", "describe-users", "describe-users", "add-tags-to-resource"],
        passwords: [FIRST],
      });
      expect(run()).toEqual({
        status: 0,
        out: "orders-test-cache has its passwords",
        err: "",
        asked: ["describe-users", "list-tags-for-resource"],
        passwords: undefined,
      });
    }));

  it("changes by a second one, both of which are good for a while", () =>
    aUser(({ run }) => {
      run();
      expect(run({ default: FIRST, next: SECOND })).toMatchObject({ status: 0, passwords: [FIRST, SECOND] });
      expect(run({ default: FIRST, next: SECOND })).toMatchObject({ status: 0, passwords: undefined });
      expect(run({ default: SECOND, next: SECOND })).toMatchObject({ status: 0, passwords: [SECOND] });
      expect(run({ default: SECOND })).toMatchObject({ status: 0, passwords: undefined });
    }));

  const END = /the former password ends at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00/;
  const rotated = { default: SECOND, former: FIRST };

  it("ends by itself when another one has been used for the overlap, although the secret still has it", () =>
    aUser(({ run, overlap }) => {
      run();
      expect(run(rotated)).toMatchObject({ status: 0, out: expect.stringMatching(END), passwords: [SECOND, FIRST] });
      expect(run(rotated)).toMatchObject({ status: 0, out: expect.stringMatching(END), passwords: undefined });
      overlap(0);
      expect(run(rotated)).toMatchObject({ status: 0, out: expect.stringContaining("has ended"), passwords: [SECOND] });
      // And is never good again.
      overlap(24);
      expect(run(rotated)).toMatchObject({ status: 0, out: expect.stringContaining("has ended"), passwords: undefined });
      expect(run({ default: SECOND })).toMatchObject({ status: 0, passwords: undefined });
    }));

  it("is measured anew for each former one", () =>
    aUser(({ run }) => {
      run();
      run(rotated, "revoke");
      expect(run({ default: THIRD, former: SECOND })).toMatchObject({ status: 0, passwords: [THIRD, SECOND] });
    }));

  it("ends at once by a job that revokes", () =>
    aUser(({ run }) => {
      run();
      expect(run(rotated).passwords).toEqual([SECOND, FIRST]);
      expect(run(rotated, "revoke")).toMatchObject({
        status: 0,
        out: expect.stringContaining("has new passwords: 1"),
        passwords: [SECOND],
      });
      expect(run(rotated).passwords).toBeUndefined();
    }));

  it("is refused beside both others, because a user has two", () =>
    aUser(({ run }) => {
      run(rotated);
      expect(run({ ...rotated, next: THIRD })).toMatchObject({
        status: 1,
        err: expect.stringMatching(/^orders-test-cache: a user has two passwords at most; remove former or next, or wait until 2/),
        passwords: undefined,
      });
      run(rotated, "revoke");
      expect(run({ ...rotated, next: THIRD }).passwords).toEqual([SECOND, THIRD]);
    }));

  it("is told again to a user whom somebody has changed", () =>
    aUser(({ run, set }) => {
      run();
      set("method", "iam");
      expect(run().passwords).toEqual([FIRST]);
      set("count", "2");
      expect(run().passwords).toEqual([FIRST]);
    }));

  it("waits while the user is being changed, and not for ever", () =>
    aUser(({ run, set }) => {
      set("status", "modifying");
      expect(run().asked.slice(0, 3)).toEqual(["describe-users", "describe-users", "list-tags-for-resource"]);
      set("status", "stuck");
      expect(run()).toMatchObject({ status: 1, err: "orders-test-cache: it is stuck for too long" });
    }));

  it.each([
    ["describe-users", "it can't be read"],
    ["list-tags-for-resource", "its tags can't be read"],
    ["modify-user", "its passwords can't be set"],
    ["add-tags-to-resource", "it can't be tagged"],
  ])("is told by a job that fails where %s is refused, and is told again by the next", (command, reason) =>
    aUser(({ run, set }) => {
      set("broken", command);
      expect(run()).toMatchObject({ status: 1, err: `An error occurred (AccessDenied)\norders-test-cache: ${reason}` });
      set("broken", "");
      expect(run()).toMatchObject({ status: 0, passwords: [FIRST] });
    }),
  );

  it("is not taken for told where the user still signs in as it did", () =>
    aUser(({ run, set }) => {
      set("deaf", "");
      expect(run()).toMatchObject({
        status: 1,
        err: "orders-test-cache: it signs in by iam with None passwords, and not with 1",
      });
      expect(run().passwords).toEqual([FIRST]);
    }));

  it.each([
    [{ default: "short" }, "the password under default has 5 characters; draw 16 to 128"],
    [{ default: FIRST, next: "l".repeat(129) }, "the password under next has 129 characters; draw 16 to 128"],
    [{ default: "two lines of it\nof a password" }, "the password under default has a character that can't be printed"],
    [{ default: "pässword-of-the-cache" }, "the password under default has a character that can't be printed"],
  ])("is refused where ElastiCache would not take it", (passwords, reason) =>
    aUser(({ run }) => expect(run(passwords)).toMatchObject({ status: 1, err: `orders-test-cache: ${reason}`, passwords: undefined })),
  );
});
