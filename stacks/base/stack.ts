import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import {
  Aspects,
  DataTerraformRemoteStateLocal,
  DataTerraformRemoteStateS3,
  LocalBackend,
  S3Backend,
  TerraformOutput,
  type TerraformRemoteState,
  TerraformStack,
} from "cdktf";
import type { Construct } from "constructs";
import { boundaryArn, rolePath, type StateLocation, stateLocation } from "../../constructs/bootstrap";
import { VERSIONS } from "../../constructs/core/versions";
import type { KubernetesTarget } from "../../constructs/kubernetes";
import type { Account } from "../model/accounts";
import { isProtected } from "../model/exceptions";
import type { Aws } from "../model/place";
import type { System } from "../model/system";
import { jsonOf } from "./json";
import { type Backend, backendOf, OtherBackend, OtherRemoteState } from "./state";
import { terraformOf } from "./terraform";

/** Outputs for other stacks, with names that don't depend on construct ids. */
export type Outputs = Readonly<Record<string, string | string[]>>;

/** Location of a stack's state: the account's state bucket, a backend that the environment names, or a file on this machine. */
export type State = { readonly bucket: StateLocation; readonly key: string } | { readonly backend: Backend } | { readonly file: string };

/** Props of `PlatformStack`. */
export interface StackProps {
  readonly state: State;

  /** Protects its data from deletion. */
  readonly protect: boolean;

  /** Marks a stack with data or with protections of data. It changes for no other reason. */
  readonly holdsData: boolean;

  /** Account and region to which its provider is pinned. Undefined if it creates nothing on AWS. */
  readonly aws?: {
    readonly account: string;
    readonly region: string;
    readonly tags: Readonly<Record<string, string>>;

    /**
     * Path of all IAM roles and instance profiles of the stack.
     * @default "/"
     */
    readonly rolePath?: string;

    /**
     * ARN of the permissions boundary of all IAM roles of the stack.
     * @default - none: no one's permission to create roles requires it
     */
    readonly permissionsBoundary?: string;
  };
}

/** The provider's 25 pauses, each twice the last one, add up to more than an hour; these to two minutes. */
const RETRIES_ELSEWHERE = 10;

/** Terraform state with its backend, its provider, and its outputs for other stacks. */
export class PlatformStack<O extends Outputs = Outputs> extends TerraformStack {
  /** Protects its data from deletion. */
  readonly protect: boolean;

  /** Marks a stack with data. */
  readonly holdsData: boolean;

  /**
   * Cluster of the stack, for additions to it.
   * @default - none
   */
  cluster?: KubernetesTarget;

  /** Last synthesized output, as cdktf would write it. */
  synthesized: Readonly<Record<string, unknown>> = {};

  private outputs?: O;

  /** Prevents cdktf from writing, because the stack writes its output itself. */
  private writesItself = false;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StackProps,
  ) {
    super(scope, id);
    this.protect = props.protect;
    this.holdsData = props.holdsData;
    this.addOverride("terraform.required_version", VERSIONS.terraform);
    if ("file" in props.state) {
      new LocalBackend(this, { path: props.state.file });
    } else if ("backend" in props.state) {
      new OtherBackend(this, props.state.backend);
    } else {
      new S3Backend(this, { ...s3(props.state), encrypt: true }).addOverride("use_lockfile", true);
    }
    if (props.aws) this.pin(props.aws);
    this.writeAtOnce();
  }

  /**
   * Provider for a further region, pinned to the same account. Created once per region. If that region is lost, it can still be configured,
   * because it asks who it is in the stack's own region, and its requests fail within minutes.
   */
  providerIn(region: string): AwsProvider {
    const id = `aws-${region}`;
    const made = this.node.tryFindChild(id) as AwsProvider | undefined;
    return (
      made ??
      new AwsProvider(this, id, {
        ...this.providerSettings(),
        region,
        alias: region,
        stsRegion: this.aws.region,
        maxRetries: RETRIES_ELSEWHERE,
      })
    );
  }

  /** Publishes outputs for other stacks. */
  publish(outputs: O): this {
    this.outputs = outputs;
    for (const [name, value] of Object.entries(outputs)) {
      // A construct with the output's own name could conflict with another construct.
      new TerraformOutput(this, `output-${name}`, { value }).overrideLogicalId(snakeCase(name));
    }
    return this;
  }

  /** Reads the outputs of another stack, and adds a dependency on it. */
  read<P extends Outputs>(producer: PlatformStack<P>): P {
    if (!producer.outputs) throw new Error(`${producer.node.id} publishes nothing that ${this.node.id} could read`);
    this.addDependency(producer);
    const state =
      (this.node.tryFindChild(producer.node.id) as TerraformRemoteState | undefined) ??
      remoteState(this, producer.node.id, producer.props.state);
    const values = Object.entries(producer.outputs).map(([name, value]) => [
      name,
      Array.isArray(value) ? state.getList(snakeCase(name)) : state.getString(snakeCase(name)),
    ]);
    return Object.fromEntries(values) as P;
  }

  // Values cross stacks as named outputs only. There are no cross-stack references for cdktf to prepare, so the pass that
  // searches for them (half of all token resolution) is skipped.
  override prepareStack(): void {}

  override toTerraform(): Readonly<Record<string, unknown>> {
    this.synthesized = terraformOf(this);
    return this.writesItself ? {} : this.synthesized;
  }

  /** Makes cdktf check and render without writing: writing takes cdktf twice as long, and its output needs normalizing. */
  private writeAtOnce(): void {
    const { synthesizer } = this;
    this.synthesizer = {
      synthesize: (session) => {
        this.writesItself = true;
        try {
          synthesizer.synthesize(session);
        } finally {
          this.writesItself = false;
        }
        const { synthesizedStackPath } = session.manifest.forStack(this);
        writeFileSync(join(session.outdir, synthesizedStackPath), jsonOf(this.synthesized));
      },
    };
  }

  private pin(aws: NonNullable<StackProps["aws"]>): void {
    new AwsProvider(this, "aws", { ...this.providerSettings(), region: aws.region });
    this.addOverride("terraform.required_providers.aws.version", VERSIONS.providers.aws);
    const { rolePath, permissionsBoundary } = aws;
    Aspects.of(this).add({
      visit: (construct) => {
        if (!(construct instanceof IamRole || construct instanceof IamInstanceProfile)) return;
        if (rolePath) construct.path = rolePath;
        if (permissionsBoundary && construct instanceof IamRole) construct.permissionsBoundary = permissionsBoundary;
      },
    });
  }

  private providerSettings() {
    const { account, tags } = this.aws;
    return { allowedAccountIds: [account], defaultTags: [{ tags: { ...tags, stack: this.node.id } }] };
  }

  private get aws(): NonNullable<StackProps["aws"]> {
    const { aws } = this.props;
    if (!aws) throw new Error(`${this.node.id} makes nothing on AWS`);
    return aws;
  }
}

/** Common settings of an environment's stacks on AWS. */
export function awsStackProps(
  environment: Pick<System, "system" | "name" | "exceptions"> & { readonly aws: Aws },
  account: Account,
  part: string,
  holdsData = false,
): StackProps {
  const { system, name, aws } = environment;
  const bucket = stateLocation({ system, account: aws.account, region: account.region });
  return {
    state: { bucket, key: `${name}/${part}.tfstate` },
    protect: isProtected(environment),
    holdsData,
    aws: {
      account: aws.account,
      region: aws.region,
      tags: { ...aws.tags, system, environment: name },
      rolePath: rolePath(system, name),
      ...(account.github ? { permissionsBoundary: boundaryArn(system, aws.account, name) } : {}),
    },
  };
}

/** Common settings of stacks with only their state on AWS. */
export function awsStateProps(...asked: Parameters<typeof awsStackProps>): StackProps {
  const { aws: _, ...props } = awsStackProps(...asked);
  return props;
}

/** Common settings of the stacks of an environment without AWS. */
export function localStackProps(
  { system, name, state, ...environment }: Pick<System, "system" | "name" | "exceptions" | "state">,
  part: string,
  holdsData = false,
): StackProps {
  return {
    // Terraform runs in cdktf.out/stacks/<stack>. State files are outside of the synthesis output.
    state: state ? { backend: backendOf(state, { system, environment: name, part }) } : { file: `../../../.state/${name}/${part}.tfstate` },
    protect: isProtected(environment),
    holdsData,
  };
}

function remoteState(scope: Construct, producer: string, state: State): TerraformRemoteState {
  if ("backend" in state) return new OtherRemoteState(scope, producer, state.backend);
  return "file" in state
    ? new DataTerraformRemoteStateLocal(scope, producer, { path: state.file })
    : new DataTerraformRemoteStateS3(scope, producer, s3(state));
}

function s3(state: Extract<State, { readonly key: string }>) {
  return { bucket: state.bucket.bucket, key: state.key, region: state.bucket.region, kmsKeyId: state.bucket.key };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
