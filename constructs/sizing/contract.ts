/**
 * How much a system has to do, in one word: `small` is below 10,000 events a month and 100 users, `medium` below 100,000
 * and 1,000, `large` is more. Every engine has a table of what it means there; what is said explicitly goes before it.
 */
export type Size = "small" | "medium" | "large";
