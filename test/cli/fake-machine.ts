import type { Bucket, Command, Machine } from "../../cli/backup/machine";
import type { Answer } from "../../cli/children";

type Said = string | object | { readonly fails: string };

/** A machine whose programs answer by rules, and whose buckets are in memory. Time passes only while a command waits. */
export class FakeMachine implements Machine {
  readonly lines: string[] = [];

  /** Command lines that ran, without kubeconfig files. */
  readonly ran: string[] = [];
  readonly inputs: string[] = [];

  /** Objects by address, with the metadata of each. */
  readonly objects = new Map<string, { body: Buffer; readonly headers: Readonly<Record<string, string>> }>();

  /** Addresses of objects that have an older version. */
  readonly overwritten = new Set<string>();

  /** Answers to command lines, by a part of them: the first that fits. A function is called each time. */
  readonly rules: (readonly [part: string | RegExp, said: Said | (() => Said)])[] = [];
  private time = Date.parse("2026-11-28T21:47:28Z");

  execute = async (command: Command, input?: string): Promise<Answer> => {
    const line = command.filter((word, index) => word !== "--kubeconfig" && command[index - 1] !== "--kubeconfig").join(" ");
    this.ran.push(line);
    if (input !== undefined) this.inputs.push(input);
    const [, rule = ""] = this.rules.find(([part]) => (typeof part === "string" ? line.includes(part) : part.test(line))) ?? [];
    const said = typeof rule === "function" ? rule() : rule;
    if (typeof said === "string") return { status: 0, stdout: said, stderr: "" };
    return "fails" in said
      ? { status: 1, stdout: "", stderr: String(said.fails) }
      : { status: 0, stdout: JSON.stringify(said), stderr: "" };
  };

  wait = async (milliseconds: number) => {
    this.time += milliseconds;
  };

  now = () => new Date(this.time);

  print = (line: string) => {
    this.lines.push(line);
  };

  bucket = ({ bucket }: { readonly bucket: string }): Bucket => {
    const at = (key: string) => `s3://${bucket}/${key}`;
    const there = (key: string) => {
      const found = this.objects.get(at(key));
      if (!found) throw new Error(`GET ${at(key)}: NoSuchKey`);
      return found;
    };
    return {
      bucket,
      list: async (prefix) =>
        [...this.objects.keys()]
          .filter((key) => key.startsWith(at(prefix)))
          .sort()
          .map((key) => ({ key: key.slice(at("").length), size: 0 })),
      changed: async (prefix) => ({
        deleted: [],
        overwritten: [...this.overwritten].filter((key) => key.startsWith(at(prefix))).map((key) => ({ key, wasDeleted: false })),
      }),
      read: async (key) => there(key),
      headersOf: async (key) => there(key).headers,
      create: async (key, body, _, headers = {}) => {
        if (this.objects.has(at(key))) return false;
        this.objects.set(at(key), { body, headers });
        return true;
      },
    };
  };

  get text(): string {
    return this.lines.join("\n");
  }
}
