import { readFileSync } from "node:fs";
import { S3Client, type S3ClientProps } from "../../constructs/aws-client";
import { awsCredentials } from "../aws";
import { type Answer, Interrupted, isInterrupted, run } from "../children";
import { Refused } from "../refused";

/** A program failed; its output is the cause. */
export class ProgramFailure extends Refused {}

/** Command line: the program, and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** Access of commands to the machine. */
export interface Machine {
  /** Runs a program to completion. */
  readonly execute: (command: Command, input?: string) => Promise<Answer>;

  readonly wait: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
  readonly print: (line: string) => void;

  readonly bucket: (place: BucketPlace) => Bucket;
}

/** A bucket. Without credentials, one at AWS, with those of the machine. */
export type BucketPlace = Pick<S3ClientProps, "bucket" | "region"> & Partial<S3ClientProps>;

export type Bucket = Pick<S3Client, "bucket" | "list" | "changed" | "read" | "create" | "headersOf">;

/** The machine that runs the command. */
export const HERE: Machine = {
  execute,
  wait,
  now: () => new Date(),
  print: (line) => console.log(line),
  bucket: (place) => new S3Client({ ...(place.credentials ? {} : atAws()), credentials: async () => awsCredentials(), ...place }),
};

/** Endpoint and CA of a service in place of AWS, such as an emulator. */
function atAws(): Partial<S3ClientProps> {
  const { AWS_ENDPOINT_URL_S3: endpoint = process.env.AWS_ENDPOINT_URL, AWS_CA_BUNDLE: file } = process.env;
  return { ...(endpoint ? { endpoint } : {}), ...(file ? { ca: readFileSync(file, "utf8") } : {}) };
}

/** Runs a program and returns its output. @throws ProgramFailure */
export async function outputOf({ execute }: Pick<Machine, "execute">, command: Command, input?: string): Promise<string> {
  const { status, stdout, stderr } = await execute(command, input);
  if (status === 0) return stdout;
  throw new ProgramFailure(`${written(command)}: ${firstLines(stderr || stdout) || `ended with ${status}`}`);
}

/** Output of a program as JSON. @throws ProgramFailure */
export async function jsonOf<T>(machine: Pick<Machine, "execute">, command: Command, input?: string): Promise<T> {
  return JSON.parse(await outputOf(machine, command, input)) as T;
}

/** Runs a program on this machine. @throws ProgramFailure if it is not installed */
async function execute([program, ...args]: Command, input?: string): Promise<Answer> {
  try {
    return await run(program, args, { directory: ".", environment: process.env, ...(input === undefined ? {} : { input }) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new ProgramFailure(`${program}: is not on the PATH; install it`);
    throw error;
  }
}

/** Waits, and ends early if the user interrupts the command. @throws Interrupted */
async function wait(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 500) {
    if (isInterrupted()) throw new Interrupted();
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 500)));
  }
}

/** Command line to paste into a shell. */
export function written(command: Command): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

function firstLines(text: string): string {
  return text.trim().split("\n").slice(0, 3).join(" ");
}
