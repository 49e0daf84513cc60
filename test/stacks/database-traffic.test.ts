import { EXAMPLES } from "../examples/programs";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { fewOf } from "../thorough";

interface Selected {
  readonly spec: any;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

const sites = fewOf([program, ...Object.values(EXAMPLES)], [program]).flatMap((one) => synthesisOf(one).sites);

/** Jobs that connect to PostgreSQL without a network policy that lets them. */
function cutOff(objects: readonly object[]): readonly string[] {
  const all = objects as readonly (Selected & { readonly kind: string })[];
  const policies = all.filter(({ kind, spec }) => kind === "NetworkPolicy" && opens(spec));
  const jobs = all.filter(({ kind }) => kind === "Job" || kind === "CronJob");
  return jobs
    .map(({ kind, metadata, spec }) => ({ metadata, template: kind === "Job" ? spec.template : spec.jobTemplate.spec.template }))
    .filter(({ template }) => template.spec.containers.some(({ env = [] }: any) => env.some(({ name }: any) => name === "PGHOST")))
    .filter(
      ({ metadata, template }) => !policies.some((policy) => isIn(policy, metadata) && selects(policy, template.metadata?.labels ?? {})),
    )
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

const opens = ({ egress = [] }: any) =>
  egress.some(({ ports = [] }: any) => ports.some(({ port }: any) => [5432, 6432].includes(Number(port))));
const isIn = (policy: Selected, { namespace }: Selected["metadata"]) => policy.metadata.namespace === namespace;
const selects = ({ spec }: Selected, labels: Readonly<Record<string, string>>) =>
  Object.entries(spec.podSelector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

describe("jobs that set up databases", () => {
  it("may connect to them, in every environment and example", () => {
    expect(sites.flatMap(({ objects }) => cutOff(objects))).toEqual([]);
  });

  it("are found if no policy lets them", () => {
    const objects = sites.flatMap((site) => site.objects).filter(({ kind }) => kind !== "NetworkPolicy");
    expect(cutOff(objects).length).toBeGreaterThan(20);
  });
});
