import { type Duration, type Reading, seconds } from "../core/quantities";
import type { Health, Probe, Probes } from "./contract";

type Kind = keyof Probes;

/** Slow starters of the field (virtual machines of Java and .NET, caches that fill) have three minutes. */
const USUAL: Readonly<Record<Kind, Required<Pick<Probe, "every" | "timeout" | "failures">>>> = {
  startup: { every: "5s", timeout: "5s", failures: 36 },
  readiness: { every: "10s", timeout: "5s", failures: 3 },
  liveness: { every: "20s", timeout: "5s", failures: 6 },
};

/** However often it is probed. */
const LEAST_STEADY = 10;

/**
 * The probes of a container, in the kubernetes provider's words. None of one that answers nowhere. One that proves itself is ready
 * after as many successes in a row as failures take it out again.
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

/** How long a container may take until it answers for the first time, in seconds. */
export function startupSeconds({ startup = {} }: Probes = {}): number {
  const { every, failures } = { ...USUAL.startup, ...startup };
  return secondsOf(startup.delay, 0) + secondsOf(every, 5) * failures;
}

/**
 * How long a pod has to be ready before it counts, in seconds: as long as its readiness probe takes to see that it is not any more. By
 * default, and where nothing is probed, 30 s: what crashes at its start does so within that, mostly.
 */
export function steadySeconds({ readiness = {} }: Probes = {}): number {
  const { every, failures } = { ...USUAL.readiness, ...readiness };
  return Math.max(LEAST_STEADY, secondsOf(every, 10) * failures);
}

/** A span of time that is refused where it can't be read, and stands here as if nobody had said it. */
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
