import { synthesize } from "../../stacks";
import { emulated, LOCK } from "./emulated";

// What `cdktf --app` runs: the reference system, in the account of the endpoint.
emulated().then((program) => synthesize(program, { outdir: process.env.CDKTF_OUTDIR ?? "cdktf.out", lock: LOCK }));
