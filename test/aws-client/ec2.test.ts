import { Ec2Client, ec2FromEnvironment } from "../../constructs/aws-client";
import { ACCESS_KEY, Ec2 } from "../scripts/ec2";

const TAGS = { store: "a&b", kept: "yes" };
let ebs: Ec2;
let here: Ec2Client;
let there: Ec2Client;
beforeEach(async () => {
  ebs = new Ec2();
  await ebs.begin();
  const env = { AWS_ENDPOINT_URL_EC2: ebs.url, AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: "s" };
  [here, there] = ["eu-west-1", "eu-central-1"].map((region) => new Ec2Client(ec2FromEnvironment(env, region))) as [Ec2Client, Ec2Client];
});
afterEach(() => ebs.end());

const stored = (region: string, tags: Record<string, string> = TAGS) =>
  ebs.add({ region, state: "completed", started: Date.parse("2030-01-01T00:00:00.120Z"), tags });

describe("Ec2Client", () => {
  it("finds the snapshots of a region by tags, on all pages", async () => {
    const ids = [1, 2, 3, 4, 5].map(() => stored("eu-west-1").id);
    stored("eu-west-1", { store: "a" });
    stored("eu-central-1");
    const found = await here.snapshots({ store: "a&b", kept: "" });
    expect(found.map(({ id }) => id)).toEqual(ids);
    const started = Date.parse("2030-01-01T00:00:00.120Z");
    expect(found[0]).toEqual({ id: ids[0], state: "completed", message: "", started, tags: TAGS });
  });

  it("copies a snapshot from another region, with a signature for that one", async () => {
    const source = { sourceRegion: "eu-west-1", snapshotId: stored("eu-west-1").id, keyId: "arn:key" };
    const id = await there.copySnapshot({ ...source, tags: TAGS });
    expect(ebs.in("eu-central-1")).toMatchObject([{ id, key: "arn:key", tags: TAGS, state: "pending" }]);
    await expect(here.copySnapshot({ ...source, snapshotId: "snap-9", tags: {} })).rejects.toThrow(
      'EC2 CopySnapshot in eu-west-1: InvalidSnapshot.NotFound: is "refused"',
    );
  });

  it("doesn't repeat the request for a copy, which would make another one", async () => {
    ebs.onCall = () => 503;
    const { id: snapshotId } = stored("eu-west-1");
    await expect(there.copySnapshot({ sourceRegion: "eu-west-1", snapshotId, keyId: "arn:key", tags: {} })).rejects.toThrow(
      "EC2 CopySnapshot in eu-central-1: status 503",
    );
    expect(ebs.calls).toHaveLength(1);
  });

  it("locks, and deletes what exists", async () => {
    const { id } = stored("eu-central-1");
    await there.lockSnapshot(id, "compliance", 7);
    const end = (await there.locks()).get(id) ?? 0;
    expect(Math.round((end - Date.now()) / 86_400_000)).toBe(7);
    await expect(there.deleteSnapshot(id)).rejects.toThrow("SnapshotLocked");
    await there.deleteSnapshot("snap-9");
    const other = stored("eu-west-1");
    await here.deleteSnapshot(other.id);
    expect(ebs.in("eu-west-1")).toEqual([]);
  });
});
