import { ServerCertificate, serviceNames } from "../../constructs/certificates";
import { KubernetesTarget, kubernetesObjects, RESTRICTED } from "../../constructs/kubernetes";
import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { synth } from "../synth";
import { VERSIONS } from "./environment";
import { inside } from "./kubectl";
import { isReady, type Trial } from "./trial";

const [NAMESPACE, NAME, PORT] = ["storage", "s3", 7070] as const;

export const BUCKET = { name: "backups", region: "us-east-1", url: `https://${NAME}.${NAMESPACE}.svc:${PORT}` } as const;

/** Egress rule of its clients. */
export const STORAGE_EGRESS = { name: "s3", peer: { namespace: NAMESPACE }, ports: [PORT] } as const;

/** Its Secrets in the namespace of a client, as docs/restore.md names them. */
export const CREDENTIALS = { keys: "backup-bucket", authority: "backup-authority" } as const;

/** A bucket whose objects can't be overwritten or deleted for a day, whoever asks. */
const CREATE = `set -eu
ask() { curl --silent --show-error --fail --connect-timeout 3 --max-time 10 --retry 20 --retry-delay 1 --retry-connrefused --cacert /tls/ca.crt --aws-sigv4 aws:amz:${BUCKET.region}:s3 --user "$ROOT_ACCESS_KEY:$ROOT_SECRET_KEY" "$@"; }
sum() { printf %s "$1" | openssl dgst "$2" -binary; }
sha() { sum "$1" -sha256 | od -An -v -tx1 | tr -d ' \\n'; }
lock='<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>'
bucket=${BUCKET.url}/${BUCKET.name}
# An attempt without an answer may have made it.
ask -X PUT -H 'x-amz-bucket-object-lock-enabled: true' -H "x-amz-content-sha256: $(sha '')" $bucket || ask -I -H "x-amz-content-sha256: $(sha '')" $bucket
ask -X PUT -H "x-amz-content-sha256: $(sha "$lock")" -H "content-md5: $(sum "$lock" -md5 | base64)" -d "$lock" "$bucket?object-lock="
`;

/** An S3 API on a volume, versitygw, whose object locks are real. */
export class Storage {
  constructor(private readonly trial: Trial) {}

  /** Begins it, with a bucket, and with the Secrets of a client in that namespace. */
  async begin(client: string): Promise<void> {
    const { deployment } = this.trial;
    const [keys, certificate] = [{ "access-key-id": "backup", "secret-access-key": "secret-of-backup" }, `${NAME}-tls`];
    const json = synth((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      new ServerCertificate(stack, NAME, { cluster, namespace: NAMESPACE, name: NAME, dnsNames: serviceNames(NAME, NAMESPACE) });
    });
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
    const objects = kubernetesObjects(json).objects as unknown as KubernetesObject[];
    await deployment.add({ name: NAMESPACE, objects: [namespace, ...objects], releases: [] });
    const { "ca.crt": authority = "" } = await deployment.operators.make(NAMESPACE, certificate, "kubernetes.io/tls", () => ({}));
    for (const home of [NAMESPACE, client]) await deployment.operators.make(home, CREDENTIALS.keys, "Opaque", () => keys);
    await deployment.operators.make(client, CREDENTIALS.authority, "Opaque", () => ({ "ca.crt": authority }));
    const found = await deployment.add({ name: `${NAMESPACE}-server`, objects: server(certificate), releases: [] });
    if (found.size > 0) throw new Wrong([...found.values()].join("\n"));
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { namespace: NAMESPACE, name: `${NAME}-0` } };
    await until("the S3 API answers", 120, async () => {
      const seen = await deployment.find(pod);
      return seen !== undefined && isReady(seen);
    });
    await this.inside(CREATE);
  }

  /** Content of the objects below a prefix. */
  async read(prefix: string): Promise<string> {
    return this.inside(`find /data/objects/${BUCKET.name}/${prefix} -type f -exec cat {} +`);
  }

  private async inside(script: string): Promise<string> {
    const { status, stdout, stderr } = await inside({ namespace: NAMESPACE, of: `${NAME}-0` }, script);
    if (status !== 0) throw new Wrong(`${script}: ${stdout}${stderr}`);
    return stdout;
  }
}

function server(certificate: string): readonly KubernetesObject[] {
  const labels = { app: NAME };
  const metadata = { namespace: NAMESPACE, name: NAME };
  const key = (name: string) => ({ valueFrom: { secretKeyRef: { name: CREDENTIALS.keys, key: name } } });
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports: [{ name: "https", port: PORT }] } },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: {
        serviceName: NAME,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 1,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                name: NAME,
                image: VERSIONS.first,
                command: [
                  "sh",
                  "-c",
                  "mkdir -p /data/objects /data/versions && exec versitygw --quiet --cert /tls/tls.crt --key /tls/tls.key " +
                    `--region ${BUCKET.region} --port :${PORT} posix --versioning-dir /data/versions /data/objects`,
                ],
                env: [
                  { name: "ROOT_ACCESS_KEY", ...key("access-key-id") },
                  { name: "ROOT_SECRET_KEY", ...key("secret-access-key") },
                ],
                readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
                resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "512Mi" } },
                securityContext: RESTRICTED,
                volumeMounts: [
                  { name: "data", mountPath: "/data" },
                  { name: "tls", mountPath: "/tls", readOnly: true },
                ],
              },
            ],
            volumes: [{ name: "tls", secret: { secretName: certificate, defaultMode: 0o440 } }],
          },
        },
        volumeClaimTemplates: [
          { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
        ],
      },
    },
  ];
}
