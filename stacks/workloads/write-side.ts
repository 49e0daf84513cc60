import type { App } from "cdktf";
import { smokeTestsOf, Worker } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { WORKLOADS } from "../model/workloads/roles";
import { connectionsOf, described, podOf } from "./pods";
import { scalingOf } from "./scaling";
import { servicesOf } from "./services";
import { placeOf, tested, waysTo } from "./side-stack";

/** What takes commands from outside and carries them out; requests come in when the API was tested. */
export function writeSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "write-side", after);
  const { verifies, checks, reaches } = servicesOf(place, "commandApi");
  const workers = described(site.environment, "commandProcessors").map(([path, settings]) => {
    const { name = WORKLOADS.commandProcessors.name, image = "", replicas, scaleOn, health } = settings;
    const pod = podOf(place, settings, connectionsOf(place, "commandProcessors"));
    return describedAt(
      path,
      new Worker(place.stack, name, {
        ...pod,
        image,
        replicas,
        ...(scaleOn ? { scaleOn: scalingOf(place, scaleOn) } : {}),
        ...(health ? { health, listens: [{ name: "smoke-test", peer: smokeTestsOf(place.namespace), ports: [health.port] }] } : {}),
      }),
    );
  });
  // One that is unhealthy is asked why.
  const probed = [...new Set(described(site.environment, "commandProcessors").flatMap(([, { health }]) => (health ? [health.port] : [])))];
  tested(place, [...verifies, ...workers], checks, [...reaches, ...waysTo(probed, "workers")]);
  return place.stack;
}
