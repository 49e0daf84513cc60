import { Token } from "cdktf";
import type { Problem } from "../core/errors";
import { maxLength } from "../core/names";
import { bytes, millicores, type Reading, seconds } from "../core/quantities";
import { LONGEST_LABEL } from "../kubernetes";
import type { PodProps, Probe } from "./contract";
import { WORKLOAD_DEFAULTS } from "./defaults";
import { fileKey, keptVolume, scratchVolume } from "./paths";

/** A problem and its property. */
export type PropProblem = Omit<Problem, "path"> & { readonly property: string };

const LONGEST_NAME = maxLength("workload");
const NAME = new RegExp(`^(?=.{1,${LONGEST_NAME}}$)[a-z]([a-z0-9-]*[a-z0-9])?$`);

/** A ConfigMap holds 1 MiB, including the names of its files. */
const MOST_BYTES = 1_000_000;

/** Returns the problems of a pod's settings, except those of its image and connections. */
export function podProblems(props: PodProps & { readonly name: string; readonly single?: boolean }): readonly PropProblem[] {
  return [
    ...nameProblems(props),
    ...quantityProblems(props),
    ...textProblems(props),
    ...fileProblems(props),
    ...mountProblems(props),
    ...volumeProblems(props),
    ...probeProblems(props),
  ];
}

/** Returns a problem if a quantity is unreadable. */
export function unreadable(property: string, value: unknown, reading: Reading): readonly PropProblem[] {
  return typeof reading === "number" ? [] : [{ property, value, ...reading }];
}

function nameProblems({ name, sidecars = [], initContainers = [] }: PodProps & { readonly name: string }): PropProblem[] {
  const found: PropProblem[] = [];
  if (!NAME.test(name)) {
    const remedy = `use up to ${LONGEST_NAME} lower-case letters, digits and hyphens, beginning with a letter`;
    found.push({ property: "name", value: name, rule: "is not a valid workload name", remedy });
  }
  const taken = [name];
  for (const [property, containers] of Object.entries({ sidecars, initContainers })) {
    for (const [index, { name: value }] of containers.entries()) {
      const at = `${property}[${index}].name`;
      if (!NAME.test(value))
        found.push({ property: at, value, rule: "is not a valid container name", remedy: "use lower-case letters, digits and hyphens" });
      else if (taken.includes(value)) found.push({ property: at, value, rule: "is another container's as well", remedy: "choose another" });
      taken.push(value);
    }
  }
  return found;
}

function quantityProblems({
  cpu,
  cpuLimit,
  memory,
  memoryRequest,
  terminationGracePeriod,
  user,
  scratch = {},
  sidecars = [],
  initContainers = [],
}: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  const check = (property: string, value: unknown, read: (value: unknown) => Reading) => {
    if (value !== undefined) found.push(...unreadable(property, value, read(value)));
  };
  check("cpu", cpu, millicores);
  check("cpuLimit", cpuLimit, millicores);
  check("memory", memory, bytes);
  check("memoryRequest", memoryRequest, bytes);
  check("terminationGracePeriod", terminationGracePeriod, seconds);
  for (const [path, size] of Object.entries(scratch)) {
    check(`scratch.${path}`, size, bytes);
    found.push(...pathProblems(`scratch.${path}`, path));
  }
  found.push(...volumeNameProblems("scratch", Object.keys({ "/tmp": "", ...scratch }), scratchVolume));
  for (const [property, containers] of Object.entries({ sidecars, initContainers })) {
    for (const [index, container] of containers.entries()) {
      check(`${property}[${index}].cpu`, container.cpu, millicores);
      check(`${property}[${index}].memory`, container.memory, bytes);
    }
  }
  if (user !== undefined && !(Number.isInteger(user) && user > 0)) {
    found.push({ property: "user", value: user, rule: "is root, or not a user id", remedy: "use a number above 0, like 65532" });
  }
  const [asked, limit] = [millicores(cpu ?? WORKLOAD_DEFAULTS.cpu), millicores(cpuLimit ?? Number.MAX_SAFE_INTEGER / 1000)];
  if (typeof asked === "number" && typeof limit === "number" && limit < asked) {
    found.push({ property: "cpuLimit", value: cpuLimit, rule: "is less than what it asks for", remedy: "raise it, or lower cpu" });
  }
  const limitOfMemory = memory ?? WORKLOAD_DEFAULTS.memory;
  const [requested, most] = [bytes(memoryRequest ?? limitOfMemory), bytes(limitOfMemory)];
  if (typeof requested === "number" && typeof most === "number" && requested > most) {
    const rule = `exceeds memory (${limitOfMemory}), its limit`;
    found.push({ property: "memoryRequest", value: memoryRequest, rule, remedy: "lower it, or raise memory" });
  }
  return found;
}

function textProblems({ env = {}, secrets = {}, telemetry }: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  for (const [property, names] of Object.entries({ env: Object.keys(env), secrets: Object.keys(secrets) })) {
    for (const name of names) {
      if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) continue;
      const remedy = "use letters, digits and _, not beginning with a digit";
      found.push({ property, value: name, rule: "is not a valid variable name", remedy });
    }
  }
  if (telemetry && portOf(telemetry.endpoint) === undefined) {
    const remedy = "write one with a port, like http://collector.observability:4317";
    found.push({ property: "telemetry.endpoint", value: telemetry.endpoint, rule: "must be the address of a collector", remedy });
  }
  return found;
}

/** Returns the port of an address, if it has one. */
export function portOf(address: string): number | undefined {
  const port = Number(/^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/\s]+:(\d{1,5})(?:\/\S*)?$/.exec(address)?.[1]);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function fileProblems({ files = {}, secretFiles = {} }: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  for (const [property, named] of Object.entries({ files, secretFiles })) {
    const paths = Object.keys(named);
    const keys = paths.map(fileKey);
    found.push(...paths.flatMap((path) => pathProblems(property, path)));
    for (const [index, value] of paths.entries()) {
      const key = keys[index] as string;
      if (keys.indexOf(key) < index)
        found.push({ property, value, rule: "differs from another path in slashes alone", remedy: "rename one of the two" });
      if (key.startsWith(".."))
        found.push({ property, value, rule: "can't be the name of a key, which must not begin with ..", remedy: "rename it" });
    }
  }
  const size = Object.values(files).reduce((sum, content) => sum + (Token.isUnresolved(content) ? 0 : Buffer.byteLength(content)), 0);
  if (size > MOST_BYTES) {
    const remedy = "put into the image what does not differ between environments";
    found.push({ property: "files", value: size, rule: "bytes are more than a ConfigMap holds", remedy });
  }
  return found;
}

const KERNEL = /^\/(proc|sys)(\/|$)/;

/** The API rejects duplicate mount paths, but not before an apply. `/tmp` always exists. */
function mountProblems({ files = {}, scratch = {}, volumes = {}, secretFiles = {} }: PodProps): PropProblem[] {
  const taken = new Map<string, string>([["/tmp", "scratch"]]);
  return Object.entries({ files, scratch, volumes, secretFiles }).flatMap(([property, named]) =>
    Object.keys(named).flatMap((value) => {
      const other = taken.get(value);
      taken.set(value, property);
      // runc starts no container with such a mount.
      if (KERNEL.test(value))
        return [{ property, value, rule: "is in a file system of the kernel", remedy: "use a path outside of /proc and /sys" }];
      const file = Object.keys({ ...files, ...secretFiles }).find((path) => value.startsWith(`${path}/`));
      if (file) return [{ property, value, rule: `is below ${file}, which is a file`, remedy: "use another path for one of them" }];
      if (!other || (value === "/tmp" && property === "scratch")) return [];
      return [{ property, value, rule: `is a path of ${other} too`, remedy: "use another path for one of them" }];
    }),
  );
}

function volumeProblems({ volumes = {}, single = false }: PodProps & { readonly single?: boolean }): PropProblem[] {
  const paths = Object.keys(volumes);
  const found = paths.flatMap((path) => [
    ...pathProblems(`volumes.${path}`, path),
    ...unreadable(`volumes.${path}.size`, volumes[path]?.size, bytes(volumes[path]?.size)),
  ]);
  found.push(...volumeNameProblems("volumes", paths, keptVolume));
  if (paths.length > 0 && !single) {
    const rule = "can be written by one instance only, and this workload can have several pods";
    const remedy = "use a Worker or an HttpService with replicas: 1 and without slots, or keep the data in a store";
    found.push({ property: "volumes", value: paths.join(", "), rule, remedy });
  }
  return found;
}

/** Volumes have the names of their paths. */
function volumeNameProblems(property: string, paths: readonly string[], nameOf: (path: string) => string): PropProblem[] {
  const names = paths.map(nameOf);
  return paths.flatMap((value, index): PropProblem[] => {
    const name = nameOf(value);
    const remedy = `use a path of up to ${LONGEST_LABEL - nameOf("").length} characters`;
    const [long, twin] = ["is too long for the name of a volume", "differs from another path in punctuation or case alone"];
    return [
      ...(name.length > LONGEST_LABEL ? [{ property, value, rule: long, remedy }] : []),
      ...(names.indexOf(name) < index ? [{ property, value, rule: twin, remedy: "rename one of the two" }] : []),
    ];
  });
}

function pathProblems(property: string, path: string): PropProblem[] {
  const isPath = /^(\/[\w.@-]+)+$/.test(path) && !/\/\.\.?(\/|$)/.test(path);
  return isPath ? [] : [{ property, value: path, rule: "must be a path", remedy: "write an absolute one, like /app/settings.json" }];
}

function probeProblems({ probes = {} }: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  for (const [kind, probe] of Object.entries(probes) as [string, Probe][]) {
    const { delay, every, timeout, failures, path } = probe;
    for (const [field, value] of Object.entries({ delay, every, timeout })) {
      if (value !== undefined) found.push(...unreadable(`probes.${kind}.${field}`, value, seconds(value)));
    }
    if (failures !== undefined && !(Number.isInteger(failures) && failures > 0)) {
      found.push({
        property: `probes.${kind}.failures`,
        value: failures,
        rule: "must be a whole number of failed probes",
        remedy: "use 1 or more",
      });
    }
    if (path !== undefined && !path.startsWith("/")) {
      found.push({ property: `probes.${kind}.path`, value: path, rule: "must be a path", remedy: "write one that begins with /" });
    }
  }
  return found;
}
