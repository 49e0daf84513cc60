/** Windows over which rules record the share of requests that broke an objective. */
type Window = "5m" | "30m" | "1h" | "2h" | "6h" | "1d" | "3d";

/** Share of requests that broke the objective in the window. */
export const failedShare = (window: Window, matchers: string) => `service:slo_failures:ratio_rate${window}{${matchers}}`;

/** Share of requests that may break the objective: 0.001 for 99.9%. */
export const allowed = (matchers: string) => `service:slo_budget:ratio{${matchers}}`;

/** How many times as fast as allowed the budget is spent: at 1 it lasts for its 30 days. */
export const burnRate = (window: Window, matchers: string) => `${failedShare(window, matchers)} / ${allowed(matchers)}`;

/**
 * Share of the 30 days' budget that is left; below 0 the objective is not met. Means over 30 days are read at one moment only: in a
 * chart they would be read at each of its points.
 */
export const budgetLeft = (matchers: string) =>
  `1 - avg_over_time(service:slo_failures:rate5m{${matchers}}[30d]) / avg_over_time(service:slo_requests:rate5m{${matchers}}[30d]) / ${allowed(matchers)}`;
