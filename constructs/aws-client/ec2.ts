import { type HttpResponse, send, sendRepeatedly } from "./http";
import { AwsError } from "./json";
import { hostOf, type ServiceProps, serviceFromEnvironment } from "./service";
import { percentEncode, presignedUrl, signedHeaders } from "./signature";
import { parseXml, type XmlElement } from "./xml";

/** Snapshot of an EBS volume. */
export interface EbsSnapshot {
  readonly id: string;

  /** `completed`: all of its data is stored. `error`: it never will be. */
  readonly state: "pending" | "completed" | "error" | "recoverable" | "recovering";

  /** Reason for the state `error`. */
  readonly message: string;

  /** Time of the data; of a copy, the time at which it was started, in milliseconds. */
  readonly started: number;

  readonly tags: Readonly<Record<string, string>>;
}

/** Copy of a snapshot from another region. */
export interface EbsSnapshotCopy {
  readonly sourceRegion: string;
  readonly snapshotId: string;

  /** KMS key of the copy, by ARN. */
  readonly keyId: string;

  readonly tags: Readonly<Record<string, string>>;
}

/** Props of a client in a region from `AWS_ENDPOINT_URL_EC2` and the variables of credentials. */
export function ec2FromEnvironment(env: NodeJS.ProcessEnv, region: string): ServiceProps {
  return serviceFromEnvironment({ ...env, AWS_REGION: region }, "ec2");
}

/** Query parameters of a request. */
type Parameters = Readonly<Record<string, string>>;

/** Seconds for which EC2 may use the signature of a request that it makes in the source region. */
const PRESIGNED = 3600;

/** Snapshots of EBS in one region. */
export class Ec2Client {
  constructor(private readonly props: ServiceProps) {}

  /** Snapshots of this account with these tags. An empty value stands for any. */
  async snapshots(tags: Readonly<Record<string, string>>): Promise<readonly EbsSnapshot[]> {
    const filters = Object.entries(tags).map(([key, value]) =>
      value ? { Name: `tag:${key}`, "Value.1": value } : { Name: "tag-key", "Value.1": key },
    );
    const items = await this.pages("DescribeSnapshots", { "Owner.1": "self", ...numbered("Filter", filters) });
    return items.map((item) => ({
      id: item.text("snapshotId"),
      state: item.text("status") as EbsSnapshot["state"],
      message: item.text("statusMessage"),
      started: Date.parse(item.text("startTime")),
      tags: Object.fromEntries(item.items("tagSet").map((tag) => [tag.text("key"), tag.text("value")])),
    }));
  }

  /**
   * Starts a copy from another region, and returns its id. It is encrypted, and completed later. The request is not repeated: it would make
   * another copy.
   */
  async copySnapshot({ sourceRegion, snapshotId, keyId, tags }: EbsSnapshotCopy): Promise<string> {
    const { region, credentials, endpoint } = this.props;
    const source = { SourceRegion: sourceRegion, SourceSnapshotId: snapshotId };
    const address = new URL(`${endpoint ?? `https://${hostOf("ec2", sourceRegion)}`}/`);
    address.search = query({ Action: "CopySnapshot", Version: VERSION, ...source, DestinationRegion: region });
    const scope = { service: "ec2", region: sourceRegion, credentials: await credentials() };
    const tagged = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const answer = await this.call(
      "CopySnapshot",
      {
        ...source,
        Encrypted: "true",
        KmsKeyId: keyId,
        PresignedUrl: presignedUrl(address, scope, PRESIGNED),
        "TagSpecification.1.ResourceType": "snapshot",
        ...numbered("TagSpecification.1.Tag", tagged),
      },
      { repeat: false },
    );
    return answer.text("snapshotId");
  }

  /** Locks a snapshot for a number of days from now, or from its completion. */
  async lockSnapshot(id: string, mode: "governance" | "compliance", days: number): Promise<void> {
    await this.call("LockSnapshot", { SnapshotId: id, LockMode: mode, LockDuration: String(days) });
  }

  /** Ends of locks in milliseconds, by snapshot, of ended ones too. */
  async locks(): Promise<ReadonlyMap<string, number>> {
    const items = await this.pages("DescribeLockedSnapshots", {});
    return new Map(items.map((item) => [item.text("snapshotId"), Date.parse(item.text("lockExpiresOn"))]));
  }

  /** Deletes a snapshot, if it exists. */
  async deleteSnapshot(id: string): Promise<void> {
    try {
      await this.call("DeleteSnapshot", { SnapshotId: id });
    } catch (error) {
      if (!(error instanceof AwsError && error.code === "InvalidSnapshot.NotFound")) throw error;
    }
  }

  private async pages(action: string, parameters: Parameters): Promise<readonly XmlElement[]> {
    const found: XmlElement[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: XmlElement = await this.call(action, { ...parameters, MaxResults: "1000", ...(token ? { NextToken: token } : {}) });
      found.push(...page.items("snapshotSet"));
      token = page.text("nextToken") || undefined;
    }
    return found;
  }

  private async call(action: string, parameters: Parameters, { repeat = true } = {}): Promise<XmlElement> {
    const { region, credentials, endpoint } = this.props;
    const request = {
      method: "POST",
      url: new URL(`${endpoint ?? `https://${hostOf("ec2", region)}`}/`),
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: Buffer.from(query({ Action: action, Version: VERSION, ...parameters })),
    };
    const prepare = async () => ({
      ...request,
      headers: signedHeaders(request, { service: "ec2", region, credentials: await credentials() }),
    });
    const response = repeat ? await sendRepeatedly(prepare) : await send(await prepare());
    if (response.status === 200) return parseXml(String(response.body));
    throw failure(`EC2 ${action} in ${region}`, response);
  }
}

/** Version of the API. */
const VERSION = "2016-11-15";

/** Errors of EC2 have a code and a message, which names the missing right or the limit. */
function failure(what: string, { status, body }: HttpResponse): Error {
  const error = status < 500 ? parseXml(String(body)).find("Error") : undefined;
  if (!error) return new Error(`${what}: status ${status}`);
  return new AwsError(`${what}: ${error.text("Code")}: ${error.text("Message")}`, error.text("Code"));
}

/** Parameters of a list: `Filter.1.Name`. */
function numbered(name: string, items: readonly Parameters[]): Parameters {
  return Object.fromEntries(
    items.flatMap((item, index) => Object.entries(item).map(([key, value]) => [`${name}.${index + 1}.${key}`, value])),
  );
}

function query(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");
}
