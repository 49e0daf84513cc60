import { createInterface, type Interface } from "node:readline";
import { onInterrupt } from "./children";

/** Answers that a user types or a program pipes in, one line per question. */
export class Answers {
  private readonly lines: string[] = [];
  private waiting: ((line: string | undefined) => void) | undefined;
  private reader?: Interface;
  private ended = false;

  /** Asks a question and waits for a line. `undefined` at the end of input. */
  async ask(question: string): Promise<string | undefined> {
    process.stdout.write(question);
    this.reader ??= this.open();
    const line = this.lines.shift() ?? (this.ended ? undefined : await this.next());
    if (!process.stdin.isTTY || line === undefined) process.stdout.write("\n");
    return line;
  }

  /** Closes the input, so that the process can exit. */
  close(): void {
    this.reader?.close();
  }

  private next(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const forget = onInterrupt(() => this.waiting?.(undefined));
      this.waiting = (line) => {
        forget();
        this.waiting = undefined;
        resolve(line);
      };
    });
  }

  private open(): Interface {
    const reader = createInterface({ input: process.stdin, terminal: false });
    reader.on("line", (line) => (this.waiting ? this.waiting(line) : this.lines.push(line)));
    reader.on("close", () => {
      this.ended = true;
      this.waiting?.(undefined);
    });
    return reader;
  }
}
