import { duration } from "../blocks";
import type { Machine } from "./machine";

/** Time without output after which a status line is printed. */
const SILENCE_MS = 20_000;

/** Lines about concurrent work: its start and its end, and what runs, with the elapsed time. */
export class Progress {
  private readonly running = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private readonly begun: number;
  private done = 0;

  constructor(
    private readonly machine: Pick<Machine, "print" | "now">,
    private readonly total: number,
  ) {
    this.begun = this.time();
    this.timer = setInterval(() => this.remark(), SILENCE_MS);
  }

  /** Runs work, with a line at its start and at its end. */
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = this.time();
    this.machine.print(`${what}, started`);
    const result = await this.watch(what, work);
    this.machine.print(`${what}, done in ${duration(this.time() - start)}; ${this.done} of ${this.total}`);
    return result;
  }

  /** Runs work, with a line only if it takes long. */
  async watch<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.running.set(what, this.time());
    try {
      const result = await work();
      this.done++;
      return result;
    } finally {
      this.running.delete(what);
    }
  }

  end(): void {
    clearInterval(this.timer);
  }

  private remark(): void {
    const running = [...this.running].map(([what, start]) => `${what} (${duration(this.time() - start)})`);
    this.machine.print(`… ${duration(this.time() - this.begun)}; ${this.done} of ${this.total} done, running: ${running.join(", ")}`);
  }

  private time(): number {
    return this.machine.now().getTime();
  }
}
