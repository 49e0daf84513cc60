import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { type Duration, seconds } from "../core/quantities";
import { BACKUP_TAG } from "../core/tags";
import { DEFAULT_POSTGRES, POSTGRES, type PostgresVersion } from "../core/versions";
import { LogGroup } from "../logs";
import { WINDOWS, type Windows, windowProblems } from "../maintenance";
import { ManagedSecret, type SecretSpec } from "../secrets";
import { type DatabaseInstance, instanceClass, type ManagedEngine, memoryOf, SHARED_BUFFERS } from "./instances";
import { needsRestart, type PostgresParameters, parameterProblems, withoutUnits } from "./parameters";
import authorities from "./rds-authorities.json";

/** What Aurora and RDS have in common. */
export interface ManagedPostgresProps {
  /** The beginning of its names, most general first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** What it is called there, the end of its names: `read-database`. */
  readonly store: string;

  readonly account: string;
  readonly region: string;

  /** Data subnets by zone, two or more: `{ a: "subnet-1", b: "subnet-2" }`. They have no way to the internet. */
  readonly zones: Readonly<Record<string, string>>;

  readonly securityGroupIds: readonly string[];

  /** Customer-managed keys, by ARN: of its data, of its administrator's password, and of its logs. */
  readonly keys: { readonly data: string; readonly secrets: string; readonly logs: string };

  /** Whether it is guarded against deletion. One that is not has no final snapshot and no standby, and changes at once. */
  readonly protect: boolean;

  /**
   * Each instance's cores and memory.
   * @default - that of its size
   */
  readonly instance?: DatabaseInstance;

  /**
   * The major version. Minor ones come by themselves, in the maintenance window.
   *
   * To a higher one: set `majorUpgrade` with it and apply, which takes all of its instances away for some ten minutes;
   * the settings of the new version are made before, and the snapshot that AWS takes before is the way back. Without
   * that outage: a blue/green deployment by hand (`aws rds create-blue-green-deployment`) with the new settings, switched
   * over when green has caught up, then the new version here. The state knows an instance of RDS by an id that doesn't
   * move with its name, and so still has the old one: `terraform state rm`, and `import` the new. Aurora's move.
   * @default "17"
   */
  readonly version?: PostgresVersion;

  /**
   * Whether a higher major version is let through, at once. Taken back afterwards.
   * @default false
   */
  readonly majorUpgrade?: boolean;

  /**
   * Settings of the server, by PostgreSQL's names. Those it reads at its start only wait for the next restart.
   * @default - those of its size, and AWS's own
   */
  readonly parameters?: PostgresParameters;

  /** @default - at night in Europe */
  readonly windows?: Windows;

  /**
   * Days for which logs are kept, one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number;

  /**
   * How far back it can be restored to any second: 1 to 35 days.
   * @default "30d"
   */
  readonly keep?: Duration;

  /**
   * Database Insights: what `standard` keeps for 7 days, `advanced` keeps for 15 months, with locks and plans.
   * @default "standard"
   */
  readonly insights?: "standard" | "advanced";

  /**
   * How often the administrator's password has been drawn. A higher number draws it anew, at the server and in its secret:
   * its rotation, and the repair where an apply that made the server did not end.
   * @default 1
   */
  readonly passwordDrawing?: number;

  /**
   * The certificates that sign its own, as PEM.
   * @default - Amazon's of the region, where the platform knows them
   */
  readonly authority?: string;
}

/** Who sets up databases and roles. `admin` and `postgres` are taken. */
const ADMINISTRATOR = "administrator";

/** Seconds between two looks at an instance's processes and disks. */
const MONITORING_INTERVAL = 60;

/**
 * Settings where nobody names others; weaker ones are refused. Statements are logged where they are slow, and not one by
 * one: some have passwords in them.
 */
const SETTINGS: PostgresParameters = {
  "rds.force_ssl": 1,
  ssl_min_protocol_version: "TLSv1.2",
  password_encryption: "scram-sha-256",
  log_lock_waits: 1,
  log_min_duration_statement: "1s",
  log_statement: "none",
};

/** Newest names of Amazon's certificates: RSA, valid until 2061 (RDS, rotating SSL/TLS certificates). */
export const CERTIFICATE = "rds-ca-rsa2048-g1";

/** The secret of the one who sets up databases and roles, by the store's name: its keys are `user` and `password`. */
export function administratorSecret(store: string): SecretSpec {
  return {
    name: `${store}-administrator`,
    purpose: `Who sets up databases and roles of ${store}`,
    keys: { password: { length: 48 } },
    fixed: { user: ADMINISTRATOR },
    rotation: { method: "engine-first", clients: "read-again", engine: "a higher passwordDrawing, applied" },
  };
}

/** The certificates that sign those of Aurora and RDS in a region, as PEM; nothing where they are not known here. */
export function rdsAuthority(region: string): string {
  return (authorities as Readonly<Record<string, string>>)[region] ?? "";
}

/** What surrounds the instances of either engine: subnets, logs, the password, the eye on them. */
export class Surroundings extends Construct {
  readonly identifier: string;
  readonly version: PostgresVersion;
  readonly windows: Required<Windows>;
  readonly keepDays: number;
  readonly instanceClass: string;
  readonly parameters: { name: string; value: string; applyMethod: string }[];
  readonly tags: Readonly<Record<string, string>>;
  readonly subnetGroup: DbSubnetGroup;
  readonly password: ManagedSecret;
  readonly administrator = ADMINISTRATOR;

  /** Whose certificates are known to clients, as PEM. */
  readonly authority: string;

  /** What every instance of both engines is told alike. */
  readonly watched;

  /** What has to be there before an instance: RDS asks at once whether the role may be used. */
  readonly monitoringRights: IamRolePolicyAttachment;

  private readonly zones: readonly string[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ManagedPostgresProps & { readonly engine: ManagedEngine; readonly instance: DatabaseInstance },
  ) {
    super(scope, id);
    const {
      name,
      store,
      zones,
      engine,
      instance,
      protect,
      keys,
      version = DEFAULT_POSTGRES,
      windows,
      keep = "30d",
      passwordDrawing,
    } = props;
    this.identifier = cloudName("database", ...name, store);
    this.version = version;
    this.windows = { ...WINDOWS, ...windows };
    this.tags = { Name: this.identifier, [BACKUP_TAG]: cloudName("backupPlan", ...name, store) };

    const days = seconds(keep);
    this.keepDays = typeof days === "number" ? days / 86_400 : 1;
    const offered = instanceClass(engine, instance);
    this.instanceClass = typeof offered === "string" ? offered : "";
    const pem = props.authority ?? rdsAuthority(props.region);
    this.authority = pem;
    const parameters = { ...SETTINGS, ...props.parameters };
    const say = (property: string, ...problems: Parameters<typeof refuse>[1]) => refuse(scope, problems, property);

    if (!(version in POSTGRES))
      say("version", { value: version, rule: "is not offered", remedy: `use one of ${Object.keys(POSTGRES).join(", ")}` });
    if (typeof offered !== "string") say("instance", { value: instance, ...offered });
    if (typeof days !== "number") say("keep", { value: keep, ...days });
    else if (!Number.isInteger(this.keepDays) || this.keepDays < 1 || this.keepDays > 35)
      say("keep", { value: keep, rule: "is not what RDS keeps", remedy: "use 1d to 35d" });
    if (Object.keys(zones).length < 2)
      say("zones", {
        value: Object.keys(zones),
        rule: "leaves nothing when a zone fails, and RDS refuses it",
        remedy: "name two or three",
      });
    if (!pem)
      say("authority", {
        rule: `Amazon's certificates of ${props.region} are not known here`,
        remedy: "give them, from truststore.pki.rds.amazonaws.com",
      });
    if (passwordDrawing !== undefined && !(Number.isInteger(passwordDrawing) && passwordDrawing >= 1))
      say("passwordDrawing", {
        value: passwordDrawing,
        rule: "must be a whole number of repetitions",
        remedy: "use a whole number from 1",
      });
    say("windows", ...windowProblems(this.windows, { maintenance: 30, backup: 30 }));
    const memory = memoryOf(instance);
    if (typeof memory === "number") {
      say("parameters", ...parameterProblems(parameters, memory, { shared_buffers: `${Math.round(SHARED_BUFFERS[engine](memory))}B` }));
    }

    this.parameters = Object.entries(withoutUnits(parameters))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([each, value]) => ({ name: each, value, applyMethod: needsRestart(each) ? "pending-reboot" : "immediate" }));
    this.subnetGroup = new DbSubnetGroup(this, "subnets", {
      name: this.identifier,
      description: `Data subnets of ${this.identifier}`,
      subnetIds: Object.values(zones),
    });
    this.password = new ManagedSecret(this, "administrator", {
      name,
      spec: administratorSecret(store),
      key: keys.secrets,
      protect,
      ...(passwordDrawing === undefined ? {} : { drawing: passwordDrawing }),
    });
    this.zones = Object.entries(zones).map(([zone, subnet]) => new DataAwsSubnet(this, `subnet-${zone}`, { id: subnet }).availabilityZone);
    const monitoring = this.monitoringRole();
    this.monitoringRights = new IamRolePolicyAttachment(this, "monitoring-rights", {
      role: monitoring.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    });
    this.watched = {
      monitoringInterval: MONITORING_INTERVAL,
      monitoringRoleArn: monitoring.arn,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: keys.data,
      performanceInsightsRetentionPeriod: props.insights === "advanced" ? 465 : 7,
      caCertIdentifier: CERTIFICATE,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      publiclyAccessible: false,
      // Otherwise a change waits for the maintenance window, and until then plans show it again.
      applyImmediately: !protect || (props.majorUpgrade ?? false),
    };
  }

  /** The zone of an instance by its number, so that neighbours are in different ones. */
  zone(index: number): string {
    return this.zones[index % this.zones.length] ?? "";
  }

  /** The log groups that RDS would make itself, without end and without our key. */
  logs(kind: "cluster" | "instance", identifier: string, names: readonly string[], id = "logs"): LogGroup[] {
    return names.map(
      (log) =>
        new LogGroup(this, `${id}-${log}`, {
          name: `/aws/rds/${kind}/${identifier}/${log}`,
          key: this.props.keys.logs,
          madeByService: true,
          days: this.props.logDays,
        }),
    );
  }

  private monitoringRole(): IamRole {
    const { account, region, name, store } = this.props;
    return new IamRole(this, "monitoring", {
      name: cloudName("role", ...name, store, "monitoring"),
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "monitoring.rds.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: {
              StringEquals: { "aws:SourceAccount": account },
              ArnLike: { "aws:SourceArn": `arn:aws:rds:${region}:${account}:db:${name.join("-")}-*` },
            },
          },
        ],
      }),
    });
  }
}
