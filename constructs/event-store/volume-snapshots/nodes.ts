import { readFileSync } from "node:fs";
import { send } from "../../aws-client";

/** A follower that has caught up. */
export interface Follower {
  /** Ordinal of its pod, and of its volume. */
  readonly ordinal: number;

  /** It has every event up to this position, the end of the leader's log when the search began. */
  readonly position: number;
}

export interface NodesProps {
  /** Addresses in the order of the pods: `https://event-store-0.event-store-nodes.…:2113`. */
  readonly addresses: readonly URL[];

  /** File with the certificate of their CA, if they use TLS. */
  readonly ca: string | undefined;
}

/** A member as the leader reports it (`/gossip`). */
interface Member {
  readonly isAlive: boolean;
  readonly httpEndPointIp: string;
  readonly httpEndPointPort: number;
  readonly writerCheckpoint: number;
}

/** Nodes of a KurrentDB. What is read here needs no user. */
export class Nodes {
  /** End of the leader's log at the first look. A follower that has reached it has caught up, while others write on. */
  private goal: number | undefined;

  constructor(private readonly props: NodesProps) {}

  /** Role of a node by its own report, or nothing. */
  async role(ordinal: number): Promise<string | undefined> {
    const address = this.props.addresses[ordinal];
    return address && (await this.read<{ state?: string }>(address, "/info"))?.state;
  }

  /**
   * The follower of these that has caught up and comes first. A cluster of one node has no followers: its node is taken. Undefined if there
   * is none, or no leader.
   */
  async caughtUp(order: readonly number[]): Promise<Follower | undefined> {
    const roles = await Promise.all(this.props.addresses.map((_, ordinal) => this.role(ordinal)));
    const leader = this.props.addresses[roles.indexOf("leader")];
    const members = leader && (await this.read<{ members?: readonly Member[] }>(leader, "/gossip"))?.members;
    const end = members && this.positionOf(roles.indexOf("leader"), members);
    if (end === undefined) return undefined;
    this.goal ??= end;
    const position = this.goal;
    const wanted = this.props.addresses.length === 1 ? "leader" : "follower";
    const ordinal = order.find((one) => roles[one] === wanted && (this.positionOf(one, members ?? []) ?? -1) >= position);
    return ordinal === undefined ? undefined : { ordinal, position };
  }

  /** Position of a node. With names outside of the cluster, members have those: only the pod's name is the same. */
  private positionOf(ordinal: number, members: readonly Member[]): number | undefined {
    const { hostname = "", port = "" } = this.props.addresses[ordinal] ?? {};
    const [pod] = hostname.split(".");
    const isSame = ({ httpEndPointIp: host, httpEndPointPort }: Member) =>
      host === hostname ? String(httpEndPointPort) === port : /[a-z]/.test(host) && host.split(".")[0] === pod;
    return members.find((member) => member.isAlive && isSame(member))?.writerCheckpoint;
  }

  private async read<T>(address: URL, path: string): Promise<T | undefined> {
    const { ca } = this.props;
    try {
      const trusted = ca ? { ca: readFileSync(ca, "utf8") } : {};
      const { status, body } = await send({
        method: "GET",
        url: new URL(path, address),
        headers: { accept: "application/json" },
        ...trusted,
      });
      return status === 200 ? (JSON.parse(body.toString()) as T) : undefined;
    } catch {
      // Unreachable, or in the middle of a restart: it has no role.
      return undefined;
    }
  }
}
