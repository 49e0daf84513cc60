import { all, type Body } from "../synth";

/** What Terraform can't change without taking it away first, of each resource that holds data or leads to it, by address. */
export function stateful(json: Body): Readonly<Record<string, unknown>> {
  const releases = all(json, "helm_release").map((body) => [pathOf(body), { name: body.name, namespace: body.namespace }]);
  const claims = all(json, "kubernetes_persistent_volume_claim_v1").map((body) => [
    pathOf(body),
    { name: body.metadata.name, class: body.spec.storage_class_name, modes: body.spec.access_modes },
  ]);
  return Object.fromEntries([...releases, ...claims]);
}

function pathOf(body: Body): string {
  return body["//"].metadata.path;
}

/** The values of the release of a chart, or the objects of a release of objects, by the release's name. */
export function releasedAs(json: Body, name: string): Body {
  const found = all(json, "helm_release").find((release) => release.name === name);
  if (!found) throw new Error(`there is no release ${name}`);
  return JSON.parse(found.values[0].replace(/([$%])\1\{/g, "$1{"));
}
