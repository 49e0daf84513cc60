import type { Container, PodProps } from "./contract";
import type { PropProblem } from "./problems";

/** A command that empties a database: words that follow each other, and a flag that it takes to do so. */
interface Destructive {
  readonly words: readonly RegExp[];
  readonly flag?: RegExp;

  /**
   * Whether other words can stand between these, beside flags and their values.
   * @default false
   */
  readonly apart?: boolean;
}

/** The commands of the field's tools, word by word, in lower case. */
const DESTRUCTIVE: readonly Destructive[] = [
  { words: [/(^|\W)migrate$/, /^(reset|fresh|refresh)$/] }, // Prisma
  { words: [/(^|:)migrat(e|ion):(reset|fresh|refresh)(:|$)/] }, // Laravel, AdonisJS, MikroORM, Rails
  { words: [/(^|\W)db$/, /^push$/], flag: /^--(force-reset|accept-data-loss)(=|$)/ }, // Prisma
  { words: [/(^|\W)drizzle-kit$/, /^push$/], flag: /^--force(=|$)/ }, // Drizzle
  { words: [/(^|\W)db$/, /^(drop|reset|purge|wipe)$/] }, // Supabase and others
  { words: [/(^|:)db:(drop|reset|purge|wipe|(schema|structure):load|truncate_all|seed:replant|migrate:undo:all)(:|$)/] }, // Rails, Sequelize, Laravel
  { words: [/(^|\W)(rails|rake)$/, /^db:setup$/], apart: true }, // Rails: loads the schema over what is there
  { words: [/(^|\W)ecto\.(drop|reset)$/] }, // Ecto
  { words: [/(^|:)schema:(drop|fresh)(:|$)/] }, // TypeORM, Doctrine, MikroORM
  { words: [/(^|:)database:drop(:|$)/] }, // Doctrine
  { words: [/^database$/, /^(drop|reset)$/] }, // Entity Framework, Diesel, SQLx
  { words: [/^database$/, /^update$/, /^0$/] }, // Entity Framework
  { words: [/(^|\W)flyway(\.cmd)?$/, /^clean$/], apart: true }, // Flyway
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

/** Words that a flag and its value may take between two of a command's, at most. */
const FURTHEST = 24;

/** Whether a command line empties a database, however it is quoted, spaced or written, and also inside of `sh -c "…"`. */
export function emptiesDatabase(line: readonly string[]): boolean {
  const text = plain(line.join(" "));
  const statements = [text, text.replace(/--[^\n]*/g, " "), withoutComments(text)].map((sql) => sql.replace(/\s+/g, " "));
  if (statements.some((sql) => SQL.test(sql))) return true;
  return text
    .split(/[;&|\n\r]+/)
    .map((command) => command.split(/\s+/).filter((word) => word !== ""))
    .some((words) => DESTRUCTIVE.some((command) => isIn(words, command)));
}

/** What of a job's containers empties a database. */
export function destructionProblems(
  { command = [], args = [], initContainers = [], sidecars = [] }: Pick<PodProps, "command" | "args" | "initContainers" | "sidecars">,
  at = "",
): readonly PropProblem[] {
  const own = [{ property: `${at}command`, line: [...command, ...args] }];
  const beside = Object.entries({ initContainers, sidecars }).flatMap(([property, containers]) =>
    (containers as readonly Container[]).map((container, index) => ({
      property: `${at}${property}[${index}].command`,
      line: [...(container.command ?? []), ...(container.args ?? [])],
    })),
  );
  return [...own, ...beside]
    .filter(({ line }) => emptiesDatabase(line))
    .map(({ property, line }) => ({
      property,
      value: line.join(" "),
      rule: "empties the database",
      remedy: "leave it out, or set disposable where the data may be lost",
    }));
}

/** As a shell reads it, near enough: without quotes and continued lines, what groups words taken for space, in lower case. */
function plain(text: string): string {
  return text
    .replace(/\\\r?\n/g, "")
    .replace(/\$\{?IFS\}?(\$\d)?/gi, " ")
    .replace(/['"\\]/g, "")
    .replace(/[`()[\]{},<>]/g, " ")
    .toLowerCase();
}

/** SQL without comments. Not by one expression, which a text of many beginnings without an end would keep busy. */
function withoutComments(text: string): string {
  const [first = "", ...rest] = text.split("/*");
  return [first, ...rest.map((part) => part.slice(part.includes("*/") ? part.indexOf("*/") + 2 : 0))].join(" ");
}

function isIn(words: readonly string[], { words: wanted, flag, apart = false }: Destructive): boolean {
  const [first, ...more] = wanted;
  const begins = words.some((word, index) => first?.test(word) && follows(words, index + 1, more, apart));
  return begins && (flag === undefined || words.some((word) => flag.test(word)));
}

/** Whether the wanted words follow, each after flags and their values at most. */
function follows(words: readonly string[], from: number, wanted: readonly RegExp[], apart: boolean): boolean {
  let at = from;
  for (const next of wanted) {
    const end = Math.min(words.length, at + FURTHEST);
    let value = false; // of the flag before
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
