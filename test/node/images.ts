import { ENVIRONMENT, stacksOf, VERSIONS } from "./environment";
import { KUBE_STATE_METRICS_IMAGE, PROMETHEUS_IMAGE } from "./metrics";
import { BROKER_IMAGE } from "./nats";
import { backups } from "./recovery";
import { CACHE_IMAGE, DATABASE_IMAGE, GATEWAY_IMAGE } from "./stand-ins";

// Each image that the tier runs, after the name of the root that it is made of (.ci/node).
const templates = [...stacksOf(ENVIRONMENT), backups()]
  .flatMap(({ objects }) => objects)
  .map(({ spec }) => (spec?.jobTemplate?.spec ?? spec)?.template?.spec)
  .filter((pod) => pod !== undefined);
const images = templates.flatMap(({ containers, initContainers = [] }) => [...containers, ...initContainers].map(({ image }) => image));
// The one that is copied into pods has to be one static program.
const others = [BROKER_IMAGE, CACHE_IMAGE, DATABASE_IMAGE, GATEWAY_IMAGE, KUBE_STATE_METRICS_IMAGE, PROMETHEUS_IMAGE];
for (const image of new Set([...images, VERSIONS.second, ...others])) console.log(image.includes("-musl") ? "busybox" : "debian", image);
