import { METADATA } from "./metadata";
import { type Fields, type Finish, flag, isObject, one, type Reader, terraform, text } from "./schema";

/** Placeholder of every value of a Secret: a printed object must not reveal any. */
export const HIDDEN = "hidden";

/** Reads a map's keys, with a placeholder for each value. */
function keys(standIn: string): Reader {
  return (value) => (isObject(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, standIn])) : undefined);
}

const STRINGS = keys(HIDDEN);
const BYTES = keys(Buffer.from(HIDDEN).toString("base64"));

export const SECRET: Fields = {
  metadata: one(METADATA),
  type: { read: text, unasked: "Opaque" },
  data: { read: STRINGS, as: "data" },
  data_wo: { read: STRINGS, as: "dataWo" },
  binary_data: { read: BYTES, as: "binaryData" },
  binary_data_wo: { read: BYTES, as: "binaryDataWo" },
  data_wo_revision: terraform,
  binary_data_wo_revision: terraform,
  immutable: flag,
  wait_for_service_account_token: terraform,
};

/** Write-only values are sent only with a revision; without one the Secret is created empty. */
export const finishSecret: Finish = ({ data, dataWo, binaryData, binaryDataWo, ...made }, given) => {
  const strings = given.data_wo_revision ? dataWo : data;
  const bytes = given.binary_data_wo_revision ? binaryDataWo : binaryData;
  return { ...made, ...(bytes ? { data: bytes } : {}), ...(strings ? { stringData: strings } : {}) };
};
