import { join } from "node:path";
import { Release as HelmRelease } from "@cdktf/provider-helm/lib/release";
import { AssetType, type ITerraformDependable, Lazy, TerraformAsset, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import { nameProblems, valuesOf } from "./release";
import type { KubernetesTarget } from "./target";

/** An object of any kind, as the API server takes it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface CustomResourcesProps {
  readonly cluster: KubernetesTarget;

  /** Where Helm keeps the release; objects without a namespace go there. */
  readonly namespace: string;

  /**
   * The release's name.
   * @default - the construct's id
   */
  readonly name?: string;

  /** Objects without a secret in them: a release is kept in a ConfigMap. A function is asked when all of the stack is known. */
  readonly objects: readonly ApiObject[] | (() => readonly ApiObject[]);

  /**
   * What a test of the objects is a test of, where some of it may change without another look: what a switch of slots changes.
   * @default - the objects
   */
  readonly tested?: readonly ApiObject[];

  /** @default false: deleting it loses nothing */
  readonly protect?: boolean;

  /** @default "5m" */
  readonly timeout?: Duration;

  /** The release that brings their definitions. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Objects of operators, released after what defines them: one apply installs a controller and uses it. Terraform sees
 * neither the objects nor their drift; a change of any of them is an upgrade of the release.
 */
export class CustomResources extends Construct {
  readonly release: HelmRelease;
  readonly namespace: string;

  /** Those that are known from the beginning. */
  readonly objects: readonly ApiObject[];

  /** What a test of them is a test of. */
  readonly tested: readonly ApiObject[];

  constructor(scope: Construct, id: string, props: CustomResourcesProps) {
    super(scope, id);
    const { namespace, name = id, objects } = props;
    refuse(this, nameProblems(name), "name");
    this.namespace = namespace;
    this.objects = typeof objects === "function" ? [] : objects;
    this.tested = props.tested ?? this.objects;
    this.release = new HelmRelease(this, "release", {
      name,
      namespace,
      chart: chartOf(this),
      values: [
        typeof objects === "function" ? Lazy.stringValue({ produce: () => valuesOf({ objects: objects() }) }) : valuesOf({ objects }),
      ],
      atomic: true,
      wait: true,
      timeout: known(seconds(props.timeout ?? "5m")),
      maxHistory: 5,
      createNamespace: false,
      dependsOn: [...(props.after ?? [])],
      lifecycle: { preventDestroy: props.protect ?? false },
    });
  }
}

/** The local chart, once a stack. Its path carries a hash of its content: Helm's provider sees no other change of it. */
function chartOf(scope: Construct): string {
  const stack = TerraformStack.of(scope);
  const found = stack.node.tryFindChild("custom-resources-chart") as TerraformAsset | undefined;
  const asset = found ?? new TerraformAsset(stack, "custom-resources-chart", { path: join(__dirname, "chart"), type: AssetType.DIRECTORY });
  return asset.path;
}
