/** The exact providers of this application, put beside each stack. */
export const LOCK = "environments/.terraform.lock.hcl";
