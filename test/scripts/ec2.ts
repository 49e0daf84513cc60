import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Snapshot in one region. */
export interface StoredSnapshot {
  readonly id: string;
  readonly region: string;
  state: "pending" | "completed" | "error";
  started: number;
  tags: Record<string, string>;
  message?: string;
  lock?: { mode: string; days: number; until: number };
  key?: string;
}

export const ACCESS_KEY = "AKIASNAPSHOTS";
const PAGE = 2;
const DAY = 86_400_000;

/** Snapshots of EBS in several regions, one API for all of them: the signature of a request names the region. Rejects what EC2 would. */
export class Ec2 {
  snapshots: StoredSnapshot[] = [];
  readonly calls: string[] = [];

  /** Looks of DescribeSnapshots at a copy until it is complete, or until it failed, or until EC2 has deleted it. */
  looks = 1;
  outcome: "completed" | "error" | "gone" = "completed";

  /** Answer to an action instead of what EC2 does: a code, a status of the server, or an answer that is lost after the action. */
  onCall: (action: string) => string | number | "lost" | undefined = () => undefined;
  private readonly progress = new Map<string, number>();
  private next = 1;
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const [, key, region = ""] = /Credential=(\w+)\/\d{8}\/([\w-]+)\/ec2\/aws4_request/.exec(request.headers.authorization ?? "") ?? [];
      const input = Object.fromEntries(new URLSearchParams(body));
      const action = input.Action ?? "";
      this.calls.push(`${action} ${region}`);
      const planned = key === ACCESS_KEY && input.Version === "2016-11-15" ? this.onCall(action) : "AuthFailure";
      if (typeof planned === "number") return void response.writeHead(planned).end();
      const answer = planned && planned !== "lost" ? failure(planned) : this.answer(action, region, input);
      if (planned === "lost") return void response.destroy();
      response.writeHead(answer.status).end(`<?xml version="1.0" encoding="UTF-8"?>\n${answer.body}`);
    });
  }

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  end(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  in(region: string): readonly StoredSnapshot[] {
    return this.snapshots.filter((one) => one.region === region);
  }

  add(snapshot: Omit<StoredSnapshot, "id">): StoredSnapshot {
    const added = { ...snapshot, id: `snap-${this.next++}` };
    this.snapshots.push(added);
    return added;
  }

  private answer(action: string, region: string, input: Readonly<Record<string, string>>): { status: number; body: string } {
    const id = input.SnapshotId ?? "";
    const found = this.in(region).find((one) => one.id === id);
    switch (action) {
      case "DescribeSnapshots": {
        if (input["Owner.1"] !== "self") return failure("InvalidParameterValue");
        for (const one of this.in(region)) this.proceed(one);
        return page(this.in(region).filter(matching(input)).map(described), input);
      }
      case "DescribeLockedSnapshots":
        return page(
          this.in(region).flatMap(({ id: snapshotId, lock }) =>
            lock
              ? `<item><snapshotId>${snapshotId}</snapshotId><lockState>${lock.until < Date.now() ? "expired" : lock.mode}</lockState><lockExpiresOn>${new Date(lock.until).toISOString()}</lockExpiresOn></item>`
              : [],
          ),
          input,
        );
      case "CopySnapshot":
        return this.copy(region, input);
      case "LockSnapshot":
        if (!found) return failure("InvalidSnapshot.NotFound");
        found.lock = { mode: input.LockMode ?? "", days: Number(input.LockDuration), until: Date.now() + Number(input.LockDuration) * DAY };
        return success(action, "");
      case "DeleteSnapshot":
        if (!found) return failure("InvalidSnapshot.NotFound");
        if (found.lock && found.lock.until > Date.now()) return failure("SnapshotLocked");
        this.snapshots = this.snapshots.filter((one) => one !== found);
        return success(action, "<return>true</return>");
      default:
        return failure("InvalidAction");
    }
  }

  private copy(region: string, input: Readonly<Record<string, string>>): { status: number; body: string } {
    const { SourceRegion = "", SourceSnapshotId = "", KmsKeyId, Encrypted, PresignedUrl = "http://none" } = input;
    const source = this.in(SourceRegion).find(({ id }) => id === SourceSnapshotId);
    if (source?.state !== "completed") return failure("InvalidSnapshot.NotFound");
    const signed = Object.fromEntries(new URL(PresignedUrl).searchParams);
    const isSigned =
      signed.Action === "CopySnapshot" &&
      signed.SourceRegion === SourceRegion &&
      signed.SourceSnapshotId === SourceSnapshotId &&
      signed.DestinationRegion === region &&
      signed["X-Amz-Credential"]?.includes(`/${SourceRegion}/ec2/`) &&
      signed["X-Amz-Signature"];
    if (!isSigned || Encrypted !== "true" || !KmsKeyId) return failure("InvalidParameterValue");
    if (input["TagSpecification.1.ResourceType"] !== "snapshot") return failure("InvalidParameterValue");
    const tags: Record<string, string> = {};
    for (let index = 1; input[`TagSpecification.1.Tag.${index}.Key`]; index++) {
      tags[input[`TagSpecification.1.Tag.${index}.Key`] ?? ""] = input[`TagSpecification.1.Tag.${index}.Value`] ?? "";
    }
    const { id } = this.add({ region, state: "pending", started: Date.now(), tags, key: KmsKeyId });
    this.progress.set(id, this.looks);
    return success("CopySnapshot", `<snapshotId>${id}</snapshotId>`);
  }

  private proceed(one: StoredSnapshot): void {
    const left = this.progress.get(one.id);
    if (left === undefined || one.state !== "pending") return;
    this.progress.set(one.id, left - 1);
    if (left > 0) return;
    if (this.outcome === "gone") this.snapshots = this.snapshots.filter((other) => other !== one);
    else one.state = this.outcome;
    if (this.outcome === "error") one.message = "Given key ID is not accessible";
  }
}

/** Tags by which a request filters. */
function matching(input: Readonly<Record<string, string>>): (snapshot: StoredSnapshot) => boolean {
  const filters: [string, string][] = [];
  for (let index = 1; input[`Filter.${index}.Name`]; index++) {
    filters.push([input[`Filter.${index}.Name`] ?? "", input[`Filter.${index}.Value.1`] ?? ""]);
  }
  return ({ tags }) => filters.every(([name, value]) => (name === "tag-key" ? value in tags : tags[name.replace(/^tag:/, "")] === value));
}

function described({ id, state, started, tags, message = "" }: StoredSnapshot): string {
  const tagSet = Object.entries(tags).map(
    ([key, value]) => `<item><key>${key}</key><value>${value.replaceAll("&", "&amp;")}</value></item>`,
  );
  return `<item>
    <tagSet>${tagSet.join("")}</tagSet><snapshotId>${id}</snapshotId><status>${state}</status><statusMessage>${message}</statusMessage>
    <startTime>${new Date(started).toISOString()}</startTime><outpostArn/></item>`;
}

function page(items: readonly string[], { NextToken = "0" }: Readonly<Record<string, string>>): { status: number; body: string } {
  const from = Number(NextToken);
  const next = from + PAGE < items.length ? `<nextToken>${from + PAGE}</nextToken>` : "";
  return success("Describe", `<snapshotSet>${items.slice(from, from + PAGE).join("")}</snapshotSet>${next}`);
}

function success(action: string, content: string): { status: number; body: string } {
  return {
    status: 200,
    body: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>${content}</${action}Response>`,
  };
}

function failure(code: string): { status: number; body: string } {
  return {
    status: code === "UnauthorizedOperation" ? 403 : 400,
    body: `<Response><Errors><Error><Code>${code}</Code><Message>is &quot;refused&quot;</Message></Error></Errors><RequestID>1</RequestID></Response>`,
  };
}
