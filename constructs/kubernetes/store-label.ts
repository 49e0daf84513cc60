/** Labels every series of a monitor's endpoint with the store that it belongs to, which alerts and dashboards go by. */
export function storeLabel(store: string) {
  return { targetLabel: "store", replacement: store } as const;
}
