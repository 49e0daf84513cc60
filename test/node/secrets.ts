import { credentialsFrom } from "../../constructs/aws-client";
import { callJson } from "../../constructs/aws-client/json";
import { fromStore, secretStore } from "../../constructs/secrets";
import { Missing, Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { passed } from "./broker";
import { renew } from "./certificates";
import { type Controllers, type SecretsApi, seriesOf } from "./controllers";
import { isSynced, keyOf } from "./operators";
import type { Trial } from "./trial";

/** Of a copy in the same cluster (SharedSecrets), with a margin for what a busy machine adds. */
const REFRESH_SECONDS = 300 + 60;

const NAMESPACE = "notices";

const secretOf = ({ metadata: { namespace = "" }, spec }: KubernetesObject): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { namespace, name: spec.target.name },
});

const valuesOf = async ({ api }: Trial, secret: KubernetesObject) => JSON.stringify((await api.get(secretOf(secret))).data);

/** Waits until an ExternalSecret is not synchronized. Returns its condition. */
async function refused({ api }: Trial, secret: KubernetesObject): Promise<{ readonly reason: string; readonly message: string }> {
  let found: { reason: string; message: string } | undefined;
  await until(`${keyOf(secret)} is refused`, 60, async () => {
    const { status } = await api.get(secret);
    found = status?.conditions?.find(({ type, status: is }: any) => type === "Ready" && is === "False");
    return found !== undefined;
  });
  return found ?? { reason: "", message: "" };
}

/** What the alert SecretNotSynced asks: a condition of the secret, unless its store is to blame. */
async function alerts(controllers: Controllers, secret: KubernetesObject): Promise<boolean> {
  const metrics = await controllers.metrics("external-secrets", "app.kubernetes.io/name=external-secrets");
  const { namespace = "", name } = secret.metadata;
  const { kind, name: store } = secret.spec.secretStoreRef;
  const failing = { condition: "Ready", status: "False" };
  const ofStore = kind === "SecretStore" ? { ...failing, namespace, name: store } : { ...failing, name: store };
  return (
    seriesOf(metrics, "externalsecret_status_condition", { ...failing, namespace, name }) === 1 &&
    seriesOf(metrics, `${kind.toLowerCase()}_status_condition`, ofStore) !== 1
  );
}

/** Copies in a workload's namespace, of a store's secrets. */
const copiesIn = ({ deployment }: Trial) =>
  deployment.objects("ExternalSecret").filter(({ metadata, spec }) => metadata.namespace === NAMESPACE && spec.secretStoreRef);

/** Secrets that External Secrets generates and copies in the cluster. */
export async function secrets(trial: Trial, controllers: Controllers): Promise<void> {
  const { api, deployment } = trial;
  await trial.check("a secret is not generated again when its ExternalSecret is made again", async () => {
    const generated = deployment.objects("ExternalSecret").filter(({ spec }) => spec.refreshPolicy === "CreatedOnce");
    for (const each of generated) {
      const before = await valuesOf(trial, each);
      await api.delete(each);
      await until(`${keyOf(each)} is gone`, 30, async () => (await deployment.find(each)) === undefined);
      await api.apply(each);
      await until(`${keyOf(each)} is looked at`, 60, async () => (await api.get(each)).status?.conditions !== undefined);
      if ((await valuesOf(trial, each)) !== before) throw new Wrong(`${keyOf(each)} has other values`);
    }
    return generated.map(keyOf).join(", ");
  });
  await trial.check("a copy whose key is missing is reported, keeps its values, and follows again once the key is there", async () => {
    const copy = copiesIn(trial).find(({ spec }) => spec.data);
    if (!copy) throw new Error(`no copy in ${NAMESPACE} has single keys`);
    const before = await valuesOf(trial, copy);
    const data = copy.spec.data.map((each: any) => ({ ...each, remoteRef: { ...each.remoteRef, property: "missing" } }));
    await api.apply({ ...copy, spec: { ...copy.spec, data } });
    const { reason, message } = await refused(trial, copy);
    await until("the series of SecretNotSynced", 30, () => alerts(controllers, copy));
    if ((await valuesOf(trial, copy)) !== before) throw new Wrong("the Secret did not keep its values");
    await api.apply(copy);
    await until(`${keyOf(copy)} is synchronized`, 60, async () => isSynced(await api.get(copy)));
    if (await alerts(controllers, copy)) throw new Wrong("SecretNotSynced would go on");
    return `${keyOf(copy)}: ${reason}: ${message}`;
  });
}

/** The copies of a CA's certificate follow it, while messages go on; after the CA was renewed. */
export async function copied(trial: Trial): Promise<void> {
  const { api, deployment } = trial;
  await trial.check("the certificate of a renewed CA reaches the workloads' copies within five minutes", async () => {
    const copy = copiesIn(trial).find(({ spec }) => spec.data?.some(({ secretKey }: any) => secretKey === "ca.crt"));
    const key = copy?.spec.data[0].remoteRef.key;
    const certificate = deployment
      .objects("Certificate")
      .find(({ metadata, spec }) => metadata.namespace === "broker" && spec.secretName === key);
    if (!copy || !certificate) throw new Error(`no copy in ${NAMESPACE} is of a certificate of the broker`);
    const source = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "broker", name: key } };
    const authority = async (secret: KubernetesObject) => (await api.get(secret)).data["ca.crt"];
    // Signed by the renewed CA, it comes with its certificate.
    await renew(trial, certificate);
    const begin = Date.now();
    const renewed = await authority(source);
    if ((await authority(secretOf(copy))) === renewed) throw new Wrong("the CA's certificate is the one from before");
    await until(`${keyOf(copy)} is as its source`, REFRESH_SECONDS, async () => (await authority(secretOf(copy))) === renewed);
    return `${keyOf(copy)} after ${Math.round((Date.now() - begin) / 1000)} s; ${await passed()}`;
  });
}

/** Secrets of AWS Secrets Manager, as an environment on AWS has them. */
export async function managedSecrets(trial: Trial, controllers: Controllers, aws: SecretsApi | undefined): Promise<void> {
  const { api } = trial;
  const [region, name, prefix] = ["eu-west-1", ["orders", "dev"], "orders-dev-"];
  const store = secretStore({ region, name, namespaces: [NAMESPACE] }) as unknown as KubernetesObject;
  const secret = (of: string, namespace = NAMESPACE) => fromStore({ name: of }, namespace) as unknown as KubernetesObject;
  const [there, missing, elsewhere] = [secret("billing"), secret("absent"), secret("billing", "default")];
  const synced = (object: KubernetesObject) => until(`${keyOf(object)} is synchronized`, 60, async () => isSynced(await api.get(object)));
  const value = async () => Buffer.from((await api.get(secretOf(there))).data.password ?? "", "base64").toString();
  // As the runbook has it done: SecretNotSynced, "synchronize at once".
  const now = (object: KubernetesObject) => api.patch(object, { metadata: { annotations: { "force-sync": `${Date.now()}` } } });
  const SecretId = `${prefix}billing`;
  await trial.check("a secret of Secrets Manager comes to the namespace, and a rotated one at once if it is asked for", async () => {
    if (!aws) throw new Missing("SECRETS_API names no API of Secrets Manager");
    await put(aws, region, "CreateSecret", { Name: SecretId, SecretString: '{"password":"first"}' });
    for (const object of [store, there]) await api.apply(object);
    await synced(there);
    if ((await value()) !== "first") throw new Wrong(`the password is ${await value()}`);
    await put(aws, region, "PutSecretValue", { SecretId, SecretString: '{"password":"second"}' });
    await now(there);
    await until("the rotated password is there", 30, async () => (await value()) === "second");
    return "";
  });
  await trial.check("a secret that Secrets Manager doesn't have is reported, and comes once it is there", async () => {
    if (!aws) throw new Missing("SECRETS_API names no API of Secrets Manager");
    await api.apply(missing);
    const { reason, message } = await refused(trial, missing);
    await until("the series of SecretNotSynced", 30, () => alerts(controllers, missing));
    const { items } = await api.call("GET", `/api/v1/namespaces/${NAMESPACE}/events`);
    const events = items
      .filter(({ involvedObject }: any) => involvedObject.name === missing.metadata.name)
      .map((each: any) => each.message);
    await put(aws, region, "CreateSecret", { Name: `${prefix}absent`, SecretString: '{"password":"late"}' });
    await now(missing);
    await synced(missing);
    return [`${reason}: ${message}`, ...new Set<string>(events)].join("\n");
  });
  await trial.check("a namespace that the store doesn't list gets no secret of it", async () => {
    if (!aws) throw new Missing("SECRETS_API names no API of Secrets Manager");
    await api.apply(elsewhere);
    const { reason, message } = await refused(trial, elsewhere);
    if (await trial.deployment.find(secretOf(elsewhere))) throw new Wrong("it got the secret");
    await api.delete(elsewhere);
    return `${reason}: ${message}`;
  });
  if (aws) for (const object of [there, missing, elsewhere, store]) await api.delete(object);
}

/** A call of Secrets Manager. */
async function put({ endpoint, credentials }: SecretsApi, region: string, action: string, body: object): Promise<void> {
  const input = { ...body, ClientRequestToken: crypto.randomUUID() };
  const request = { service: "secretsmanager", version: "1.1", target: `secretsmanager.${action}`, input } as const;
  await callJson({ region, endpoint, credentials: credentialsFrom(credentials) }, request, action);
}
