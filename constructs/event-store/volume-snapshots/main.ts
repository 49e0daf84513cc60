import { Ec2Client, ec2FromEnvironment } from "../../aws-client";
import { Snapshots } from "./api";
import { DrillClaim } from "./claim";
import { Copies } from "./copies";
import { KubernetesApi } from "./kubernetes";
import { Nodes } from "./nodes";
import { snapshot } from "./snapshot";

/*
 * Snapshot of the volume of a KurrentDB. Variables: NODES (`host:port,…` in the order of the pods), CA (file; without it they have no TLS),
 * STORE, NAMESPACE, CLASS (VolumeSnapshotClass), KEEP (seconds), API, API_CA, TOKEN; PATIENCE and TIMEOUT in seconds, PAUSE in milliseconds.
 * For drills: DRILL (name of their pods and of the claim), DRILL_CLASS (StorageClass) and DRILL_STORAGE (size of a volume).
 * For copies of EBS snapshots: COPY_REGION, COPY_KEY (ARN), COPY_TAGS (JSON), COPY_LOCK (mode), AWS_REGION and credentials of AWS.
 */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const needed = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const whole = (name: string, text: string): number => {
    if (!/^\d{1,9}$/.test(text)) throw new Error(`${name}: ${text} must be a whole number`);
    return Number(text);
  };
  const store = needed("STORE");
  const keep = whole("KEEP", needed("KEEP"));
  const addresses = needed("NODES")
    .split(",")
    .map((host) => new URL(`${env.CA ? "https" : "http"}://${host}`));
  const api = new KubernetesApi({ url: needed("API"), ca: env.API_CA, token: needed("TOKEN") }, needed("NAMESPACE"));
  const drill = env.DRILL && {
    claim: new DrillClaim(api, env.DRILL),
    volume: { storageClass: needed("DRILL_CLASS"), storage: needed("DRILL_STORAGE") },
  };
  const result = await snapshot({
    nodes: new Nodes({ addresses, ca: env.CA }),
    snapshots: new Snapshots({ api, store, className: needed("CLASS") }),
    drill: drill || undefined,
    size: addresses.length,
    store,
    copies: env.COPY_REGION ? copiesTo(env.COPY_REGION, keep) : undefined,
    keep,
    patience: whole("PATIENCE", env.PATIENCE ?? "600"),
    timeout: whole("TIMEOUT", env.TIMEOUT ?? "79200"),
    pause: whole("PAUSE", env.PAUSE ?? "5000"),
    now: Date.now,
  });
  process.stdout.write(`${JSON.stringify({ message: "made", ...result })}\n`);

  function copiesTo(toRegion: string, seconds: number): Copies {
    const fromRegion = needed("AWS_REGION");
    const mode = env.COPY_LOCK as "governance" | "compliance" | undefined;
    const clientIn = (region: string) => new Ec2Client(ec2FromEnvironment(env, region));
    return new Copies({
      from: clientIn(fromRegion),
      fromRegion,
      to: clientIn(toRegion),
      toRegion,
      key: needed("COPY_KEY"),
      tags: JSON.parse(needed("COPY_TAGS")),
      lock: mode && { mode, days: seconds / 86_400 },
    });
  }
}

main(process.env).catch((error: unknown) => {
  process.stdout.write(`${JSON.stringify({ message: "failed", error: error instanceof Error ? error.message : String(error) })}\n`);
  process.exitCode = 1;
});
