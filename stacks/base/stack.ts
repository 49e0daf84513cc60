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

import { sparingPlainValues } from "./plain-values";
import { type Backend, backendOf, OtherBackend, OtherRemoteState } from "./state";

/** What a stack tells the others, under names of its own that outlive any construct id. */
export type Outputs = Readonly<Record<string, string | string[]>>;

/** Where a stack's state is stored: in the account's state bucket, at a backend that the environment names, or on this machine. */
export type State = { readonly bucket: StateLocation; readonly key: string } | { readonly backend: Backend } | { readonly file: string };

export interface StackProps {
  readonly state: State;

  /** Whether its data is guarded against deletion. */
  readonly protect: boolean;

  /** Whether it is the place of data, or of what guards data, and so changed for no other reason. */
  readonly holdsData: boolean;

  /** The account and region that its provider is pinned to. Absent: it makes nothing on AWS. */
  readonly aws?: {
    readonly account: string;
    readonly region: string;
    readonly tags: Readonly<Record<string, string>>;

    /**
     * The path of every role and instance profile it makes.
     * @default "/"
     */
    readonly rolePath?: string;

    /**
     * The policy that bounds every role it makes, by ARN.
     * @default - none: nobody's rights to make roles depend on it
     */
    readonly permissionsBoundary?: string;
  };
}

/** One Terraform state: its backend, its provider, and what it tells other stacks. */
export class PlatformStack<O extends Outputs = Outputs> extends TerraformStack {
  /** Whether its data is guarded against deletion. */
  readonly protect: boolean;

  /** Whether it is the place of data. */
  readonly holdsData: boolean;

  /**
   * The cluster that it works on, for what is added to it.
   * @default - none
   */
  cluster?: KubernetesTarget;

  /** What was synthesized last: what cdktf wrote, without reading it again. */
  synthesized: Readonly<Record<string, unknown>> = {};

  private outputs?: O;

  /** Whether cdktf is to write nothing, since the stack does that itself. */
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

  /** A second provider for another region, pinned to the same account: one for all who ask. */
  providerIn(region: string): AwsProvider {
    const id = `aws-${region}`;
    const made = this.node.tryFindChild(id) as AwsProvider | undefined;
    return made ?? new AwsProvider(this, id, { ...this.providerSettings(), region, alias: region });
  }

  /** Publishes what other stacks may read. */
  publish(outputs: O): this {
    this.outputs = outputs;
    for (const [name, value] of Object.entries(outputs)) {
      // A construct of the output's own name would stand in the way of one that is called alike.
      new TerraformOutput(this, `output-${name}`, { value }).overrideLogicalId(snakeCase(name));
    }
    return this;
  }

  /** Reads what another stack published, and so comes after it. */
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

  // Values cross stacks as named outputs only, so there are no references between stacks for cdktf to
  // prepare, and the pass that looks for them (half of all token resolution) can be spared.
  override prepareStack(): void {}

  override toTerraform(): Readonly<Record<string, unknown>> {
    this.synthesized = sparingPlainValues(() => super.toTerraform());
    return this.writesItself ? {} : this.synthesized;
  }

  /** Has cdktf check and render, but not write: that takes it twice as long, and once more to be settled. */
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
    const { aws } = this.props;
    if (!aws) throw new Error(`${this.node.id} makes nothing on AWS`);
    return { allowedAccountIds: [aws.account], defaultTags: [{ tags: { ...aws.tags, stack: this.node.id } }] };
  }
}

/** What an environment's stacks on AWS have in common. */
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

/** What stacks have in common that have nothing on AWS but their state. */
export function awsStateProps(...asked: Parameters<typeof awsStackProps>): StackProps {
  const { aws: _, ...props } = awsStackProps(...asked);
  return props;
}

/** What the stacks of an environment without AWS have in common. */
export function localStackProps(
  { system, name, state, ...environment }: Pick<System, "system" | "name" | "exceptions" | "state">,
  part: string,
  holdsData = false,
): StackProps {
  return {
    // Terraform runs in cdktf.out/stacks/<stack>; a file is outside of what synthesis writes.
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
