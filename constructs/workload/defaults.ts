/** Defaults of a workload. 65532 is "nonroot" of distroless images. */
export const WORKLOAD_DEFAULTS = { cpu: "250m", memory: "512Mi", user: 65_532, port: 8080, health: "/health" } as const;

/** Default resource requests of a sidecar. */
export const CONTAINER_DEFAULTS = { cpu: "20m", memory: "64Mi" } as const;
