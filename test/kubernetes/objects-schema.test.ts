import { InvalidInput } from "../../constructs/core/errors";
import { kubernetesObjects } from "../../constructs/kubernetes";
import { everyFieldOf } from "./provider-schema";

const LIBRARIES = [
  "cluster-role-binding-v1",
  "cluster-role-v1",
  "config-map-v1",
  "cron-job-v1",
  "daemon-set-v1",
  "daemonset",
  "default-service-account-v1",
  "deployment-v1",
  "horizontal-pod-autoscaler-v2",
  "job-v1",
  "limit-range-v1",
  "namespace-v1",
  "network-policy-v1",
  "persistent-volume-claim-v1",
  "pod-disruption-budget-v1",
  "priority-class-v1",
  "resource-quota-v1",
  "role-binding-v1",
  "role-v1",
  "secret-v1",
  "service-account-v1",
  "service-v1",
  "stateful-set-v1",
  "storage-class-v1",
];

/** What nothing here should use: names that nobody knows, volumes of clouds that Kubernetes dropped, Windows. */
const UNKNOWN = [
  "metadata.generate_name",
  "security_context.windows_options",
  "spec.target_cpu_utilization_percentage",
  ...[
    "aws_elastic_block_store",
    "azure_disk",
    "azure_file",
    "ceph_fs",
    "cinder",
    "fc",
    "flex_volume",
    "flocker",
    "gce_persistent_disk",
    "git_repo",
    "glusterfs",
    "iscsi",
    "local",
    "photon_persistent_disk",
    "quobyte",
    "rbd",
    "vsphere_volume",
  ].map((source) => `volume[0].${source}`),
];

/** Fields that are not known, by the ends of their paths. */
function unknownIn(library: string): readonly string[] {
  const { type, body } = everyFieldOf(library);
  try {
    kubernetesObjects({ resource: { [type]: { it: body } } });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.problems.map(
      ({ path, rule }) => UNKNOWN.find((end) => path.endsWith(end) && rule.includes("not known")) ?? `${path} ${rule}`,
    );
  }
}

describe("the tables of what the provider sends", () => {
  it("know every field of the provider's bindings but those that nothing should use", () => {
    const unknown = LIBRARIES.flatMap(unknownIn);
    expect([...new Set(unknown)].sort()).toEqual([...UNKNOWN].sort());
  });

  it.each(["ingress-v1", "labels"])("do not know %s", (library) => {
    expect(unknownIn(library)).toEqual([expect.stringMatching(/^kubernetes_\w+\.it is of a type that is not known$/)]);
  });
});
