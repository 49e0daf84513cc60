import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KubernetesApi, type KubernetesObject, until } from "../cluster/api";

/** A Secret's values. */
type Values = Readonly<Record<string, string>>;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A condition that is true, as controllers write it. */
export const condition = (type: string, reason = type) => ({
  type,
  status: "True",
  reason,
  message: "by a stand-in",
  lastTransitionTime: new Date().toISOString(),
});

/**
 * Stands in for cert-manager and External Secrets: makes the Secrets of their objects as those would. Secrets that are there
 * stay as they are.
 */
export class Operators {
  /** Copies that don't come, as `namespace/name`: where a store refuses them. */
  readonly withheld = new Set<string>();
  private readonly known = new Map<string, Values>();

  /** Secrets are made here, unless the operators run themselves, whose are waited for. */
  constructor(
    private readonly api: KubernetesApi,
    private readonly secrets: "made" | "awaited" = "made",
  ) {}

  /** The Secrets of all objects of a stack: authorities before what they sign, generated before copied. */
  async see(objects: readonly KubernetesObject[]): Promise<void> {
    const of = (kind: string) => objects.filter((object) => object.kind === kind);
    if (this.secrets === "awaited") {
      for (const object of [...of("Certificate"), ...of("ExternalSecret")]) await this.await(object);
      return;
    }
    const issuers = new Map(of("Issuer").map((issuer) => [keyOf(issuer), issuer.spec]));
    const certificates = of("Certificate").sort((one, other) => Number(other.spec.isCA ?? false) - Number(one.spec.isCA ?? false));
    for (const certificate of certificates) await this.certify(certificate, issuers);
    const generators = new Map(of("Password").map((generator) => [keyOf(generator), generator.spec]));
    const stores = new Map(of("SecretStore").map((store) => [keyOf(store), store.spec.provider.kubernetes.remoteNamespace]));
    for (const secret of of("ExternalSecret")) await this.bring(secret, generators, stores);
  }

  private async certify(certificate: KubernetesObject, issuers: ReadonlyMap<string, any>): Promise<void> {
    const { namespace = "" } = certificate.metadata;
    const { spec } = certificate;
    const signer = issuers.get(`${namespace}/${spec.issuerRef.name}`)?.ca?.secretName;
    await this.make(namespace, spec.secretName, "kubernetes.io/tls", () =>
      signed(spec, signer && this.known.get(`${namespace}/${signer}`)),
    );
    await this.api.patch(certificate, { status: { conditions: [condition("Ready")] } }, "/status");
  }

  private async await(object: KubernetesObject): Promise<void> {
    const isThere = object.kind === "Certificate" ? isIssued : isSynced;
    await until(`${object.kind} ${keyOf(object)} has its Secret`, 120, async () => isThere(await this.api.get(object)), 50);
  }

  private async bring(secret: KubernetesObject, generators: ReadonlyMap<string, any>, stores: ReadonlyMap<string, string>): Promise<void> {
    const { namespace = "" } = secret.metadata;
    const { data = [], dataFrom = [], secretStoreRef, target } = secret.spec;
    if (this.withheld.has(`${namespace}/${target.name}`)) {
      await this.api.delete({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name: target.name } });
      const message = "could not get secret data from provider";
      const refused = { ...condition("Ready", "SecretSyncedError"), status: "False", message };
      await this.api.patch(secret, { status: { conditions: [refused] } }, "/status");
      return;
    }
    const from = stores.get(`${namespace}/${secretStoreRef?.name}`);
    await this.make(namespace, target.name, "Opaque", () => {
      const remote = (key: string): Values => {
        const values = this.known.get(`${from}/${key}`);
        if (!values) throw new Error(`${keyOf(secret)}: there is no Secret ${from}/${key}`);
        return values;
      };
      const picked = data.map(({ secretKey, remoteRef }: any) => [secretKey, remote(remoteRef.key)[remoteRef.property]]);
      const whole = dataFrom.map(({ extract, sourceRef }: any) =>
        extract ? remote(extract.key) : generated(generators.get(`${namespace}/${sourceRef.generatorRef.name}`)),
      );
      return Object.assign({}, Object.fromEntries(picked), ...whole, target.template?.data);
    });
    await this.api.patch(secret, { status: { conditions: [condition("Ready", "SecretSynced")] } }, "/status");
  }

  /** A Secret of this name, unless there is one. */
  async make(namespace: string, name: string, type: string, values: () => Values): Promise<Values> {
    const known = this.known.get(`${namespace}/${name}`) ?? values();
    this.known.set(`${namespace}/${name}`, known);
    await this.api.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, type, stringData: known });
    return known;
  }
}

/** Whether a condition of an object holds. */
export function isTrue({ status }: KubernetesObject, type: string): boolean {
  return status?.conditions?.some((each: any) => each.type === type && each.status === "True") ?? false;
}

/** Whether a Certificate has what its specification says now. */
export function isIssued(certificate: KubernetesObject): boolean {
  const { metadata, status } = certificate;
  const ready = status?.conditions?.find(({ type }: any) => type === "Ready");
  return isTrue(certificate, "Ready") && ready.observedGeneration === metadata.generation && !isTrue(certificate, "Issuing");
}

/** Whether the Secret of an ExternalSecret is what its specification says now. */
export function isSynced(secret: KubernetesObject): boolean {
  const { metadata, status } = secret;
  // The generation and a hash of the rest of what it was made of.
  const isCurrent = String(status?.syncedResourceVersion ?? "").startsWith(`${metadata.generation}-`);
  return isCurrent && isTrue(secret, "Ready");
}

export const keyOf = ({ metadata: { namespace, name } }: KubernetesObject) => `${namespace}/${name}`;

/** As External Secrets' generator: a password under each key. */
function generated({ length, secretKeys = ["password"] }: { readonly length: number; readonly secretKeys?: readonly string[] }): Values {
  const password = () => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");
  return Object.fromEntries(secretKeys.map((key) => [key, password()]));
}

/** A certificate with the names, key and usages that are asked for, by an authority or by itself. */
function signed(spec: any, authority: Values | undefined): Values {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-certificate-"));
  const file = (name: string) => join(directory, name);
  const openssl = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
  };
  try {
    const { algorithm, size, encoding } = spec.privateKey;
    if (algorithm === "ECDSA") openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("tls.key"));
    else openssl("genrsa", ...(encoding === "PKCS8" ? [] : ["-traditional"]), "-out", file("tls.key"), String(size));
    const usages: readonly string[] = spec.usages ?? ["digital signature", "key encipherment"];
    const of = (table: Readonly<Record<string, string>>) => usages.flatMap((usage) => table[usage] ?? []).join(",");
    const extended = of(EXTENDED_USAGES);
    writeFileSync(
      file("extensions"),
      [
        `basicConstraints = critical,CA:${spec.isCA ? "TRUE" : "FALSE"}`,
        `keyUsage = critical,${of(USAGES)}`,
        ...(extended ? [`extendedKeyUsage = ${extended}`] : []),
        ...(spec.dnsNames ? [`subjectAltName = ${spec.dnsNames.map((name: string) => `DNS:${name}`).join(",")}`] : []),
      ].join("\n"),
    );
    openssl("req", "-new", "-key", file("tls.key"), "-subj", spec.commonName ? `/CN=${spec.commonName}` : "/", "-out", file("request"));
    const days = String(Math.ceil(Number.parseInt(spec.duration, 10) / 24));
    const by = authority ? ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial"] : ["-signkey", file("tls.key")];
    if (authority) {
      writeFileSync(file("ca.crt"), authority["tls.crt"] ?? "");
      writeFileSync(file("ca.key"), authority["tls.key"] ?? "");
    }
    openssl("x509", "-req", "-in", file("request"), ...by, "-days", days, "-extfile", file("extensions"), "-out", file("tls.crt"));
    const read = (name: string) => readFileSync(file(name), "utf8");
    return { "tls.crt": read("tls.crt"), "tls.key": read("tls.key"), "ca.crt": authority?.["tls.crt"] ?? read("tls.crt") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const USAGES = {
  "cert sign": "keyCertSign",
  "crl sign": "cRLSign",
  "digital signature": "digitalSignature",
  "key encipherment": "keyEncipherment",
};

const EXTENDED_USAGES = { "server auth": "serverAuth", "client auth": "clientAuth" };
