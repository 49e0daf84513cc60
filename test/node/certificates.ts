import { X509Certificate } from "node:crypto";
import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { passed } from "./broker";
import { inside } from "./kubectl";
import { isIssued } from "./operators";
import type { Trial } from "./trial";

/** A Secret of a Certificate. */
interface Issued {
  readonly leaf: X509Certificate;
  readonly authority: X509Certificate;
}

async function issued({ api }: Trial, { metadata: { namespace = "" }, spec }: KubernetesObject): Promise<Issued> {
  const { data } = await api.get({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name: spec.secretName } });
  const read = (key: string) => new X509Certificate(Buffer.from(data[key] ?? "", "base64"));
  return { leaf: read("tls.crt"), authority: read("ca.crt") };
}

/** What a server of NATS shows to a client: the serial number of its certificate. */
const SHOWN = `const net = require("node:net"), tls = require("node:tls");
const socket = net.connect(4222, "broker-0.broker-headless.broker.svc.cluster.local");
socket.once("data", () => {
  const secure = tls.connect({ socket, rejectUnauthorized: false }, () => {
    console.log(secure.getPeerCertificate().serialNumber);
    process.exit(0);
  });
});`;

async function shown(): Promise<string> {
  const { status, stdout, stderr } = await inside({ namespace: "notices", of: "deployment/publisher" }, 'node -e "$(cat)"', SHOWN);
  if (status !== 0) throw new Wrong(stderr);
  return stdout.trim();
}

/** Has a certificate renewed now, as `cmctl renew` does. */
export async function renew({ api, deployment }: Trial, certificate: KubernetesObject): Promise<void> {
  const { metadata, status } = await api.get(certificate);
  const issuing = {
    type: "Issuing",
    status: "True",
    reason: "ManuallyTriggered",
    message: "by a test",
    lastTransitionTime: new Date().toISOString(),
    observedGeneration: metadata.generation,
  };
  await api.patch(certificate, { status: { conditions: [...status.conditions, issuing] } }, "/status");
  await until(`${metadata.name} is renewed`, 60, async () => {
    const now = await deployment.find(certificate);
    return now !== undefined && now.status.revision > status.revision && isIssued(now);
  });
}

/** Certificates that cert-manager issues, once the stores that have them are up. */
export async function certificates(trial: Trial): Promise<void> {
  const { api, deployment } = trial;
  const certificate = (namespace: string, name: string) => {
    const found = deployment.objects("Certificate").find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (!found) throw new Error(`there is no Certificate ${namespace}/${name}`);
    return found;
  };
  await trial.check("each certificate has the names that are asked for, and verifies by its CA", async () => {
    const certificates = deployment.objects("Certificate");
    for (const each of certificates) {
      const { leaf, authority } = await issued(trial, each);
      const name = `${each.metadata.namespace}/${each.metadata.name}`;
      if (!leaf.verify(authority.publicKey)) throw new Wrong(`${name} is not signed by its ca.crt`);
      const missing = (each.spec.dnsNames ?? []).filter((host: string) => !leaf.subjectAltName?.includes(`DNS:${host}`));
      if (missing.length > 0) throw new Wrong(`${name} lacks ${missing.join(", ")}`);
    }
    return certificates.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`).join(", ");
  });
  await trial.check("a renewed certificate is served without a restart, and clients go on", async () => {
    const before = await shown();
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "broker", name: "broker-0" } };
    const restarts = async () => (await api.get(pod)).status.containerStatuses.map(({ restartCount }: any) => restartCount).join();
    const was = await restarts();
    await renew(trial, certificate("broker", "broker"));
    const { leaf } = await issued(trial, certificate("broker", "broker"));
    // The kubelet brings it to the pod within a minute or two.
    await until("the server shows the renewed certificate", 180, async () => (await shown()) === leaf.serialNumber);
    if (leaf.serialNumber === before || (await restarts()) !== was) throw new Wrong("the same certificate, or a restart");
    return passed();
  });
  await trial.check("what a CA has signed stays valid when it is renewed", async () => {
    const authority = certificate("broker", "broker-authority");
    const before = await issued(trial, certificate("broker", "broker"));
    await renew(trial, authority);
    const { leaf } = await issued(trial, authority);
    if (leaf.serialNumber === before.authority.serialNumber) throw new Wrong("the CA was not renewed");
    if (!before.leaf.verify(leaf.publicKey)) throw new Wrong("the CA has another key");
    return passed();
  });
}
