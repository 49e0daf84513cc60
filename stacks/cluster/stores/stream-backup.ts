import type { ITerraformDependable } from "cdktf";
import type { SecretReference } from "../../../constructs/connection";
import {
  type EventStore,
  KurrentDbStreamFollower,
  StreamBackup,
  StreamDrill,
  streamBackupName,
  streamDrillName,
  streamFollowerName,
} from "../../../constructs/event-store";
import type { KubernetesTarget } from "../../../constructs/kubernetes";
import type { S3Location } from "../../../constructs/storage";
import { bucketOutside, copyOnAws, streamBackupOnAws } from "../../base/archives";
import { describedAt } from "../../base/refusals";
import type { Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { pathOf } from "../../model/check/paths";
import { outsidePrefix, streamBackupsPrefix, streamDrillsPrefix } from "../../model/derive/identities";
import { priorityClass } from "../../model/derive/priorities";
import { followersOf } from "../../model/derive/standby";
import { type StreamBackupOf, streamBackupsOf } from "../../model/derive/stream-backups";
import { metricsReader } from "../../model/monitoring";
import type { StoreOf } from "../../model/system";
import { providedSecrets } from "./provided-secrets";

/** Place of the jobs of a store. */
export interface Place {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly after: readonly ITerraformDependable[];
}

/** Creates the jobs of a store's stream backup and of its drills, if it has one and the environment has a bucket. */
export function streamBackup(place: Place, store: StoreOf, eventStore: EventStore): void {
  const { site, stack, cluster } = place;
  const { environment } = site;
  const { name, namespace } = store;
  const backup = streamBackupsOf(environment).find((one) => one.place && one.store.name === name);
  const found = backup && storeBucket(place, store, backup.place);
  if (!backup || !found) return;
  const { below } = found;
  const bucket = { ...found.location, prefix: below + streamBackupsPrefix(store) };
  const after = [...place.after, ...found.secrets];
  const path = `${pathOf(environment, store.keys)}.${backup.setting}`;
  const { ready } = describedAt(
    path,
    new StreamBackup(stack, streamBackupName(name), {
      cluster,
      namespace,
      store: name,
      eventStore,
      bucket,
      every: backup.every,
      fullEvery: backup.fullEvery,
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
  if (!backup.drill) return;
  const reader = metricsReader(environment.monitoring);
  const copied = backup.place === "bucket" && environment.backup?.drillCopies ? environment.aws?.recoveryRegion : undefined;
  const copy = copied ? { ...bucket, name: copyOnAws(environment, copied).bucket, region: copied } : undefined;
  describedAt(
    path,
    new StreamDrill(stack, streamDrillName(name, backup.drill.scratch.engine), {
      cluster,
      namespace,
      store: name,
      eventStore,
      bucket: copy ?? bucket,
      ...(copy ? { resultsIn: bucket } : {}),
      results: below + streamDrillsPrefix(store, backup.drill),
      ...backup.drill,
      ...(reader ? { metricsFrom: reader } : {}),
      after: [...after, ...ready],
    }),
  );
}

/** Bucket for the backups of a store. */
interface StoreBucket {
  readonly location: S3Location;

  /** Prefix of everything of the environment, empty or with a trailing slash. */
  readonly below: string;

  /** Secrets of the bucket to wait for. */
  readonly secrets: readonly ITerraformDependable[];
}

/** Bucket that pods of a store can write to: the environment's on AWS, or one outside of AWS. Undefined if there is none. */
export function storeBucket(
  { site, stack, cluster, after }: Place,
  { namespace }: StoreOf,
  place: StreamBackupOf["place"],
): StoreBucket | undefined {
  const { environment, foundation } = site;
  const { aws, backup: { bucket } = {} } = environment;
  if (place === "outside" && bucket) {
    return {
      location: bucketOutside(bucket, namespace),
      below: `${outsidePrefix(environment)}/`,
      secrets: providedSecrets({ stack, cluster, after }, namespace, [bucket.credentials.secret, bucket.authority?.secret]),
    };
  }
  if (!foundation || !aws) return undefined;
  return { location: { name: stack.read(foundation.backup).backupBucket, region: aws.region }, below: "", secrets: [] };
}

/** Creates the job with which a store of a standby follows that of its primary, or the one that ends it. */
export function streamFollower(
  { site, stack, cluster, after }: Place,
  store: StoreOf,
  eventStore: EventStore,
  administrator: SecretReference,
) {
  const { environment, primary } = site;
  const found = primary && followersOf(environment, primary).find((follower) => follower.store.name === store.name);
  if (!found || !environment.aws) return;
  const { region } = environment.aws;
  const { bucket: name, prefix } = streamBackupOnAws(primary, found.origin, region);
  describedAt(
    pathOf(environment, store.keys),
    new KurrentDbStreamFollower(stack, streamFollowerName(store.name), {
      cluster,
      namespace: store.namespace,
      store: store.name,
      eventStore,
      administrator,
      bucket: { name, prefix, region },
      every: found.every,
      ...(environment.promoted ? { promoted: true } : {}),
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
}
