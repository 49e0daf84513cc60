import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authority, node } from "../event-store/certificates";
import type { Body } from "../synth";

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
