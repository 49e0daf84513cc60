import type { Connection, RequestedConnection } from "../connection";

/** The connections of a workload. Of several databases each has a variable of its own: `ORDERS_URL` in place of `DATABASE_URL`. */
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
