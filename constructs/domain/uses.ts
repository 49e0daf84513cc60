import type { Connection, RequestedConnection } from "../connection";

/**
 * Returns the connections of a workload. If it uses several databases, each has its own variable: `ORDERS_URL` instead of `DATABASE_URL`.
 */
export function connectionsOf(uses: readonly RequestedConnection[]): readonly RequestedConnection[] {
  const databases = uses.filter(isDatabase);
  return uses.map((use) => {
    const { connection, variables } = use;
    if (variables) return { connection, variables };
    if (databases.length < 2 || !isDatabase(use)) return { connection };
    return { connection, variables: { [variableOf(connection, "url")]: "{DATABASE_URL}" } };
  });
}

function isDatabase({ connection }: RequestedConnection): boolean {
  return "DATABASE_URL" in connection.variables;
}

function variableOf({ name }: Pick<Connection, "name">, what: string): string {
  return `${name}-${what}`.toUpperCase().replaceAll("-", "_");
}
