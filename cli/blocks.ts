/**
 * Output of concurrent stacks, printed stack by stack: that of the first one as it runs, that of the others after they end, and that of one
 * that asks a question up to the question.
 */
export class Blocks {
  private readonly open: Block[] = [];
  private shown?: Block;
  private asking: Block | undefined;
  private questions: Promise<unknown> = Promise.resolve();
  private printed = Date.now();

  constructor(private readonly out: (line: string) => void) {}

  begin(title: string): Block {
    const block = new Block(title, () => this.settle());
    this.open.push(block);
    this.settle();
    return block;
  }

  /** Asks one question at a time, below the output of its stack. */
  ask(block: Block, answer: () => Promise<string | undefined>): Promise<string | undefined> {
    const result = this.questions.then(async () => {
      this.asking = block;
      this.settle();
      try {
        return await answer();
      } finally {
        this.asking = undefined;
        this.settle();
      }
    });
    this.questions = result.catch(() => {});
    return result;
  }

  /** Prints a status line if nothing has been printed for some time and no question is open. */
  remark(line: string, silence: number): void {
    if (!this.asking && Date.now() - this.printed >= silence) this.print(line);
  }

  private settle(): void {
    if (this.asking) {
      this.show(this.asking);
      return;
    }
    for (const block of this.open.filter(({ ended }) => ended)) {
      this.show(block);
      this.open.splice(this.open.indexOf(block), 1);
    }
    const [live] = this.open;
    if (live && (live.lines.length > 0 || !live.begun)) this.show(live);
  }

  private show(block: Block): void {
    if (this.shown !== block) this.print(`\n── ${block.title}${block.begun ? ", continued" : ""}`);
    this.shown = block;
    block.begun = true;
    for (const line of block.lines.splice(0)) this.print(line);
  }

  private print(line: string): void {
    this.printed = Date.now();
    this.out(line);
  }
}

/** Output of one stack. */
export class Block {
  /** Lines that are not yet printed. */
  readonly lines: string[] = [];

  begun = false;
  ended = false;
  private rest = "";

  /** Error messages of its output. */
  readonly errors: string[] = [];

  /** Id of the state lock that blocked it. */
  lock: string | undefined;

  constructor(
    readonly title: string,
    private readonly settle: () => void,
  ) {}

  write(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  line(line: string): void {
    this.lines.push(line);
    const error = errorIn(line);
    if (error) this.errors.push(error);
    if (this.errors[0]?.includes("acquiring the state lock")) this.lock ??= /^[│\s]*ID:\s+(\S+)/.exec(plain(line))?.[1];
    this.settle();
  }

  end(line?: string): void {
    if (this.rest) this.write("\n");
    if (line) this.lines.push(line);
    this.ended = true;
    this.settle();
  }
}

/** Error message in a line of Terraform's output. */
export function errorIn(line: string): string | undefined {
  return /^[│╷\s]*Error: (.+)/.exec(plain(line))?.[1]?.trim();
}

function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return line.replace(/\u001b\[[\d;]*m/g, "");
}

/** Formats a duration: 9 s, 1 min 20 s, 1 h 2 min. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
