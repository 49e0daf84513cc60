import type { Container, PodProps } from "./contract";
import type { PropProblem } from "./problems";

/** A command that empties a database: consecutive words, and a flag that it requires to do so. */
interface Destructive {
  readonly words: readonly RegExp[];
  readonly flag?: RegExp;

  /**
   * Allows other words between these, in addition to flags and their values.
   * @default false
   */
  readonly apart?: boolean;
}

/** Destructive commands of common tools, word by word, in lower case. */
const DESTRUCTIVE: readonly Destructive[] = [
  { words: [/(^|\W)migrate$/, /^(reset|fresh|refresh)$/] }, // Prisma
  { words: [/(^|:)migrat(e|ion):(reset|fresh|refresh)(:|$)/] }, // Laravel, AdonisJS, MikroORM, Rails
  { words: [/(^|\W)db$/, /^push$/], flag: /^--(force-reset|accept-data-loss)(=|$)/ }, // Prisma
  { words: [/(^|\W)drizzle-kit$/, /^push$/], flag: /^--force(=|$)/ }, // Drizzle
  { words: [/(^|\W)db$/, /^(drop|reset|purge|wipe)$/] }, // Supabase and others
  { words: [/(^|:)db:(drop|reset|purge|wipe|(schema|structure):load|truncate_all|seed:replant|migrate:undo:all)(:|$)/] }, // Rails, Sequelize, Laravel
  { words: [/(^|\W)(rails|rake)$/, /^db:setup$/], apart: true }, // Rails: loads the schema over existing data
  { words: [/(^|\W)ecto\.(drop|reset)$/] }, // Ecto
  { words: [/(^|:)schema:(drop|fresh)(:|$)/] }, // TypeORM, Doctrine, MikroORM
  { words: [/(^|:)database:drop(:|$)/] }, // Doctrine
  { words: [/^database$/, /^(drop|reset)$/] }, // Entity Framework, Diesel, SQLx
  { words: [/^database$/, /^update$/, /^0$/] }, // Entity Framework
  { words: [/(^|\W)flyway([\w.-]*\.jar|\.cmd)?$/, /^clean$/], apart: true }, // Flyway
  { words: [/^flyway:clean$/] }, // Flyway, Maven
  { words: [/(^|:)flywayclean$/] }, // Flyway, Gradle
  { words: [/^drop-?all$/] }, // Liquibase
  { words: [/(^|\W)liquibase:drop-?all$/] }, // Liquibase, Maven
  { words: [/^downgrade$/, /^base(:|$)/] }, // Alembic
  { words: [/(^|\W)(migrate|dbmate)$/, /^drop$/] }, // golang-migrate, dbmate
  { words: [/(^|\W)migrate$/, /^down$/], flag: /^--?all$/ }, // golang-migrate
  { words: [/(^|\W)goose$/, /^reset$/], apart: true }, // goose
  { words: [/(^|\W)goose$/, /^down-to$/, /^0$/], apart: true }, // goose
  { words: [/^migrate:rollback$/], flag: /^--all$/ }, // Knex
  { words: [/(^|\W)atlas$/, /^schema$/, /^clean$/] }, // Atlas
  { words: [/(^|\W)(manage\.py|django-admin)$/, /^migrate$/, /^zero$/], apart: true }, // Django
  { words: [/(^|\W)(manage\.py|django-admin)$/, /^reset_db$/], apart: true }, // django-extensions
  { words: [/^flush$/], flag: /^--no-?input$/ }, // Django
  { words: [/(^|\W)dropdb$/] }, // PostgreSQL
  { words: [/(^|\W)mysqladmin$/, /^drop$/], apart: true }, // MySQL
  { words: [/(^|\W)dropdatabase$/] }, // MongoDB
];

const SQL = /\bdrop (database|schema|owned)\b/;

/** Maximum of words that a flag and its value may take between two words of a command. */
const FURTHEST = 24;

/** Checks if a command line empties a database, with any quoting and spacing, and also inside of `sh -c "…"`. */
export function emptiesDatabase(line: readonly string[]): boolean {
  const text = plain(line.join(" "));
  const statements = [text, text.replace(/--[^\n]*/g, " "), withoutComments(text)].map((sql) => sql.replace(/\s+/g, " "));
  if (statements.some((sql) => SQL.test(sql))) return true;
  return text
    .split(/[;&|\n\r]+/)
    .map((command) => command.split(/\s+/).filter((word) => word !== ""))
    .some((words) => DESTRUCTIVE.some((command) => isIn(words, command)));
}

/** Command and arguments that start a container. */
type Started = Partial<Pick<Container, "image" | "command" | "args">>;

/** Command line of a container. Without a command, its image decides, and is likely named after its program: `flyway/flyway:11`. */
function lineOf({ image = "", command = [], args = [] }: Started): readonly string[] {
  const [program = ""] = image.slice(image.lastIndexOf("/") + 1).split(/[:@]/);
  return [...(command.length > 0 ? command : [program]), ...args];
}

/** Returns the commands of a job's containers that empty a database. */
export function destructionProblems(
  { initContainers = [], sidecars = [], ...own }: Started & Pick<PodProps, "initContainers" | "sidecars">,
  at = "",
): readonly PropProblem[] {
  const beside = Object.entries({ initContainers, sidecars }).flatMap(([property, containers]) =>
    (containers as readonly Container[]).map((container, index) => ({
      property: `${at}${property}[${index}].command`,
      container: { ...(own.image === undefined ? {} : { image: own.image }), ...container },
    })),
  );
  return [{ property: `${at}command`, container: own }, ...beside]
    .filter(({ container }) => emptiesDatabase(lineOf(container)))
    .map(({ property, container: { command = [], args = [] } }) => ({
      property,
      value: [...command, ...args].join(" "),
      rule: "empties the database",
      remedy: "leave it out, or set disposable where the data may be lost",
    }));
}

/** Approximates how a shell reads it: quotes and line continuations removed, grouping characters as spaces, in lower case. */
function plain(text: string): string {
  return text
    .replace(/\\\r?\n/g, "")
    .replace(/\$\{?IFS\}?(\$\d)?/gi, " ")
    .replace(/['"\\]/g, "")
    .replace(/[`()[\]{},<>]/g, " ")
    .toLowerCase();
}

/** Removes comments from SQL. Not a regular expression, because many unclosed openings would make it slow. */
function withoutComments(text: string): string {
  const [first = "", ...rest] = text.split("/*");
  return [first, ...rest.map((part) => part.slice(part.includes("*/") ? part.indexOf("*/") + 2 : 0))].join(" ");
}

function isIn(words: readonly string[], { words: wanted, flag, apart = false }: Destructive): boolean {
  const [first, ...more] = wanted;
  const begins = words.some((word, index) => first?.test(word) && follows(words, index + 1, more, apart));
  return begins && (flag === undefined || words.some((word) => flag.test(word)));
}

/** Checks if the wanted words follow, with only flags and their values in between. */
function follows(words: readonly string[], from: number, wanted: readonly RegExp[], apart: boolean): boolean {
  let at = from;
  for (const next of wanted) {
    const end = Math.min(words.length, at + FURTHEST);
    let value = false; // if the previous word is a flag, this may be its value
    while (at < end && !next.test(words[at] as string)) {
      const isFlag = (words[at] as string).startsWith("-");
      if (!isFlag && !value && !apart) return false;
      value = isFlag;
      at += 1;
    }
    if (at >= end) return false;
    at += 1;
  }
  return true;
}
