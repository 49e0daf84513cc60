import { KubernetesApi } from "../cluster/api";
import { autoscaling, SCALED, scaledIn } from "./autoscaling";
import { passed } from "./broker";
import { certificates } from "./certificates";
import { Controllers, type SecretsApi } from "./controllers";
import { Deployment } from "./deployment";
import { endAll } from "./kubectl";
import { Operators } from "./operators";
import { brought } from "./releases";
import { copied, managedSecrets, secrets } from "./secrets";
import { Trial } from "./trial";

/** The stores whose operators run, and workloads that connect to them. */
const STACKS = ["event-store", "read-store", "broker", "notices"];

async function tried(trial: Trial, controllers: Controllers, aws: SecretsApi | undefined): Promise<void> {
  const { deployment } = trial;
  const deployed = await trial.check("the stores come up with what cert-manager and External Secrets make", async () => {
    // Namespaces, with the network policies under which the controllers have to work.
    await deployment.bring(SCALED, { stacks: ["platform"] });
    await controllers.start();
    await brought(trial, SCALED, ...STACKS);
    return passed();
  });
  if (!deployed) return;
  if (!(await trial.check("KEDA and metrics-server answer their APIs", async () => (await controllers.ready()) ?? ""))) return;
  await secrets(trial, controllers);
  await managedSecrets(trial, controllers, aws);
  await autoscaling(trial, controllers);
  await certificates(trial);
  // Both wait for five minutes and more.
  await Promise.all([copied(trial), scaledIn(trial)]);
}

async function main(): Promise<void> {
  const { KUBECONFIG = "", SECRETS_API } = process.env;
  const api = KubernetesApi.of(KUBECONFIG);
  const aws = SECRETS_API
    ? { endpoint: SECRETS_API, credentials: { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" } }
    : undefined;
  const trial = new Trial(api, new Deployment(api, new Operators(api, "awaited")));
  const controllers = new Controllers(api, aws);
  try {
    await tried(trial, controllers, aws);
    console.log(trial.results.table());
    process.exitCode = trial.results.failed ? 1 : 0;
  } finally {
    await controllers.end(trial.deployment.namespaces);
    await trial.deployment.destroy();
    await controllers.remove();
    api.close();
    endAll();
  }
}

main();
