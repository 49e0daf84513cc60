import { type Duration, type Reading, seconds } from "../core/quantities";
import type { Health, Probe, Probes } from "./contract";

type Kind = keyof Probes;

/** Default probes. Slow starters (JVM, .NET, caches that warm up) have three minutes. */
const USUAL: Readonly<Record<Kind, Required<Pick<Probe, "every" | "timeout" | "failures">>>> = {
  startup: { every: "5s", timeout: "5s", failures: 36 },
  readiness: { every: "10s", timeout: "5s", failures: 3 },
  liveness: { every: "20s", timeout: "5s", failures: 6 },
};

/** Minimum of `steadySeconds`, for any probe period. */
const LEAST_STEADY = 10;

/**
 * Probes of a container, in the kubernetes provider's format. None without a health endpoint. With `proves`, a pod is ready after as many
 * successes in a row as failures make it unready.
 */
export function probesOf(health: Health | undefined, probes: Probes = {}, proves = false) {
  const { failures } = { ...USUAL.readiness, ...probes.readiness };
  const successThreshold = proves ? failures : 1;
  return {
    ...(health || isAsked(probes.startup) ? { startupProbe: probeOf("startup", health, probes.startup) } : {}),
    ...(health || isAsked(probes.readiness)
      ? { readinessProbe: { ...probeOf("readiness", health, probes.readiness), successThreshold } }
      : {}),
    ...(health || isAsked(probes.liveness) ? { livenessProbe: probeOf("liveness", health, probes.liveness) } : {}),
  };
}

/** Maximum time until a container's first successful response, in seconds. */
export function startupSeconds({ startup = {} }: Probes = {}): number {
  const { every, failures } = { ...USUAL.startup, ...startup };
  return secondsOf(startup.delay, 0) + secondsOf(every, 5) * failures;
}

/**
 * Time that a pod must be ready before it counts, in seconds: as long as its readiness probe takes to detect a failure. By default, and
 * without probes, 30 s: most crashes at startup happen within that time.
 */
export function steadySeconds({ readiness = {} }: Probes = {}): number {
  const { every, failures } = { ...USUAL.readiness, ...readiness };
  return Math.max(LEAST_STEADY, secondsOf(every, 10) * failures);
}

/** Returns a duration in seconds, or `otherwise` if it is missing or unreadable; unreadable ones are rejected elsewhere. */
export function secondsOf(value: Duration | undefined, otherwise: number): number {
  const reading: Reading | undefined = value === undefined ? undefined : seconds(value);
  return typeof reading === "number" ? reading : otherwise;
}

function probeOf(kind: Kind, health: Health | undefined, asked: Probe = {}) {
  const { every, timeout, failures } = { ...USUAL[kind], ...asked };
  const { path = kind === "liveness" ? undefined : health?.path, port = health?.port, delay } = asked;
  const at = { port: String(port) };
  return {
    ...(path === undefined ? { tcpSocket: [at] } : { httpGet: { path, ...at } }),
    ...(delay === undefined ? {} : { initialDelaySeconds: secondsOf(delay, 0) }),
    periodSeconds: secondsOf(every, 10),
    timeoutSeconds: secondsOf(timeout, 5),
    successThreshold: 1,
    failureThreshold: failures,
  };
}

function isAsked(probe: Probe | undefined): boolean {
  return probe?.port !== undefined;
}
