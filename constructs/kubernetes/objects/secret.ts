import { METADATA } from "./metadata";
import { type Fields, type Finish, flag, isObject, one, type Reader, terraform, text } from "./schema";

/** What stands for every value of a Secret, whatever it is: an object that is printed must not give one away. */
export const HIDDEN = "hidden";

/** Keys, each with something in the place of its value. */
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

/** Write-only values are sent with a revision only; without one the Secret is created empty. */
export const finishSecret: Finish = ({ data, dataWo, binaryData, binaryDataWo, ...made }, given) => {
  const strings = given.data_wo_revision ? dataWo : data;
  const bytes = given.binary_data_wo_revision ? binaryDataWo : binaryData;
  return { ...made, ...(bytes ? { data: bytes } : {}), ...(strings ? { stringData: strings } : {}) };
};
