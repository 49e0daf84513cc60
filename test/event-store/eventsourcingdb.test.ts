import { EventSourcingDb, type EventSourcingDbProps } from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { type Body, one, refusalsOf, synth } from "../synth";

type Stack = Parameters<typeof KubernetesTarget.kubeconfig>[0];

const server =
  (changes: Partial<EventSourcingDbProps> = {}, mirror?: string) =>
  (stack: Stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ...(mirror ? { mirror } : {}) });
    return new EventSourcingDb(stack, "events", { cluster, namespace: "event-store", size: "large", protect: true, ...changes });
  };

const made = (changes: Partial<EventSourcingDbProps> = {}, mirror?: string): Body => synth((stack) => void server(changes, mirror)(stack));

const podOf = (json: Body): Body => one(json, "kubernetes_stateful_set_v1").spec.template.spec;
const argsOf = (changes: Partial<EventSourcingDbProps> = {}) => podOf(made(changes)).container[0].args;
const refused = (changes: object) => refusalsOf((stack) => void server(changes)(stack));

/** The objects of a release, by kind and name. */
const listed = (json: Body, name: string): Record<string, Body> => {
  const release = (Object.values(json.resource.helm_release) as Body[]).find((each) => each.name === name);
  const objects: Body[] = JSON.parse(release?.values[0]).objects;
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
};

describe("EventSourcingDB", () => {
  it("is told everything by flags, its token out of a secret and its data on its own disk", () => {
    expect(argsOf()).toEqual([
      "run",
      "--data-directory=/var/lib/esdb",
      "--api-token=$(API_TOKEN)",
      "--http-enabled=false",
      "--https-enabled=true",
      "--https-certificate-file=/etc/esdb/tls/tls.crt",
      "--https-private-key-file=/etc/esdb/tls/tls.key",
    ]);
    const [container] = podOf(made()).container;
    expect(container.env).toEqual([{ name: "API_TOKEN", value_from: { secret_key_ref: { name: "event-store-token", key: "token" } } }]);
  });

  it("restarts by a job when its secret has another token, because it accepts the former one until then", () => {
    const json = made();
    const [rotation, revocation] = ["rotation", "revocation"].map((id) => one(json, "kubernetes_cron_job_v1", `rotation/${id}`));
    expect([rotation?.metadata.name, rotation?.spec.schedule]).toEqual(["event-store-passwords", "*/5 * * * *"]);
    expect([revocation?.metadata.name, revocation?.spec.suspend]).toEqual(["event-store-revoke", true]);
    const pod = rotation?.spec.job_template.spec.template.spec;
    expect(pod.container[0].command).toEqual(["sh", "/scripts/restart.sh"]);
    expect(pod.volume).toContainEqual({ name: "passwords", secret: { secret_name: "event-store-token", default_mode: "0440" } });
    // Terraform would take the restart's mark away, and restart it once more.
    expect(one(json, "kubernetes_stateful_set_v1").lifecycle).toEqual({
      ignore_changes: [
        'spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]',
        "spec[0].revision_history_limit",
      ],
    });
  });

  it("keeps revisions to go back to, also where it was created without, which the provider would replace it for", () => {
    expect(one(made(), "kubernetes_stateful_set_v1").spec.revision_history_limit).toBe(10);
  });

  it("takes other flags in the place of those that are set, or none", () => {
    const flags = { "data-directory": "/data", "with-ui": true, "https-certificate-file": false };
    expect(argsOf({ flags })).toEqual([
      "run",
      "--data-directory=/data",
      "--api-token=$(API_TOKEN)",
      "--http-enabled=false",
      "--https-enabled=true",
      "--https-private-key-file=/etc/esdb/tls/tls.key",
      "--with-ui",
    ]);
  });

  it("is licensed by a flag that its operator names, out of a secret that somebody put there", () => {
    const licence = { secretName: "event-store-licence", key: "licence", flag: "license" };
    expect(argsOf({ licence })).toContain("--license=$(LICENCE)");
    expect(podOf(made({ licence })).container[0].env[1]).toEqual({
      name: "LICENCE",
      value_from: { secret_key_ref: { name: "event-store-licence", key: "licence" } },
    });
  });

  it("speaks in clear only where that was asked for", () => {
    const json = made({ insecure: true });
    expect(argsOf({ insecure: true }).slice(3)).toEqual(["--http-enabled=true", "--https-enabled=false"]);
    expect(podOf(json).volume.map(({ name }: Body) => name)).toEqual(["data", "tmp"]);
    expect((Object.values(json.resource.helm_release) as Body[]).map(({ name }) => name)).toEqual([
      "secret-event-store-token",
      "event-store-restarts",
    ]);
    expect(podOf(json).container[0].readiness_probe.http_get).toMatchObject({ scheme: "HTTP", port: "api" });
    expect(one(json, "kubernetes_service_v1").spec.port).toEqual([{ name: "api", port: 3000, target_port: "api" }]);
  });

  it("has a certificate for every name of its service, from an authority of its own", () => {
    const objects = listed(made(), "event-store-certificates");
    expect(Object.keys(objects)).toEqual([
      "Issuer event-store-self",
      "Certificate event-store-authority",
      "Issuer event-store-authority",
      "Certificate event-store-tls",
    ]);
    expect(objects["Certificate event-store-tls"]?.spec).toMatchObject({
      dnsNames: ["event-store", "event-store.event-store", "event-store.event-store.svc", "event-store.event-store.svc.cluster.local"],
      usages: ["digital signature", "key encipherment", "server auth"],
      issuerRef: { kind: "Issuer", name: "event-store-authority" },
    });
  });

  it("is asked how it is where no token is needed, and has time to read its events again", () => {
    const [{ startup_probe, readiness_probe, liveness_probe }] = podOf(made()).container;
    for (const probe of [startup_probe, readiness_probe, liveness_probe]) {
      expect(probe.http_get).toEqual({ path: "/api/v1/ping", port: "api", scheme: "HTTPS" });
    }
    expect(startup_probe.period_seconds * startup_probe.failure_threshold).toBe(1800);
  });

  it("runs once, under the restricted standard, without variables of services", () => {
    const json = made();
    const { security_context, container, enable_service_links, automount_service_account_token } = podOf(json);
    expect(one(json, "kubernetes_stateful_set_v1").spec.replicas).toBe("1");
    expect(security_context).toMatchObject({ run_as_non_root: true, run_as_user: "1000", fs_group: "1000" });
    expect(container[0].security_context).toEqual({
      run_as_non_root: true,
      allow_privilege_escalation: false,
      read_only_root_filesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect([enable_service_links, automount_service_account_token]).toEqual([false, false]);
    expect(json.resource).not.toHaveProperty("kubernetes_pod_disruption_budget_v1");
  });

  it.each([
    ["small", "250m", "1Gi", "10Gi"],
    ["medium", "500m", "2Gi", "50Gi"],
    ["large", "1", "4Gi", "100Gi"],
  ] as const)("that is %s asks for %s cores, %s of memory and a disk of %s", (size, cpu, memory, storage) => {
    const json = made({ size });
    expect(podOf(json).container[0].resources).toEqual({ requests: { cpu, memory }, limits: { memory } });
    expect(one(json, "kubernetes_persistent_volume_claim_v1").spec.resources.requests).toEqual({ storage });
  });

  it("takes what is said explicitly before what a size means", () => {
    const json = made({ size: "small", cpu: 4, memory: "16Gi", storage: "1Ti" });
    expect(podOf(json).container[0].resources.requests).toEqual({ cpu: "4", memory: "16Gi" });
    expect(one(json, "kubernetes_persistent_volume_claim_v1").spec.resources.requests).toEqual({ storage: "1Ti" });
  });

  it("stays as long as its class says when nodes are full", () => {
    expect(podOf(made())).not.toHaveProperty("priority_class_name");
    expect(podOf(made({ priority: "stores" })).priority_class_name).toBe("stores");
  });

  it("keeps its disk through changes of its size, and from deletion where data is kept", () => {
    const claim = (changes: Partial<EventSourcingDbProps>) => one(made(changes), "kubernetes_persistent_volume_claim_v1");
    expect(claim({})).toMatchObject({ metadata: { name: "data-event-store-0" }, lifecycle: { prevent_destroy: true } });
    expect(claim({ size: "small" })["//"]).toEqual(claim({})["//"]);
    expect(claim({ protect: false }).lifecycle).toEqual({ prevent_destroy: false });
  });

  it("is reached by whoever is named, and reaches nothing but names", () => {
    const policy = (changes: Partial<EventSourcingDbProps>) => one(made(changes), "kubernetes_network_policy_v1", "events/policy").spec;
    expect(policy({}).ingress).toEqual([{ from: [{ namespace_selector: {} }], ports: [{ port: "4000", protocol: "TCP" }] }]);
    expect(policy({ clients: { namespace: "write-side" } }).ingress[0].from).toEqual([
      { namespace_selector: { match_labels: { "kubernetes.io/metadata.name": "write-side" } } },
    ]);
    expect(policy({}).egress[0].ports.map(({ port }: Body) => port)).toEqual(["53", "53"]);
  });

  it("comes from the cluster's mirror, at the version that the platform pins or another", () => {
    expect(podOf(made()).container[0].image).toBe("docker.io/thenativeweb/eventsourcingdb:1.2.0");
    expect(podOf(made({}, "registry.example.com/mirror")).container[0].image).toBe(
      "registry.example.com/mirror/thenativeweb/eventsourcingdb:1.2.0",
    );
    expect(podOf(made({ image: "docker.io/thenativeweb/eventsourcingdb:1.3.0" })).container[0].image).toMatch(/:1\.3\.0$/);
  });

  it("is known to both sides by the same token, and by its authority", () => {
    synth((stack) => {
      const { protocol, connections } = server()(stack).eventStore;
      expect(protocol).toBe("http");
      expect(connections.commands).toBe(connections.subscriptions);
      expect(connections.commands).toMatchObject({
        facts: { host: "event-store.event-store.svc.cluster.local", port: "4000", token: { home: "event-store", key: "token" } },
        variables: { EVENT_STORE_URL: "https://{host}:{port}", EVENT_STORE_TOKEN: "{token}" },
        authority: { home: "event-store", secretName: "event-store-authority", key: "ca.crt" },
        ready: { host: "event-store.event-store.svc.cluster.local", port: 4000 },
      });
    });
    synth((stack) => expect(server({ insecure: true })(stack).eventStore.connections.commands).not.toHaveProperty("authority"));
  });

  it("is sent to a cluster as objects that are known", () => {
    const { objects } = kubernetesObjects(made());
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["StatefulSet", "Service", "PersistentVolumeClaim"]));
  });

  it.each<[object, string]>([
    [
      { token: { name: "t", purpose: "p", keys: { token: { length: 31 } }, rotation: {} } },
      "token: 31 characters are fewer than its vendor recommends; use 32 or more",
    ],
    [
      { token: { name: "t", purpose: "p", keys: { secret: { length: 64 } }, rotation: {} } },
      'token: "t" has no key token; draw one, like { token: { length: 64 } }',
    ],
    [
      { flags: { "api-token": "secret" } },
      'flags: "api-token" would be readable for everyone who can read the pod; leave it out: it comes from the secret',
    ],
    [{ flags: { "data-directory-temporary": true } }, 'flags: "data-directory-temporary" loses every event with the pod; leave it out'],
    [{ flags: { "http-enabled": true } }, 'flags: "http-enabled" is what insecure decides; set insecure'],
    [{ flags: { "https-port": "443" } }, 'flags: "https-port" is its own default, by which it is known; leave it out'],
    [{ flags: { "--with-ui": true } }, 'flags: "--with-ui" is not a valid flag name; write it without its hyphens, like with-ui'],
    [
      { licence: { secretName: "l", key: "k", flag: "--license" } },
      'licence.flag: "--license" is not a valid flag name; write it without its hyphens, like with-ui',
    ],
  ])("is refused with %j", (changes, message) => {
    expect(refused(changes)).toEqual([`test/events.${message}`]);
  });
});
