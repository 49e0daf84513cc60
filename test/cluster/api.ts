import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";

/** An object of the Kubernetes API, as JSON. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: any;
}

/** Objects of one kind. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Which objects of a kind are meant. */
export interface Selection {
  /** @default - every one */
  readonly namespace?: string;

  /**
   * Labels, as `app=orders,!canary`.
   * @default - all
   */
  readonly labels?: string;

  /**
   * Fields, as `spec.nodeName=a`.
   * @default - all
   */
  readonly fields?: string;
}

/** What the API server refused, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
}

const MANAGER = "cdktf-cqrs-test";

/** The API of a cluster, over connections that are kept, with the client certificate of a kubeconfig. */
export class KubernetesApi {
  /** What the server had to say against requests that it took. */
  readonly warnings: string[] = [];

  /** Resources by group and version, as the server lists them. */
  private readonly discovered = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  private constructor(
    private readonly server: string,
    private readonly agent: Agent,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** The cluster of a kubeconfig's current context. Only certificates that stand in the file are understood. */
  static of(kubeconfig: string): KubernetesApi {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const named = (list: readonly { readonly name: string }[], name: string): Record<string, Record<string, string>> =>
      (list.find((item) => item.name === name) ?? {}) as never;
    const { context } = named(config.contexts, config["current-context"]);
    const { cluster } = named(config.clusters, context?.cluster ?? "");
    const { user } = named(config.users, context?.user ?? "");
    const data = (holder: Record<string, string> | undefined, field: string) => {
      const value = holder?.[`${field}-data`];
      if (!value) throw new Error(`${kubeconfig}: the current context has no ${field}-data`);
      return Buffer.from(value, "base64");
    };
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 16,
      ca: data(cluster, "certificate-authority"),
      cert: data(user, "client-certificate"),
      key: data(user, "client-key"),
    });
    return new KubernetesApi(cluster?.server ?? "", agent);
  }

  /** The same API as another user, whom this one may impersonate: `system:serviceaccount:read-store:broker-passwords`. */
  as(user: string): KubernetesApi {
    return new KubernetesApi(this.server, this.agent, { "impersonate-user": user });
  }

  /** Ends its connections. */
  close(): void {
    this.agent.destroy();
  }

  /** Creates an object; an error where there is one of its name. */
  async create(object: KubernetesObject): Promise<KubernetesObject> {
    return this.call("POST", await this.path(object, object.metadata.namespace), object);
  }

  /**
   * Creates an object or changes it to what is said here (server-side apply).
   * `dryRun` has it admitted and validated, and not kept.
   */
  async apply(object: KubernetesObject, { dryRun = false } = {}): Promise<KubernetesObject> {
    const query = `?fieldManager=${MANAGER}&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
    return this.call("PATCH", (await this.pathOf(object)) + query, object, "application/apply-patch+yaml");
  }

  /** Changes fields of an object, or of its status, as JSON merge does; or has the change admitted and validated, and not kept. */
  async patch(object: KubernetesObject, fields: object, part: "" | "/status" | "?dryRun=All" = ""): Promise<KubernetesObject> {
    return this.call("PATCH", (await this.pathOf(object)) + part, fields, "application/merge-patch+json");
  }

  async get(object: KubernetesObject): Promise<KubernetesObject> {
    return this.call("GET", await this.pathOf(object));
  }

  /** The objects of a kind; without their own `apiVersion` and `kind`, as the server lists them. */
  async list(kind: Kind, selection: Selection = {}): Promise<readonly KubernetesObject[]> {
    // Without a version, what the server's cache has is enough, and cheap.
    const { items } = await this.call("GET", `${await this.path(kind, selection.namespace)}?resourceVersion=0${query(selection)}`);
    return items;
  }

  /** Deletes an object, and those that it owns after it. What is not there is deleted. */
  async delete(object: KubernetesObject, graceSeconds?: number): Promise<void> {
    const grace = graceSeconds === undefined ? "" : `&gracePeriodSeconds=${graceSeconds}`;
    const path = `${await this.pathOf(object)}?propagationPolicy=Background${grace}`;
    await this.call("DELETE", path).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  /** Deletes all objects of a kind that are meant, in one request for each namespace. */
  async deleteAll(kind: Kind, selection: Selection = {}, graceSeconds?: number): Promise<void> {
    const grace = graceSeconds === undefined ? "" : `&gracePeriodSeconds=${graceSeconds}`;
    await this.call("DELETE", `${await this.path(kind, selection.namespace)}?propagationPolicy=Background${grace}${query(selection)}`);
  }

  /** Whether somebody in a group may do something with the objects of a kind, or a part of them, as `token`. */
  async may(group: string, verb: string, kind: Kind, { namespace, part }: { namespace?: string; part?: string } = {}): Promise<boolean> {
    const resource = await this.resourceOf(kind);
    const { status } = await this.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: "somebody",
        groups: [group, "system:authenticated"],
        resourceAttributes: {
          verb,
          group: kind.apiVersion.includes("/") ? kind.apiVersion.split("/")[0] : "",
          resource: resource.name,
          ...(part ? { subresource: part } : {}),
          ...(namespace ? { namespace } : {}),
        },
      },
    });
    return status.allowed;
  }

  /** Any request: `call("GET", "/version")`. */
  call(method: string, path: string, body?: object, type = "application/json"): Promise<any> {
    const sent = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const call = request(`${this.server}${path}`, {
        method,
        agent: this.agent,
        headers: {
          accept: "application/json",
          ...this.headers,
          ...(sent ? { "content-type": type, "content-length": Buffer.byteLength(sent) } : {}),
        },
      });
      // The server ends a connection on which nothing is asked for a while, as in a long synthesis.
      call.on("error", (error: NodeJS.ErrnoException) =>
        call.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "")
          ? resolve(this.call(method, path, body, type))
          : reject(error),
      );
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("error", reject);
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          // 299 - "would violate PodSecurity …"
          const warning = response.headers.warning;
          if (warning) this.warnings.push(`${method} ${path}: ${warning}`);
          if (status < 300) return resolve(text.startsWith("{") ? JSON.parse(text) : text);
          const said = text.startsWith("{") ? JSON.parse(text) : { message: text };
          reject(new ApiError(status, said.reason ?? "", `${method} ${path}: ${said.message}`));
        });
      });
      call.end(sent);
    });
  }

  private async pathOf(object: KubernetesObject): Promise<string> {
    return `${await this.path(object, object.metadata.namespace ?? "default")}/${object.metadata.name}`;
  }

  private async path({ apiVersion, kind }: Kind, namespace?: string): Promise<string> {
    const base = baseOf({ apiVersion });
    const resource = await this.resourceOf({ apiVersion, kind });
    return `${base}${resource.namespaced && namespace ? `/namespaces/${namespace}` : ""}/${resource.name}`;
  }

  private async resourceOf({ apiVersion, kind }: Kind): Promise<Resource> {
    const resource = (await this.resources(baseOf({ apiVersion }))).get(kind);
    if (!resource) {
      // Kinds of one group become known one after the other.
      this.discovered.delete(baseOf({ apiVersion }));
      throw new ApiError(404, "NotFound", `the server knows no ${kind} of ${apiVersion}`);
    }
    return resource;
  }

  private resources(base: string): Promise<ReadonlyMap<string, Resource>> {
    const known = this.discovered.get(base);
    if (known) return known;
    const asked = this.call("GET", base).then(
      ({ resources }: { resources: readonly (Resource & { kind: string })[] }) =>
        new Map(resources.filter(({ name }) => !name.includes("/")).map((resource) => [resource.kind, resource])),
    );
    // A definition that is not there yet may come.
    asked.catch(() => this.discovered.delete(base));
    this.discovered.set(base, asked);
    return asked;
  }
}

function baseOf({ apiVersion }: Pick<Kind, "apiVersion">): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The context that a kubeconfig names as its current one. */
export function currentContext(kubeconfig: string): string {
  return parse(readFileSync(kubeconfig, "utf8"))["current-context"];
}

/** Waits until something is so, and says what it was waiting for when it is not. */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>, everyMs = 250): Promise<void> {
  for (const end = Date.now() + seconds * 1000; ; ) {
    if (await isSo()) return;
    if (Date.now() >= end) throw new Error(`after ${seconds} s still waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function query({ labels, fields }: Selection): string {
  const labelled = labels ? `&labelSelector=${encodeURIComponent(labels)}` : "";
  return labelled + (fields ? `&fieldSelector=${encodeURIComponent(fields)}` : "");
}
