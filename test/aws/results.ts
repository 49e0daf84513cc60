export const STEPS = ["init", "plan", "tofu", "apply", "replan", "destroy", "check"] as const;

/** What is done with a stack; `check` is everything that is not a step of all stacks. */
export type Step = (typeof STEPS)[number];

interface Result {
  readonly subject: string;
  readonly step: Step;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  readonly detail: string;
}

/** What a step found wrong. */
export class Wrong extends Error {}

/** What a step can't be done without. */
export class Missing extends Error {}

/** Everything that was done, and how it ended. */
export class Results {
  private readonly all: Result[] = [];

  /** Does one step and writes down how it ended; true where nothing after it has to be given up. */
  async step(subject: string, step: Step, work: () => Promise<void>): Promise<boolean> {
    const begin = Date.now();
    const end = (outcome: Result["outcome"], detail = "") => {
      const seconds = Math.round((Date.now() - begin) / 1000);
      this.all.push({ subject, step, outcome, seconds, detail });
      console.log(`${outcome.toUpperCase().padEnd(7)} ${subject}: ${step} (${seconds} s)${detail ? `\n${indent(detail)}` : ""}`);
      return outcome !== "failed";
    };
    try {
      await work();
      return end("passed");
    } catch (error) {
      if (error instanceof Missing) return end("skipped", error.message);
      return end("failed", error instanceof Wrong ? error.message : String((error as Error).stack));
    }
  }

  get failed(): boolean {
    return this.all.some(({ outcome }) => outcome === "failed");
  }

  /** A line for each stack, what was skipped, and how many of each. */
  table(): string {
    const subjects = [...new Set(this.all.map(({ subject }) => subject))];
    const stacks = subjects.filter((subject) => this.all.some((result) => result.subject === subject && result.step === "init"));
    const width = Math.max(...stacks.map(({ length }) => length), 5);
    const steps = STEPS.filter((step) => step !== "check");
    const rows = stacks.map((stack) => [stack.padEnd(width), ...steps.map((step) => this.cell(stack, step).padStart(8))].join(" "));
    const skipped = this.all
      .filter(({ outcome }) => outcome === "skipped")
      .map(({ subject, step, detail }) => `SKIPPED ${subject}: ${step}: ${detail}`);
    const count = (outcome: Result["outcome"]) => `${this.all.filter((result) => result.outcome === outcome).length} ${outcome}`;
    return [
      "",
      ["".padEnd(width), ...steps.map((step) => step.padStart(8))].join(" "),
      ...rows,
      ...skipped,
      "",
      `${count("passed")}, ${count("failed")}, ${count("skipped")}`,
    ].join("\n");
  }

  private cell(stack: string, step: Step): string {
    const result = this.all.find((each) => each.subject === stack && each.step === step);
    if (!result) return "–";
    return result.outcome === "passed" ? `${result.seconds} s` : result.outcome;
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, "        ");
}
