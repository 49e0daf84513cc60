/** The request names something that doesn't exist, or can't be done; the message is for the user. */
export class Refused extends Error {}
