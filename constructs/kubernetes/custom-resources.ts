import { join } from "node:path";
import { Release as HelmRelease } from "@cdktf/provider-helm/lib/release";
import { AssetType, type ITerraformDependable, Lazy, TerraformAsset, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import { nameProblems, valuesOf } from "./release";
import type { KubernetesTarget } from "./target";

/** An object of any kind, in the API's format. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };

  /** `spec`, `data` and others, depending on the kind. */
  readonly [field: string]: unknown;
}

export interface CustomResourcesProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of the Helm release, and of objects without one. */
  readonly namespace: string;

  /**
   * The release's name.
   * @default - the construct's id
   */
  readonly name?: string;

  /** Objects without secret values: a release is stored in a ConfigMap. A function is called when the stack is complete. */
  readonly objects: readonly ApiObject[] | (() => readonly ApiObject[]);

  /**
   * Objects whose change reruns a test. Differs from `objects` if some changes need no test, such as a switch of slots.
   * @default - the objects
   */
  readonly tested?: readonly ApiObject[];

  /** @default false: deleting it loses no data */
  readonly protect?: boolean;

  /** @default "5m" */
  readonly timeout?: Duration;

  /** The release that installs their CRDs. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Custom resources, released after their CRDs: one apply installs a controller and uses it. Terraform tracks neither the objects nor their
 * drift; a change of any object upgrades the release.
 */
export class CustomResources extends Construct {
  readonly release: HelmRelease;
  readonly namespace: string;

  /** Objects that are known at construction. */
  readonly objects: readonly ApiObject[];

  /** Objects whose change reruns a test. */
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

/** The local chart, one per stack. Its path contains a hash of its content: Helm's provider detects no other change. */
function chartOf(scope: Construct): string {
  const stack = TerraformStack.of(scope);
  const found = stack.node.tryFindChild("custom-resources-chart") as TerraformAsset | undefined;
  const asset = found ?? new TerraformAsset(stack, "custom-resources-chart", { path: join(__dirname, "chart"), type: AssetType.DIRECTORY });
  return asset.path;
}
