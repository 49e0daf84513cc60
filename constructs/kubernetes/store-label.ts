/** Labels every series of a monitor's endpoint with its store, which alerts and dashboards use. */
export function storeLabel(store: string) {
  return { targetLabel: "store", replacement: store } as const;
}
