import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import ts from "typescript-5";

const dist = join(__dirname, "../..");

/** What other projects can import: the index of each folder of constructs, and that of the stacks. */
const ENTRIES = [
  ...readdirSync(join(dist, "constructs")).map((folder) => join(dist, "constructs", folder, "index.d.ts")),
  join(dist, "stacks/index.d.ts"),
].filter((file) => ts.sys.fileExists(file));

interface Exports {
  readonly checker: ts.TypeChecker;

  /** Symbol of a declaration, behind its aliases. */
  readonly resolved: (symbol: ts.Symbol) => ts.Symbol;
  readonly exported: ReadonlySet<ts.Symbol>;

  /** Those that are not types only. */
  readonly values: ReadonlySet<ts.Symbol>;
}

function exportsOf(entries: readonly string[]): Exports {
  const options: ts.CompilerOptions = { noLib: true, types: [], skipLibCheck: true };
  const host = ts.createCompilerHost(options);
  // Of other packages nothing is asked: to read them takes longer than all the rest.
  host.resolveModuleNameLiterals = (names, containing) =>
    names.map(({ text }) => {
      const path = join(dirname(containing), text);
      const resolvedFileName = [`${path}.d.ts`, join(path, "index.d.ts")].find((file) => text.startsWith(".") && existsSync(file));
      return { resolvedModule: resolvedFileName ? { resolvedFileName, extension: ts.Extension.Dts } : undefined };
    });
  const program = ts.createProgram([...entries], options, host);
  const checker = program.getTypeChecker();
  const resolved = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const exported = new Set<ts.Symbol>();
  const values = new Set<ts.Symbol>();
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    // `export type *` takes values along, of which only the types can be used.
    const typesOf = new Set(
      [...(source?.text ?? "").matchAll(/^export type \* from "(\.[^"]+)"/gm)].map(([, path = ""]) => join(dirname(entry), path)),
    );
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      exported.add(resolved(symbol));
      const file =
        resolved(symbol)
          .declarations?.[0]?.getSourceFile()
          .fileName.replace(/\.d\.ts$/, "") ?? "";
      if (!typesOf.has(file) && !typesOf.has(dirname(file))) values.add(resolved(symbol));
    }
  }
  return { checker, resolved, exported, values };
}

/** Types that exported declarations mention and no index exports, each with the declarations that mention it. */
function missing({ checker, resolved, exported, values }: Exports, own: (file: string) => boolean): readonly string[] {
  const found = new Map<string, Set<string>>();
  const visit = (node: ts.Node, owner: string, inlined: ReadonlySet<ts.Node> = new Set()): void => {
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return;
    const name = ts.isTypeReferenceNode(node) ? node.typeName : ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
    const symbol = name && checker.getSymbolAtLocation(name);
    if (symbol) {
      const target = resolved(symbol);
      const [declaration] = target.declarations ?? [];
      const file = declaration?.getSourceFile().fileName ?? "";
      if (!declaration || ts.isTypeParameterDeclaration(declaration) || !own(file) || exported.has(target)) {
        // Importable, or no concern of the package.
      } else if (ts.isTypeAliasDeclaration(declaration) && !ts.getModifiers(declaration)?.some(isExport)) {
        // A name for what is written there: as if it stood in place.
        if (!inlined.has(declaration)) visit(declaration, owner, new Set([...inlined, declaration]));
      } else {
        const key = `${relative(dist, file).replace(/\.d\.ts$/, "")}: ${target.name}`;
        found.set(key, (found.get(key) ?? new Set()).add(owner));
      }
    }
    ts.forEachChild(node, (child) => visit(child, owner, inlined));
  };
  for (const symbol of exported) {
    for (const declaration of symbol.declarations ?? []) {
      const isValue = ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration);
      if (own(declaration.getSourceFile().fileName) && (!isValue || values.has(symbol))) visit(declaration, symbol.name);
    }
  }
  return [...found].map(([type, owners]) => `${type} (in ${[...owners].sort().join(", ")})`).sort();
}

/** Exports without a description. That of props is the description of their construct. */
function undescribed({ checker, exported, values }: Exports, own: (file: string) => boolean): readonly string[] {
  const names = new Set([...exported].map(({ name }) => name));
  return [...exported]
    .filter((symbol) => {
      const [declaration] = symbol.declarations ?? [];
      const isValue = declaration && (ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration));
      if (!declaration || !own(declaration.getSourceFile().fileName) || (isValue && !values.has(symbol))) return false;
      if (symbol.name.endsWith("Props") && names.has(symbol.name.replace(/Props$/, ""))) return false;
      return symbol.getDocumentationComment(checker).length === 0;
    })
    .map(({ name }) => name)
    .sort();
}

function isExport({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword;
}

describe("the package", () => {
  let ours: Exports;
  const isOurs = (file: string) => file.startsWith(dist) && !file.includes("node_modules");
  beforeAll(() => {
    ours = exportsOf(ENTRIES);
  });

  it("exports every type that its exported declarations mention", () => {
    expect(ENTRIES.length).toBeGreaterThan(20);
    expect(missing(ours, isOurs)).toEqual([]);
  });

  it("describes everything that it exports", () => expect(undescribed(ours, isOurs)).toEqual([]));

  it("is searched in props, in parents, and behind names that a file keeps to itself", () => {
    const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
    try {
      writeFileSync(
        join(directory, "parts.d.ts"),
        "export interface Hidden {}\nexport interface Parent {}\nexport interface Deep {}\nexport interface Shown {}\n",
      );
      writeFileSync(
        join(directory, "index.d.ts"),
        `import { Deep, Hidden, Parent, Shown } from "./parts";
export type { Shown } from "./parts";
type Own = readonly Deep[];
export interface Props extends Parent { readonly one: Hidden; readonly two?: Own; readonly three: Shown }
export declare class Made { private readonly secret: Hidden; constructor(props: Props); }
export {};
`,
      );
      const found = missing(exportsOf([join(directory, "index.d.ts")]), (file) => file.startsWith(directory));
      expect(found.map((one) => one.replace(/^.*: /, ""))).toEqual(["Deep (in Props)", "Hidden (in Props)", "Parent (in Props)"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("is asked for descriptions of types, values and props that belong to no construct", () => {
    const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
    try {
      writeFileSync(
        join(directory, "index.d.ts"),
        `/** Said. */
export interface Described {}
export interface Silent {}
export declare const LIMIT = 1;
/** Said. */
export declare class Made {}
export interface MadeProps {}
export interface LostProps {}
`,
      );
      const found = undescribed(exportsOf([join(directory, "index.d.ts")]), (file) => file.startsWith(directory));
      expect(found).toEqual(["LIMIT", "LostProps", "Silent"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
