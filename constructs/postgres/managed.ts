import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import { type Duration, seconds } from "../core/quantities";
import { BACKUP_TAG } from "../core/tags";
import { DEFAULT_POSTGRES, POSTGRES, type PostgresVersion } from "../core/versions";
import { LogGroup } from "../logs";
import { WINDOWS, type Windows, windowProblems } from "../maintenance";
import { ManagedSecret, type SecretSpec } from "../secrets";
import { type DatabaseInstance, instanceClass, type ManagedEngine, memoryOf, SHARED_BUFFERS } from "./instances";
import { needsRestart, type PostgresParameters, parameterProblems, withoutUnits } from "./parameters";
import authorities from "./rds-authorities.json";

/** Common props of Aurora and RDS. */
export interface ManagedPostgresProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  /** Name of the store, the last part of its names: `read-database`. */
  readonly store: string;

  readonly account: string;
  readonly region: string;

  /** Data subnets by zone, two or more: `{ a: "subnet-1", b: "subnet-2" }`. They have no internet access. */
  readonly zones: Readonly<Record<string, string>>;

  readonly securityGroupIds: readonly string[];

  /** Customer-managed keys, by ARN: of its data, its administrator's password, and its logs. */
  readonly keys: { readonly data: string; readonly secrets: string; readonly logs: string };

  /** Enables deletion protection. Without it, there is no final snapshot and no standby, and changes are applied immediately. */
  readonly protect: boolean;

  /**
   * CPU and memory of each instance.
   * @default - the instance of its size
   */
  readonly instance?: DatabaseInstance;

  /**
   * Major version. Minor versions are upgraded automatically, in the maintenance window.
   *
   * To upgrade, set a higher version with `majorUpgrade`, and apply. All instances are unavailable for about ten minutes. The parameter
   * group of the new version is created first; roll back by restoring the snapshot that AWS takes before the upgrade. To avoid the outage,
   * create a blue/green deployment manually (`aws rds create-blue-green-deployment`) with the new parameter group, switch over when green
   * has caught up, then set the new version here. On RDS, the state still refers to the old instance by its id, which doesn't change with
   * its name: `terraform state rm` it, and `import` the new one. Ids on Aurora follow the names.
   * @default "17"
   */
  readonly version?: PostgresVersion;

  /**
   * Allows an upgrade to a higher major version, immediately. Remove it afterwards.
   * @default false
   */
  readonly majorUpgrade?: boolean;

  /**
   * Server parameters, with PostgreSQL's names. Those that require a restart take effect at the next one.
   * @default - those of its size, and the defaults of AWS
   */
  readonly parameters?: PostgresParameters;

  /** @default - at night in Europe */
  readonly windows?: Windows;

  /**
   * Retention of logs in days. Must be one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number;

  /**
   * Period for point-in-time recovery: 1 to 35 days.
   * @default "30d"
   */
  readonly keep?: Duration;

  /**
   * Database Insights mode: `standard` keeps data for 7 days, `advanced` for 15 months, with locks and plans.
   * @default "standard"
   */
  readonly insights?: "standard" | "advanced";

  /**
   * Number of times that the administrator's password was generated. A higher number generates a new one, on the server and in its secret:
   * as a rotation, or as a repair after an apply that created the server but didn't complete.
   * @default 1
   */
  readonly passwordDrawing?: number;

  /**
   * CA certificates of its server certificate, as PEM.
   * @default - Amazon's certificates of the region, if the platform includes them
   */
  readonly authority?: string;

  /**
   * Creates it from a backup of another one of the same engine and major version, with its own network, parameters and password. Only read
   * at creation. Keep it afterwards: removing it would replace the server.
   * @default - it starts empty
   */
  readonly restore?: ManagedRestore;
}

/** Backup of another server: a point in time of its automated backups in the same region and account, or a snapshot. */
export type ManagedRestore =
  | {
      /** Identifier of the server: of the cluster of Aurora, of the primary of RDS. */
      readonly source: string;

      /** Time in UTC: `2026-11-21T02:15:00Z`. */
      readonly time: string;
    }
  | {
      /** ARN of a snapshot in the same region. */
      readonly snapshot: string;
    };

/** User that sets up databases and roles. `admin` and `postgres` are reserved. */
const ADMINISTRATOR = "administrator";

/** Interval in seconds of measurements of an instance's processes and disks. */
const MONITORING_INTERVAL = 60;

/** Default parameters; weaker values are rejected. Only slow statements are logged, because some statements contain passwords. */
const SETTINGS: PostgresParameters = {
  "rds.force_ssl": 1,
  ssl_min_protocol_version: "TLSv1.2",
  password_encryption: "scram-sha-256",
  log_lock_waits: 1,
  log_min_duration_statement: "1s",
  log_statement: "none",
};

/** Name of Amazon's newest CA: RSA, valid until 2061 (RDS, rotating SSL/TLS certificates). */
export const CERTIFICATE = "rds-ca-rsa2048-g1";

/** Secret of the administrator of a store, with the keys `user` and `password`. */
export function administratorSecret(store: string): SecretSpec {
  return {
    name: `${store}-administrator`,
    purpose: `Who sets up databases and roles of ${store}`,
    keys: { password: { length: 48 } },
    fixed: { user: ADMINISTRATOR },
    rotation: { method: "engine-first", clients: "read-again", engine: "a higher passwordDrawing, applied" },
  };
}

/** Identifier of a server, known before it exists: `orders-production-read-database`. */
export function serverIdentifier(name: readonly string[], store: string): string {
  return cloudName("database", ...name, store);
}

/** CA certificates of Aurora and RDS in a region, as PEM. Empty if the platform doesn't include them. */
export function rdsAuthority(region: string): string {
  return (authorities as Readonly<Record<string, string>>)[region] ?? "";
}

/** Drawing of a secret whose password the server doesn't have. Any other number generates the password again, on the server and in its secret. */
const NOT_OWN = 0;

/** Parameters of files, addresses and archives, which RDS can't modify (Amazon RDS, DescribeEngineDefaultParameters). */
const FIXED =
  /^(archive_(cleanup_)?command|(config|hba|ident|external_pid)_file|data_directory|listen_addresses|log_directory|logging_collector|port|restore_command|ssl_(ca|cert|crl|key)_file|unix_socket_.*)$/;

/** Infrastructure of the instances of either engine: subnets, logs, the password, monitoring. */
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

  /** Number of times that the password was generated, or `NOT_OWN`. */
  readonly passwordDrawing: number;

  /** CA certificates for clients, as PEM. */
  readonly authority: string;

  /** Monitoring settings, common to all instances of both engines. */
  readonly watched;

  /** Dependency of instances: RDS immediately checks that the role can be used. */
  readonly monitoringRights: IamRolePolicyAttachment;

  private readonly zones: readonly string[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ManagedPostgresProps & {
      readonly engine: ManagedEngine;
      readonly instance: DatabaseInstance;

      /** Marks a replica, which has the passwords of its source. */
      readonly isReplica?: boolean;
    },
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
    this.identifier = serverIdentifier(name, store);
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
        rule: `Amazon's certificates of ${props.region} are not available in the platform`,
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
    const fixed = Object.keys(parameters).filter((parameter) => FIXED.test(parameter));
    say("parameters", ...fixed.map((value) => ({ value, rule: "is set by RDS, which refuses another", remedy: "leave it out" })));
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
    this.passwordDrawing = props.isReplica ? NOT_OWN : (passwordDrawing ?? 1);
    this.password = new ManagedSecret(this, "administrator", {
      name,
      spec: administratorSecret(store),
      key: keys.secrets,
      protect,
      drawing: this.passwordDrawing,
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
      // Otherwise a change waits for the maintenance window, and plans show it until then.
      applyImmediately: !protect || (props.majorUpgrade ?? false),
    };
  }

  /** Zone of an instance by its index, so that consecutive ones are in different zones. */
  zone(index: number): string {
    return this.zones[index % this.zones.length] ?? "";
  }

  /** Log groups that RDS would otherwise create itself, without retention and without a customer-managed key. */
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
      assumeRolePolicy: policyDocument([
        {
          Effect: "Allow",
          Principal: { Service: "monitoring.rds.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: {
            StringEquals: { "aws:SourceAccount": account },
            ArnLike: { "aws:SourceArn": `arn:aws:rds:${region}:${account}:db:${name.join("-")}-*` },
          },
        },
      ]),
    });
  }
}
