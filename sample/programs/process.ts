import type { BunRequest } from "bun";
import { exposition, request as measured } from "./metrics.ts";

/** A variable that has to be there. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** One line of JSON. */
export function log(message: string, more: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), message, ...more }));
}

/** Whether it is to end: whoever waits or works in rounds looks here. */
export const ending = new AbortController();

type Answer = (request: BunRequest) => Response | Promise<Response>;
type Answers = Partial<Record<"GET" | "POST" | "OPTIONS", Answer>>;

export interface Serving {
  /** What it answers, by path and method. */
  readonly routes?: Readonly<Record<string, Answers>>;

  /** Throws while it can't do its work. */
  readonly ready: () => void | Promise<void>;

  /** What is done in the background until the end. */
  readonly work?: Promise<unknown>;

  /** What is closed when all is done. */
  readonly close?: () => Promise<void>;
}

/**
 * Serves until SIGTERM, then finishes what is in hand and exits. `/health` asks whether it can work, so that nobody is sent to one
 * that can't; `/live` whether it lives, whatever it depends on, because no restart mends a database. `/metrics` tells Prometheus of
 * everything else that it was asked.
 */
export function serve({ routes = {}, ready, work = Promise.resolve(), close = async () => {} }: Serving): void {
  const server = Bun.serve({
    port: Number(process.env.PORT ?? 8080),
    maxRequestBodySize: 64 * 1024,
    routes: {
      ...Object.fromEntries(Object.entries(routes).map(([route, answers]) => [route, allMeasured(route, answers)])),
      "/metrics": { GET: exposition },
      "/live": { GET: () => checked(alive) },
      "/health": { GET: () => checked(ready) },
    },
    fetch: () => problem(404, "there is nothing here"),
    error(error) {
      log("failed", { error: String(error) });
      return problem(503, "it failed; ask again");
    },
  });
  log("serving", { port: server.port });
  process.once("SIGTERM", async () => {
    log("ending");
    ending.abort();
    // Lets go of the port at once; what is under way goes on. A connection that is kept open without a request holds up nothing.
    server.stop();
    while (server.pendingRequests > 0) await Bun.sleep(20);
    await work;
    await close();
    process.exit(0);
  });
}

function allMeasured(route: string, answers: Answers): Answers {
  const each = Object.entries(answers).map(([method, answer]) => [
    method,
    (request: BunRequest) => measured(method, route, () => answer(request)),
  ]);
  return Object.fromEntries(each);
}

/** When what is under way in the background began, by its name. */
const begun = new Map<string, number>();

/** What takes longer is stuck, and only a restart helps. */
const STUCK = 60_000;

function alive(): void {
  for (const [name, time] of begun) if (Date.now() - time > STUCK) throw new Error(`${name} is stuck`);
}

/** Tries until it works, or until the end: then there is nothing. What fails is told, and tried again after a second. */
export async function persistently<T>(name: string, attempt: () => Promise<T>): Promise<T | undefined> {
  while (!ending.signal.aborted) {
    begun.set(name, Date.now());
    try {
      return await attempt();
    } catch (error) {
      if (ending.signal.aborted) break;
      log(`${name} failed`, { error: String(error) });
      await pause(1000);
    } finally {
      begun.delete(name);
    }
  }
  return undefined;
}

/** Work in rounds until the end. */
export async function rounds(name: string, round: () => Promise<void>): Promise<void> {
  while (!ending.signal.aborted) await persistently(name, round);
}

/** Some milliseconds, or until the end. */
export async function pause(milliseconds: number): Promise<void> {
  const { signal } = ending;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

export function problem(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

/** Shorter than the second that a probe waits, so that it is told why. */
const PATIENCE = 800;

async function checked(check: () => void | Promise<void>): Promise<Response> {
  const late = Bun.sleep(PATIENCE).then(() => Promise.reject(new Error(`no answer within ${PATIENCE} ms`)));
  try {
    await Promise.race([check(), late]);
    return Response.json({ status: "healthy" });
  } catch (error) {
    return Response.json({ status: "unhealthy", error: String(error) }, { status: 503 });
  }
}
