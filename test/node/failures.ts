import type { Environment } from "../../stacks";
import { Wrong } from "../aws/results";
import { RELEASE, released, VERSIONS } from "./environment";
import type { Trial } from "./trial";

/** Seconds after which a test gives up a version that does not come. */
const PATIENCE = 25;

interface Failure {
  readonly what: string;
  readonly stack: string;
  readonly environment: Environment;

  /** The ConfigMap in which Terraform finds the report. */
  readonly report: string;

  /** What has to be in it. */
  readonly says: readonly RegExp[];

  /**
   * Seconds until the test gives up.
   * @default 25
   */
  readonly patience?: number;

  /** A Secret that does not come meanwhile. */
  readonly withheld?: string;
}

const FAILURES: readonly Failure[] = [
  {
    what: "a failing migration",
    stack: "migrations",
    environment: {
      ...RELEASE,
      migrations: { ...RELEASE.migrations, command: ["bun", "-e", "console.error('no such column: total'); process.exit(3)"] },
    },
    report: "migrations-orders-a-verdict-report",
    says: [/1 of 1 checks failed/, /migrations-orders-a/, /no such column: total/],
    // It is tried three times, with pauses, and the test ends when the job has failed.
    patience: 180,
  },
  {
    what: "a wrong image",
    stack: "read-side",
    environment: released({ blue: VERSIONS.second, green: VERSIONS.first }, "blue", "docker.io/oven/bun:0.0.1-none"),
    report: "query-api-test-report",
    says: [/rollout of query-api/, /ImagePullBackOff|ErrImagePull|ErrImageNeverPull/, /bun:0\.0\.1-none/],
  },
  {
    what: "a missing secret",
    stack: "write-side",
    environment: released({ blue: VERSIONS.second, green: VERSIONS.second }, "blue"),
    report: "command-api-green-test-report",
    says: [/rollout of command-api-green/, /event-store-commands/, /could not get secret data from provider|not found/],
    withheld: "write-side/event-store-commands",
  },
  {
    what: "a version that crashes",
    stack: "write-side",
    environment: {
      ...RELEASE,
      commandProcessors: { ...RELEASE.commandProcessors, command: ["bun", "-e", "console.error('no license'); process.exit(7)"] },
    },
    report: "smoke-test-report",
    says: [/rollout of command-processors/, /CrashLoopBackOff|Error/, /no license/],
  },
];

/** Whatever does not work ends in the report that Terraform prints, and the system goes on; mended, it passes again. */
export async function failures(trial: Trial): Promise<void> {
  const stacks = [...new Set(FAILURES.map(({ stack }) => stack))];
  // Stacks don't touch each other, so that all of them fail at the same time.
  await Promise.all(
    stacks.map(async (stack) => {
      for (const failure of FAILURES.filter((each) => each.stack === stack)) await fails(trial, failure);
      await trial.check(`${stack} passes again when it is mended`, async () => {
        for (const [name, report] of await trial.deployment.bring(RELEASE, { stacks: [stack] })) throw new Wrong(`${name}: ${report}`);
        return "";
      });
    }),
  );
  await trial.check("orders go through after all that", async () => {
    await trial.order("after failures");
    return "";
  });
}

async function fails(trial: Trial, { what, stack, environment, report, says, patience = PATIENCE, withheld }: Failure): Promise<void> {
  await trial.check(`${what} ends in its report`, async () => {
    if (withheld) trial.deployment.operators.withheld.add(withheld);
    try {
      const failed = await trial.deployment.bring(environment, { stacks: [stack], patience });
      const text = failed.get(report);
      if (text === undefined) throw new Wrong(`${report} says nothing of it; failed: ${[...failed.keys()].join(", ") || "nothing"}`);
      const missing = says.filter((pattern) => !pattern.test(text));
      if (missing.length > 0) throw new Wrong(`the report lacks ${missing.join(", ")}:\n${text}`);
      return text;
    } finally {
      if (withheld) trial.deployment.operators.withheld.delete(withheld);
    }
  });
}
