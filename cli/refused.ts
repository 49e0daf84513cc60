/** What was asked for does not exist or can't be done; the message is for the user. */
export class Refused extends Error {}
