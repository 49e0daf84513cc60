import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Bytes, bytes, known } from "../core/quantities";
import { TOOLS } from "../core/versions";
import { type CronJobObject, imageFrom, type KubernetesTarget } from "../kubernetes";
import { filePaths, PSQL_USER } from "../postgres";
import { EVENTS_SQL } from "./postgres-events";
import { LOOPBACK, type ScratchContainer, scratchVolume, withPod, withServer } from "./scratch-pod";

/** PostgreSQL to restore events into: of the platform's own version, whichever the store has. */
export interface ScratchPostgres {
  readonly engine: "postgres";

  /** Size of its volume, at least 2Gi: for events with their indexes, and up to 1 GiB of write-ahead log. */
  readonly storage: Bytes;
}

/** Smallest volume of a scratch server in PostgreSQL. */
export const LEAST_SCRATCH_POSTGRES: Bytes = "2Gi";

/** Problem of the size of its volume, as part of an error message. Undefined if it is large enough. */
export function scratchPostgresProblem({ storage }: Pick<ScratchPostgres, "storage">) {
  const size = bytes(storage);
  if (typeof size !== "number") return { value: storage, ...size };
  if (size >= known(bytes(LEAST_SCRATCH_POSTGRES))) return undefined;
  const rule = "is too small for a PostgreSQL server with its write-ahead log";
  return { value: storage, rule, remedy: `use ${LEAST_SCRATCH_POSTGRES} or more` };
}

const PORT = "5432";

/** Address for programs of its pod. */
export const SCRATCH_POSTGRES_URL = `postgresql://postgres@${LOOPBACK}:${PORT}/postgres?sslmode=disable`;

/** User of its pod: the image's. */
export const SCRATCH_POSTGRES_USER = Number(PSQL_USER);

const FILES = "/scratch";
const SCRIPT = `${FILES}/serve.sh`;

/** Files of the server by path: the script that starts it, and the SQL with which `PostgresEvents` creates its tables. */
export function scratchPostgresFiles(): Readonly<Record<string, string>> {
  const paths = filePaths([join(__dirname, "scratch-postgres/serve.sh"), EVENTS_SQL]);
  return Object.fromEntries(paths.map((path) => [`${FILES}/${basename(path)}`, readFileSync(path, "utf8")]));
}

/** Adds an empty event store in PostgreSQL to the pod of a job, as a native sidecar on the loopback interface. The pod has its files. */
export function withScratchPostgres(job: CronJobObject, cluster: KubernetesTarget, { storage }: ScratchPostgres): CronJobObject {
  return withPod(job, (pod) => {
    const [program, ...others] = pod.containers as readonly Container[];
    const isOwn = ({ mountPath }: Mount) => mountPath.startsWith(`${FILES}/`);
    const mounts = program?.volumeMounts ?? [];
    const containers = [{ ...program, volumeMounts: mounts.filter((mount) => !isOwn(mount)) }, ...others];
    return withServer({ ...pod, containers }, server(cluster, mounts.filter(isOwn)), [
      scratchVolume(cluster, storage),
      { name: "server-tmp", emptyDir: { sizeLimit: "64Mi" } },
    ]);
  });
}

interface Mount {
  readonly mountPath: string;
}

interface Container {
  readonly volumeMounts: readonly Mount[];
}

function server(cluster: KubernetesTarget, files: readonly Mount[]): ScratchContainer {
  return {
    name: "postgres",
    image: imageFrom(cluster, TOOLS.psql),
    command: ["sh", SCRIPT],
    env: { HOME: "/tmp", MIGRATIONS: FILES, PGDATA: "/data/postgres", PGPORT: PORT, TMPDIR: "/tmp" },
    startupProbe: { exec: { command: ["pg_isready", "--quiet", "--host", LOOPBACK, "--username", "postgres"] } },
    volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "server-tmp", mountPath: "/tmp" }, ...files],
  };
}
