/**
 * Load of a system in one word: `small` is below 10,000 events a month and 100 users, `medium` below 100,000 and 1,000, `large` is more.
 * Each engine has a table of the resources for each size; explicit settings take precedence.
 */
export type Size = "small" | "medium" | "large";
