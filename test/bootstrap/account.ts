import { boundaryArn, rolePath } from "../../constructs/bootstrap";
import type { Body } from "../synth";
import type { Principal, Statement } from "./evaluator";

/** Something of an environment that another one's deployment could be after. */
export interface Asset {
  readonly kind: string;
  readonly arn: string;

  /** What AWS compares of it: its tags. */
  readonly context: Readonly<Record<string, string>>;

  /** @default - none: the policies of who asks decide alone */
  readonly policy?: readonly Statement[];
}

/** A role, and who may take it. */
export interface Role extends Principal {
  readonly name: string;
  readonly trust: readonly Statement[];

  /** Policies that AWS maintains, by name. */
  readonly managed: readonly string[];
}

/** What one stack makes, with references in place of which stands what AWS would put there. */
export class Deployed {
  private readonly json: Body;

  constructor(
    json: Body,
    readonly account: string,
    readonly region: string,
    stack: (id: string) => Deployed | false,
  ) {
    const issuer = /\$\{replace\(aws_eks_cluster\.[\w-]+\.identity\[0\]\.oidc\[0\]\.issuer, \\"https:\/\/\\", \\"\\"\)\}/g;
    const known = (type: string, id: string) => this.nameOf(type, json.resource[type]?.[id] ?? {}, id);
    const told = (id: string, output: string) => (stack(id) || undefined)?.output(output) ?? `unknown:${id}:${output}`;
    this.json = JSON.parse(JSON.stringify(json).replace(issuer, `oidc.eks.${region}.amazonaws.com/id/EXAMPLE`), (_, value) =>
      typeof value === "string"
        ? value.replace(
            /\$\{(data\.)?(\w+)\.([\w-]+)\.(?:outputs\.)?(\w+)\}/g,
            (_, data: string | undefined, type: string, id: string, name: string) => (data ? told(id, name) : known(type, id)),
          )
        : value,
    );
  }

  /** What the stack tells others. */
  output(name: string): string | undefined {
    const value = this.json.output?.[name]?.value;
    return typeof value === "string" ? value : undefined;
  }

  /** The roles of the stack, with the policies on them. */
  roles(boundaries: ReadonlyMap<string, readonly Statement[]>): readonly Role[] {
    return this.all("aws_iam_role").map((role) => {
      const arn = this.nameOf("aws_iam_role", role);
      const attached = this.all("aws_iam_role_policy_attachment").filter((one) => one.role === arn);
      const own = this.all("aws_iam_policy").filter((policy) =>
        attached.some((one) => one.policy_arn === this.nameOf("aws_iam_policy", policy)),
      );
      const inline = this.all("aws_iam_role_policy").filter((one) => one.role === arn);
      const boundary = boundaries.get(role.permissions_boundary);
      return {
        name: role.name,
        arn,
        trust: statementsOf(role.assume_role_policy),
        identity: [...own, ...inline].flatMap(({ policy }) => statementsOf(policy)),
        managed: attached.map(({ policy_arn }) => String(policy_arn)).filter((one) => one.startsWith("arn:aws:iam::aws:")),
        ...(boundary ? { boundary } : {}),
      };
    });
  }

  /** The policies of the stack, by ARN. */
  policies(): ReadonlyMap<string, readonly Statement[]> {
    return new Map(this.all("aws_iam_policy").map((policy) => [this.nameOf("aws_iam_policy", policy), statementsOf(policy.policy)]));
  }

  /** Everything of the stack that has a name of AWS, with its tags. */
  assets(): readonly Asset[] {
    const [provider] = this.json.provider?.aws ?? [];
    const tags = provider?.default_tags?.[0]?.tags ?? {};
    return Object.keys(this.json.resource ?? {})
      .filter((type) => type.startsWith("aws_"))
      .flatMap((type) =>
        this.all(type).map((body) => ({
          kind: type,
          arn: this.nameOf(type, body),
          // S3, IAM and Route 53 compare no tags of buckets, of the roles of a path, and of zones. Of OIDC providers IAM does.
          context: /^aws_(s3|iam|route53)_(?!openid)/.test(type) ? {} : tagged({ ...tags, ...body.tags }),
          ...(type === "aws_kms_key" ? { policy: statementsOf(body.policy) } : {}),
        })),
      );
  }

  private all(type: string): readonly Body[] {
    return Object.values(this.json.resource?.[type] ?? {});
  }

  private nameOf(type: string, body: Body, id = ""): string {
    const at = (service: string, resource: string) => `arn:aws:${service}:${this.region}:${this.account}:${resource}`;
    const iam = (kind: string) => `arn:aws:iam::${this.account}:${kind}${body.path ?? "/"}${body.name}`;
    const names: Readonly<Record<string, () => string>> = {
      aws_iam_role: () => iam("role"),
      aws_iam_policy: () => iam("policy"),
      aws_iam_instance_profile: () => iam("instance-profile"),
      aws_iam_openid_connect_provider: () => `arn:aws:iam::${this.account}:oidc-provider/${body.url?.replace("https://", "")}`,
      aws_s3_bucket: () => `arn:aws:s3:::${body.bucket}`,
      aws_secretsmanager_secret: () => at("secretsmanager", `secret:${body.name}-AbCdEf`),
      aws_eks_cluster: () => at("eks", `cluster/${body.name}`),
      aws_kms_key: () => at("kms", `key/${(body["//"]?.metadata.path ?? id).replace(/\W+/g, "-")}`),
    };
    return names[type]?.() ?? at(type.split("_")[1] ?? "", `${type}/${body.name ?? (body["//"]?.metadata.path || id)}`);
  }
}

/** Any role that a deployment could make: one whose own policies allow everything. */
export function worstRole(
  system: string,
  account: string,
  environment: string,
  policies: ReadonlyMap<string, readonly Statement[]>,
): Principal {
  const boundary = policies.get(boundaryArn(system, account, environment));
  if (!boundary) throw new Error(`there is no boundary of ${environment}`);
  return {
    arn: `arn:aws:iam::${account}:role${rolePath(system, environment)}made`,
    identity: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    boundary,
  };
}

/** Tags as conditions compare them. */
export function tagged(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function statementsOf(policy: string): readonly Statement[] {
  return [JSON.parse(policy).Statement].flat();
}
