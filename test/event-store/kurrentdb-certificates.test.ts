import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KurrentDb } from "../../constructs/event-store";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { all, type Body, synth } from "../synth";

const json = synth((stack) => {
  const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
  const outside = { domain: "orders.internal", networks: ["10.0.0.0/16"] };
  new KurrentDb(stack, "events", { cluster, namespace: "event-store", clients: [], outside });
});
const [release] = all(json, "helm_release").filter(({ name }) => name === "event-store-certificates");
const objects: Body[] = JSON.parse(release?.values[0]).objects;
const specOf = (kind: string, name: string): Body => objects.find((object) => object.kind === kind && object.metadata.name === name)?.spec;
const node = specOf("Certificate", "event-store-node");
const authority = specOf("Certificate", "event-store-authority");
const hours = (duration: string) => Number.parseInt(duration, 10);

describe("certificates of KurrentDb", () => {
  it("come from an authority of its own, which nothing else on the cluster can use to pass for a node", () => {
    expect(specOf("Issuer", "event-store-self")).toEqual({ selfSigned: {} });
    expect(specOf("Issuer", "event-store-authority")).toEqual({ ca: { secretName: "event-store-authority" } });
    expect(node.issuerRef).toEqual({ group: "cert-manager.io", kind: "Issuer", name: "event-store-authority" });
    expect(authority).toMatchObject({ isCA: true, issuerRef: { name: "event-store-self" } });
  });

  it("are renewed long before they end, the authority with the key that it has", () => {
    expect(hours(node.duration) - hours(node.renewBefore)).toBe(60 * 24);
    expect(hours(node.renewBefore)).toBe(30 * 24);
    expect(authority.privateKey.rotationPolicy).toBe("Never");
  });

  it("of nodes are RSA keys in PKCS#1, as the server reads them", () => {
    expect(node.privateKey).toEqual({ algorithm: "RSA", encoding: "PKCS1", size: 2048, rotationPolicy: "Always" });
  });

  it("lie apart: of the authority a node sees the certificate only, in a folder of its own", () => {
    const [{ spec }] = all(json, "kubernetes_stateful_set_v1") as [Body];
    const volumes: Record<string, Body> = Object.fromEntries(spec.template.spec.volume.map((volume: Body) => [volume.name, volume]));
    expect(volumes.trusted?.secret).toEqual({
      secret_name: "event-store-authority",
      default_mode: "0444",
      items: [{ key: "ca.crt", path: "ca.crt" }],
    });
    const variables = Object.fromEntries(spec.template.spec.container[0].env.map(({ name, value }: Body) => [name, value]));
    expect(variables).toMatchObject({
      KURRENTDB_TRUSTED_ROOT_CERTIFICATES_PATH: "/certificates/trusted",
      KURRENTDB_CERTIFICATE_FILE: "/certificates/node/tls.crt",
      KURRENTDB_CERTIFICATE_RESERVED_NODE_COMMON_NAME: node.commonName,
    });
  });
});

const openssl = spawnSync("openssl", ["version"]).status === 0;

(openssl ? describe : describe.skip)(
  `a certificate that is issued as KurrentDb asks${openssl ? "" : " (skipped: no openssl here)"}`,
  () => {
    const root = mkdtempSync(join(tmpdir(), "certificates-"));
    afterAll(() => rmSync(root, { recursive: true }));

    const run = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: root, encoding: "utf8" });
      if (status !== 0) throw new Error(stderr + stdout);
      return stdout;
    };

    /** Usages as cert-manager names them, and as openssl does. */
    const KEY: Record<string, string> = {
      "digital signature": "digitalSignature",
      "key encipherment": "keyEncipherment",
      "cert sign": "keyCertSign",
      "crl sign": "cRLSign",
    };
    const EXTENDED: Record<string, string> = { "server auth": "serverAuth", "client auth": "clientAuth" };
    const usages = ({ usages: wanted }: Body, names: Record<string, string>): string =>
      wanted.flatMap((usage: string) => names[usage] ?? []).join(",");

    beforeAll(() => {
      run(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-days",
        "2",
        "-subj",
        `/CN=${authority.commonName}`,
        "-addext",
        `keyUsage=critical,${usages(authority, KEY)}`,
      );
      run(
        "req",
        "-newkey",
        `rsa:${node.privateKey.size}`,
        "-nodes",
        "-keyout",
        "tls.key",
        "-out",
        "tls.csr",
        "-subj",
        `/CN=${node.commonName}`,
      );
      writeFileSync(
        join(root, "extensions"),
        [
          `keyUsage=critical,${usages(node, KEY)}`,
          `extendedKeyUsage=${usages(node, EXTENDED)}`,
          `subjectAltName=${node.dnsNames.map((name: string) => `DNS:${name}`).join(",")}`,
        ].join("\n"),
      );
      run(
        "x509",
        "-req",
        "-in",
        "tls.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "1",
        "-extfile",
        "extensions",
        "-out",
        "tls.crt",
      );
    });

    it.each([
      "event-store-0.event-store-nodes.event-store.svc.cluster.local",
      "event-store-nodes.event-store.svc.cluster.local",
      "event-store.event-store.svc.cluster.local",
      "event-store.event-store.svc",
      "event-store-2.event-store.orders.internal",
      "event-store.orders.internal",
      "localhost",
    ])("is good for %s, to who is asked and to who asks", (host) => {
      for (const purpose of ["sslserver", "sslclient"]) {
        expect(run("verify", "-CAfile", "ca.crt", "-purpose", purpose, "-verify_hostname", host, "tls.crt")).toBe("tls.crt: OK\n");
      }
    });

    it("is good for no other name, such as that of another event store", () => {
      expect(() =>
        run("verify", "-CAfile", "ca.crt", "-verify_hostname", "other-0.other-nodes.event-store.svc.cluster.local", "tls.crt"),
      ).toThrow("hostname mismatch");
    });

    it("has the common name by which nodes know each other, and the usages that the server demands", () => {
      const shown = run("x509", "-in", "tls.crt", "-noout", "-text");
      expect(shown).toMatch(/Subject: CN ?= ?kurrentdb-node/);
      expect(shown).toContain("Digital Signature, Key Encipherment");
      expect(shown).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
      expect(readFileSync(join(root, "tls.crt"), "utf8")).toContain("BEGIN CERTIFICATE");
    });
  },
);
