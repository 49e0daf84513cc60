import type { SecretSpec } from "../secrets";

/** 32 letters and digits: 190 bits. */
const PASSWORD = { length: 32 } as const;

/** The Secret with the password of the user `default`, for the Redis-protocol server of this name. */
export function redisUsers(name: string): SecretSpec {
  return {
    name: `${name}-users`,
    purpose: "Password of the cache's user",
    keys: { default: PASSWORD },
    rotation: { method: "two-passwords", clients: "read-again", engine: "a job, within 15 minutes, from default, next and former" },
  };
}
