import { Missing } from "../aws/results";
import { KubernetesApi } from "../cluster/api";
import { occupied } from "../cluster/empty";
import { broker, messages } from "./broker";
import { browser } from "./browser";
import { checkCluster } from "./deployment";
import { ENVIRONMENT, LOCAL } from "./environment";
import { events } from "./events";
import { failures } from "./failures";
import { endAll } from "./kubectl";
import { loss } from "./loss";
import { Metrics, metrics } from "./metrics";
import { networkPolicies } from "./network";
import { breakGlass, projections, readme } from "./printed";
import { recovery } from "./recovery";
import { brought, releases } from "./releases";
import { runtime } from "./runtime";
import { scheduled } from "./scheduled";
import { Trial } from "./trial";
import { workers } from "./workers";

/** Whether a cluster is one for this tier. @throws Missing where it can't be tried on it, Error where it would do harm */
async function admit(api: KubernetesApi): Promise<void> {
  await checkCluster(api);
  const [namespaces, volumes] = await Promise.all(["Namespace", "PersistentVolume"].map((kind) => api.list({ apiVersion: "v1", kind })));
  const why = occupied(namespaces ?? [], volumes ?? []);
  if (why) throw new Error(why);
}

async function tried(trial: Trial): Promise<void> {
  const { deployment } = trial;
  const deployed = await trial.check("every stack is applied, and passes its tests", async () => {
    await trial.api.apply(Metrics.NAMESPACE);
    const failed = await deployment.bring(LOCAL);
    if (failed.size > 0) throw new Error([...failed].map(([name, report]) => `${name}: ${report}`).join("\n"));
    return "in place of their operators stand ins make the secrets, PostgreSQL, the cache, the gateways and the event store";
  });
  if (!deployed) return;
  await readme(trial);
  await trial.check("the command API gets slots for blue-green releases", async () => {
    await brought(trial, ENVIRONMENT, "write-side");
    return "";
  });
  await trial.check("an order that is placed is confirmed and listed", async () => {
    await Promise.all([trial.buyer.begin(), trial.reader.begin()]);
    const first = await trial.order("first");
    if ((await trial.order("first")) !== first) throw new Error("the same key made another order");
    return "";
  });
  await browser(trial);
  await runtime(trial);
  await metrics(trial);
  await networkPolicies(trial);
  // Workers come and go while everything else is tried.
  const moving = workers(trial);
  await scheduled(trial);
  await projections(trial);
  await Promise.all([loss(trial), broker(trial)]);
  await releases(trial);
  await breakGlass(trial);
  await failures(trial);
  await moving;
  await events(trial);
  await messages(trial);
  await recovery(trial);
}

async function ended({ api, deployment }: Trial): Promise<void> {
  await deployment.destroy();
  await new Metrics(api).end();
}

async function main(): Promise<void> {
  const kubeconfig = process.env.KUBECONFIG;
  const skip = (why: string) => console.log(`SKIPPED the node tier: ${why}\n0 passed, 0 failed, 1 skipped`);
  if (!kubeconfig) return skip("KUBECONFIG names no cluster");
  const api = KubernetesApi.of(kubeconfig);
  const trial = new Trial(api);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      endAll();
      ended(trial).finally(() => process.exit(1));
    });
  }
  try {
    await admit(api);
    await tried(trial);
    console.log(trial.results.table());
    process.exitCode = trial.results.failed ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    skip(error.message);
  } finally {
    await ended(trial);
    api.close();
    endAll();
  }
}

main();
